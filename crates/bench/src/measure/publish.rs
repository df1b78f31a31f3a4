//! The least that accepting POSTs takes: verify each signature, publish each body, await each confirm. No HTTP, no product.

use crate::load::Posts;
use crate::usage::{LOAD, Meter};
use crate::world::World;
use anyhow::{Context, Result, ensure};
use futures_util::{StreamExt as _, stream};
use lapin::options::{BasicPublishOptions, ConfirmSelectOptions, QueuePurgeOptions};
use lapin::{BasicProperties, Channel, Confirmation, Connection, ConnectionProperties};
use std::time::Duration;
use wire::signature::{PublicKey, Signature};

/// Messages that wait for their confirm at a time.
const WINDOW: usize = 64;
/// Delivery mode of AMQP 0-9-1: persistent.
const PERSISTENT: u8 = 2;

/// A connection to the broker that belongs to no process of the product.
pub(crate) struct Broker {
    _connection: Connection,
    channel: Channel,
    queue: String,
}

/// What publishing all POSTs took.
pub(crate) struct Published {
    pub(crate) elapsed: Duration,
    /// CPU seconds of this program and of the broker.
    pub(crate) cpu: f64,
}

impl Broker {
    /// For the world's queue of batches, which exists from now on.
    pub(crate) async fn connect(world: &World, url: &str) -> Result<Self> {
        let settings = world.queues()?;
        queue::declare(&settings).await?;
        let connection = Connection::connect(url, ConnectionProperties::default()).await?;
        let channel = connection.create_channel().await?;
        channel.confirm_select(ConfirmSelectOptions::default()).await?;
        let queue = format!("{}.{}", settings.prefix(), queue::QueueName::Batches.as_str());
        Ok(Self { _connection: connection, channel, queue })
    }

    /// Verifies and publishes every POST.
    pub(crate) async fn publish(&self, world: &World, posts: &Posts, key: &PublicKey) -> Result<Published> {
        let meter = Meter::start(world.counted())?;
        let mut confirms = stream::iter(posts.iter())
            .map(|post| async {
                let signature = Signature::decode(post.signature.as_bytes()).ok().context("no signature")?;
                ensure!(
                    key.verify(post.timestamp.as_bytes(), &post.body, &signature),
                    "a signature does not hold"
                );
                let options = BasicPublishOptions { mandatory: true, ..BasicPublishOptions::default() };
                let properties = BasicProperties::default().with_delivery_mode(PERSISTENT);
                let published = self.channel.basic_publish(
                    "".into(),
                    self.queue.as_str().into(),
                    options,
                    &post.body,
                    properties,
                );
                Ok(published.await?.await?)
            })
            .buffered(WINDOW);
        while let Some(confirm) = confirms.next().await {
            ensure!(matches!(confirm?, Confirmation::Ack(None)), "the broker did not take a message");
        }
        let usage = meter.stop()?;
        Ok(Published { elapsed: usage.elapsed, cpu: usage.of(LOAD) + usage.of("rabbitmq") })
    }

    /// Empties the queue, so that every round begins alike.
    pub(crate) async fn purge(&self) -> Result<()> {
        self.channel.queue_purge(self.queue.as_str().into(), QueuePurgeOptions::default()).await?;
        Ok(())
    }
}
