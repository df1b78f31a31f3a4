//! One subscription: windows of deliveries out, acknowledgements of finished prefixes in.
//!
//! * Everything a [`Consumer`] holds lives on one channel of its own connection. It never reconnects: when the broker
//!   ends the subscription or the connection is lost, every call says so, and its owner subscribes again. Whatever was
//!   not acknowledged is delivered again, marked `redelivered`.
//! * Memory is bounded by the broker's promise not to send more than `prefetch` unacknowledged messages: at most
//!   `prefetch` times the largest body.
//! * An acknowledgement is `multiple`: it covers every delivery handed out up to that tag. So windows must be finished
//!   in the order in which they were handed out.
//! * Nothing is rejected, and nothing returned one by one: RabbitMQ 4.3 no longer counts a `nack`, so a loop of them
//!   would never end. [`Consumer::give_back`] returns everything at once by closing the channel.

use crate::{Message, QueueError, QueueName, Settings, link, metrics, topology};
use futures_util::{FutureExt as _, StreamExt as _};
use lapin::{
    Channel,
    options::{BasicAckOptions, BasicCancelOptions, BasicConsumeOptions, BasicQosOptions},
    types::FieldTable,
};
use std::{
    collections::VecDeque,
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};
use tokio::time::{Instant, timeout, timeout_at};
use tracing::debug;

/// Longest wait for an acknowledgement to be written, or for the broker to answer when deliveries are given back.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(5);

/// Tells tags of one subscription from those of another: they are numbered alike.
static SUBSCRIPTIONS: AtomicU64 = AtomicU64::new(0);

/// Names a delivery to its own [`Consumer`], and to no other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tag {
    subscription: u64,
    number: u64,
}

/// A message that the broker waits to hear about.
#[derive(Clone, Debug)]
pub struct Delivery {
    pub message: Message,
    /// It was delivered before, and not acknowledged: its effects may already be there.
    pub redelivered: bool,
    pub tag: Tag,
}

/// How much [`Consumer::window`] gathers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WindowLimits {
    /// Most deliveries; at least one is taken.
    pub messages: usize,
    /// Most bytes of bodies; a single larger body is a window of its own.
    pub bytes: usize,
    /// How long to wait for more once there is one. Zero takes what is already there.
    pub linger: Duration,
}

/// Consecutive deliveries, never none.
#[derive(Debug)]
pub struct Window {
    deliveries: Vec<Delivery>,
    through: Tag,
}

impl Window {
    #[must_use]
    pub fn deliveries(&self) -> &[Delivery] {
        &self.deliveries
    }

    #[must_use]
    pub fn into_deliveries(self) -> Vec<Delivery> {
        self.deliveries
    }

    /// The tag of the last delivery: acknowledging it acknowledges the window.
    #[must_use]
    pub const fn through(&self) -> Tag {
        self.through
    }
}

/// A subscription to one queue. Dropping it cuts the connection, which returns what is not acknowledged.
pub struct Consumer {
    link: link::Link,
    channel: Channel,
    stream: lapin::Consumer,
    queue: QueueName,
    subscription: u64,
    prefetch: u64,
    /// Received and not yet handed out. Kept here and not in a future, so that a dropped `window()` loses nothing.
    gathered: VecDeque<Delivery>,
    gathered_bytes: usize,
    /// Number of the last delivery that was handed out.
    handed_out: u64,
    /// Number up to which deliveries are acknowledged.
    acked: u64,
    ended: bool,
}

impl Consumer {
    /// Connects, makes sure that the queues exist, and subscribes. At most `prefetch` deliveries (at least one) are
    /// unacknowledged at any time.
    ///
    /// # Errors
    ///
    /// [`QueueError`]: wait a [`Backoff`](crate::Backoff) and call again.
    pub async fn subscribe(settings: &Settings, queue: QueueName, prefetch: u16) -> Result<Self, QueueError> {
        // Zero means without limit to the broker.
        let prefetch = prefetch.max(1);
        let link = link::Link::open(settings, queue.as_str()).await?;
        let start = async {
            let channel = link.channel().await?;
            topology::ensure(&channel, settings).await?;
            // Before the subscription: the client buffers whatever the broker sends. Not `global`, which quorum queues
            // do not take.
            channel.basic_qos(prefetch, BasicQosOptions { global: false }).await?;
            let name = queue.on_broker(settings);
            let (options, arguments) = (BasicConsumeOptions::default(), FieldTable::default());
            let stream = channel.basic_consume(name, "".into(), options, arguments).await?;
            Ok::<_, QueueError>((channel, stream))
        };
        let (channel, stream) = timeout(settings.connection_timeout(), start)
            .await
            .map_err(|_| QueueError::timed_out("subscribing"))??;
        Ok(Self {
            link,
            channel,
            stream,
            queue,
            subscription: SUBSCRIPTIONS.fetch_add(1, Ordering::Relaxed),
            prefetch: prefetch.into(),
            gathered: VecDeque::new(),
            gathered_bytes: 0,
            handed_out: 0,
            acked: 0,
            ended: false,
        })
    }

