//! The only place that knows what our queues are called and how they are made.
//!
//! ```text
//! publishers ──(default exchange, mandatory)──► <prefix>.batches ──(returned too often)──► <prefix>.parked
//! ```
//!
//! * Both are quorum queues: durable always, and a confirm means that a majority has written the message to disk.
//! * Published through the default exchange, where a queue's name is its address: there is no binding that could be
//!   missing while the queue exists, and no exchange whose absence would close the publishing channel. `mandatory`
//!   tells when the queue itself is missing.
//! * Dead lettering is at-least-once: the batches queue keeps a message until the parking queue has confirmed it.
//!   That needs `reject-publish`, which also makes a full queue a refusal instead of a loss. Still, parked is declared
//!   first and deleted last, so that the batches queue never exists without it.
//! * Nothing leads from the parking queue back: the broker silently drops what goes round in a circle.
//!
//! Only arguments that RabbitMQ 3.10 and 4.x both know, with the same meaning. Declaring again is harmless; with other
//! arguments the broker refuses ([`QueueError::Conflict`]) and the queue stays as it is.

use crate::{QueueError, Settings, link::Link};
use lapin::{
    Channel,
    options::{QueueDeclareOptions, QueueDeleteOptions},
    types::{AMQPValue, FieldTable, ShortString},
};
use std::future::Future;
use tokio::time::timeout;

/// The default exchange: routes to the queue that is named by the routing key.
pub(crate) const EXCHANGE: &str = "";

/// Returns of one message to the parking queue before the broker drops it. In effect never; RabbitMQ 4 would drop
/// after 20, and 3.10 does not know its word for "no limit" (`-1`).
const PARKED_DELIVERY_LIMIT: i64 = 1_000_000_000;

/// Which of our two queues.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum QueueName {
    /// Accepted batches on their way to a worker.
    Batches,
    /// Batches that came back too often. Drained like the other one: nothing waits there unread.
    Parked,
}

impl QueueName {
    pub const ALL: [Self; 2] = [Self::Batches, Self::Parked];

    /// The part of the name after the prefix; also the label of its metrics.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Batches => "batches",
            Self::Parked => "parked",
        }
    }

    /// The name on the broker. A checked prefix keeps it far below AMQP's 255 bytes.
    pub(crate) fn on_broker(self, settings: &Settings) -> ShortString {
        format!("{}.{}", settings.prefix(), self.as_str()).into()
    }
}

/// Makes sure that both queues exist. Idempotent; connecting to publish or to consume does it too.
///
/// # Errors
///
/// [`QueueError::Conflict`] if a queue exists with other arguments; else as connecting.
pub async fn declare(settings: &Settings) -> Result<(), QueueError> {
    briefly(settings, "declare", async |channel| ensure(&channel, settings).await).await
}

/// Messages that are ready in a queue: delivered ones that are not acknowledged are not counted.
///
/// Opens a connection of its own: for people and tests, not for a metric.
///
/// # Errors
///
/// [`QueueError::Missing`] if the queue does not exist; else as connecting.
pub async fn depth(settings: &Settings, queue: QueueName) -> Result<u32, QueueError> {
    let look = QueueDeclareOptions { passive: true, ..QueueDeclareOptions::durable() };
    briefly(settings, "depth", async |channel| {
        let found = channel.queue_declare(queue.on_broker(settings), look, FieldTable::default()).await?;
        Ok(found.message_count())
    })
    .await
}

/// Removes both queues **with everything in them**. Queues that do not exist count as removed.
///
/// # Errors
///
/// As connecting.
pub async fn delete(settings: &Settings) -> Result<(), QueueError> {
    briefly(settings, "delete", async |channel| {
        for queue in QueueName::ALL {
            channel.queue_delete(queue.on_broker(settings), QueueDeleteOptions::default()).await?;
        }
        Ok(())
    })
    .await
}

/// Declares both queues on a channel; an error has closed that channel.
pub(crate) async fn ensure(channel: &Channel, settings: &Settings) -> Result<(), QueueError> {
    for (queue, arguments) in
        [(QueueName::Parked, parked_arguments()), (QueueName::Batches, batches_arguments(settings))]
    {
        channel.queue_declare(queue.on_broker(settings), QueueDeclareOptions::durable(), arguments).await?;
    }
    Ok(())
}

fn batches_arguments(settings: &Settings) -> FieldTable {
    let mut arguments = parked_arguments();
    arguments.insert("x-delivery-limit".into(), AMQPValue::LongLongInt(settings.delivery_limit.into()));
    arguments.insert("x-dead-letter-exchange".into(), text(EXCHANGE));
    let parked = QueueName::Parked.on_broker(settings);
    arguments.insert("x-dead-letter-routing-key".into(), text(parked.as_str()));
    arguments.insert("x-dead-letter-strategy".into(), text("at-least-once"));
    arguments.insert("x-overflow".into(), text("reject-publish"));
    if let Some(bytes) = settings.batches_bytes_max {
        let bytes = i64::try_from(bytes).unwrap_or(i64::MAX);
        arguments.insert("x-max-length-bytes".into(), AMQPValue::LongLongInt(bytes));
    }
    arguments
}

fn parked_arguments() -> FieldTable {
    let mut arguments = FieldTable::default();
    arguments.insert("x-queue-type".into(), text("quorum"));
    arguments.insert("x-delivery-limit".into(), AMQPValue::LongLongInt(PARKED_DELIVERY_LIMIT));
    arguments
}

fn text(value: &str) -> AMQPValue {
    AMQPValue::LongString(value.into())
}

/// One errand on a connection of its own, within the connection timeout.
async fn briefly<T, F>(
    settings: &Settings,
    name: &'static str,
    errand: impl FnOnce(Channel) -> F,
) -> Result<T, QueueError>
where
    F: Future<Output = Result<T, QueueError>>,
{
    let (limit, late) = (settings.connection_timeout(), || QueueError::timed_out(name));
    let link = Link::open(settings, name).await?;
    let channel = timeout(limit, link.channel()).await.map_err(|_| late())??;
    let result = timeout(limit, errand(channel.clone())).await;
    link.close(vec![channel]).await;
    result.map_err(|_| late())?
}