    /// Waits for a delivery and gathers what is there, within the limits.
    ///
    /// Waits for ever if `prefetch` deliveries are handed out and not acknowledged. Cancel-safe: what was gathered
    /// goes into the next window.
    ///
    /// # Errors
    ///
    /// [`QueueError::Ended`] once the subscription has ended. What was handed out can then no longer be acknowledged.
    pub async fn window(&mut self, limits: WindowLimits) -> Result<Window, QueueError> {
        if self.ended {
            return Err(QueueError::Ended);
        }
        if self.gathered.is_empty() {
            let next = self.stream.next().await;
            self.gather(next)?;
        }
        let until = Instant::now() + limits.linger;
        while self.gathered.len() < limits.messages && self.gathered_bytes < limits.bytes {
            let next = match self.stream.next().now_or_never() {
                Some(next) => next,
                // The broker sends nothing more before it hears of what is out.
                None if self.unacked() >= self.prefetch => break,
                None => match timeout_at(until, self.stream.next()).await {
                    Ok(next) => next,
                    Err(_) => break,
                },
            };
            self.gather(next)?;
        }
        self.hand_out(limits)
    }

    /// Acknowledges every delivery handed out up to and including `through`; all of them must be finished. Through
    /// what is acknowledged already it does nothing.
    ///
    /// `Ok` means that the acknowledgement is written to the socket. The broker does not confirm it, so a delivery
    /// may come again even then.
    ///
    /// # Errors
    ///
    /// [`QueueError::Ended`] if the acknowledgement could not be sent, or if the tag is of another subscription. The
    /// deliveries come again.
    pub async fn ack(&mut self, through: Tag) -> Result<(), QueueError> {
        if through.subscription != self.subscription {
            metrics::acks_lost(self.queue, 1);
            return Err(QueueError::Ended);
        }
        let Some(deliveries) = through.number.checked_sub(self.acked).filter(|count| *count > 0) else {
            return Ok(());
        };
        let options = BasicAckOptions { multiple: true };
        match timeout(ANSWER_TIMEOUT, self.channel.basic_ack(through.number, options)).await {
            Ok(Ok(())) => {
                self.acked = through.number;
                metrics::acked(self.queue, deliveries);
                Ok(())
            }
            failed => {
                debug!(?failed, queue = self.queue.as_str(), "acknowledgement is lost");
                metrics::acks_lost(self.queue, deliveries);
                Err(self.end())
            }
        }
    }

    /// Ends the subscription and returns everything that is not acknowledged to the queue, once, in order. Takes a few
    /// seconds at most; if the broker does not answer, cutting the connection has the same effect.
    pub async fn give_back(self) {
        let Self { link, channel, stream, .. } = self;
        let end = async {
            // First, so that nothing of what is returned comes here again.
            channel.basic_cancel(stream.tag(), BasicCancelOptions::default()).await?;
            link::close(&channel).await
        };
        match timeout(ANSWER_TIMEOUT, end).await {
            Ok(Ok(())) => link.close(vec![channel]).await,
            failed => debug!(?failed, "broker did not take the deliveries back; the connection is cut"),
        }
    }

    /// Takes in what the stream gave.
    fn gather(&mut self, next: Option<lapin::Result<lapin::message::Delivery>>) -> Result<(), QueueError> {
        let delivery = match next {
            Some(Ok(delivery)) => delivery,
            Some(Err(error)) => {
                debug!(%error, queue = self.queue.as_str(), "subscription failed");
                return Err(self.end());
            }
            None => return Err(self.end()),
        };
        metrics::consumed(self.queue, delivery.redelivered);
        let tag = Tag { subscription: self.subscription, number: delivery.delivery_tag };
        let message = Message::delivered(&delivery.properties, delivery.data);
        self.gathered_bytes += message.body.len();
        self.gathered.push_back(Delivery { message, redelivered: delivery.redelivered, tag });
        Ok(())
    }

    /// The longest prefix of what was gathered that is within the limits.
    fn hand_out(&mut self, limits: WindowLimits) -> Result<Window, QueueError> {
        let first = self.gathered.pop_front().ok_or(QueueError::Ended)?;
        let mut bytes = first.message.body.len();
        let mut through = first.tag;
        let mut deliveries = vec![first];
        while deliveries.len() < limits.messages
            && let Some(next) =
                self.gathered.pop_front_if(|next| bytes + next.message.body.len() <= limits.bytes)
        {
            bytes += next.message.body.len();
            through = next.tag;
            deliveries.push(next);
        }
        self.gathered_bytes -= bytes;
        self.handed_out = through.number;
        Ok(Window { deliveries, through })
    }

    fn unacked(&self) -> u64 {
        self.handed_out + self.gathered.len() as u64 - self.acked
    }

    /// Nothing more will come, and what is here can no longer be acknowledged.
    fn end(&mut self) -> QueueError {
        self.ended = true;
        self.gathered.clear();
        self.gathered_bytes = 0;
        QueueError::Ended
    }
}
