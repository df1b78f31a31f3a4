//! The unconfirmed messages of one channel, in batches that [`Attribution`] can rely on.

use super::{
    attribution::{Attribution, Confirmed, Verdict},
    lane::{Reply, Request},
};
use crate::{Message, message, topology};
use futures_util::{
    StreamExt as _,
    stream::{FuturesUnordered, Stream},
};
use lapin::{BasicProperties, Channel, Confirmation, options::BasicPublishOptions, types::ShortString};
use std::{
    collections::BTreeMap,
    future::Future,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, Wake, Waker},
};
use thiserror::Error;
use tokio::{sync::OwnedSemaphorePermit, time::Instant};

/// What one publish came to: its sequence number and the broker's word.
type Outcome = (u64, lapin::Result<Confirmation>);

/// A message that the broker has not settled.
struct Pending {
    id: String,
    reply: Reply,
    since: Instant,
}

/// A message that the broker has settled.
pub(super) struct Settled {
    pub(super) reply: Reply,
    pub(super) since: Instant,
    pub(super) verdict: Verdict,
}

/// Why the channel can no longer be trusted; everything on it is in the dark.
#[derive(Debug, Error)]
pub(super) enum Broken {
    #[error("publishing channel failed")]
    Channel(#[source] lapin::Error),
    /// No confirm mode, a confirm for nothing, returns for nobody.
    #[error("publishing channel answers what cannot be")]
    Senseless,
}

pub(super) struct Window {
    channel: Channel,
    queue: ShortString,
    capacity: usize,
    published: FuturesUnordered<Pin<Box<dyn Future<Output = Outcome> + Send>>>,
    /// By sequence number, so the first is the oldest. Includes those in doubt.
    pending: BTreeMap<u64, Pending>,
    attribution: Attribution,
    next: u64,
    woken: Arc<Woken>,
}

impl Window {
    pub(super) fn new(channel: Channel, queue: ShortString, capacity: usize) -> Self {
        let (published, pending) = (FuturesUnordered::new(), BTreeMap::new());
        let (attribution, woken) = (Attribution::default(), Arc::default());
        Self { channel, queue, capacity, published, pending, attribution, next: 0, woken }
    }

    pub(super) fn has_room(&self) -> bool {
        self.pending.len() < self.capacity
    }

    pub(super) fn is_empty(&self) -> bool {
        self.pending.is_empty()
    }

    /// Since when the oldest message waits for its confirm.
    pub(super) fn oldest(&self) -> Option<Instant> {
        self.pending.first_key_value().map(|(_, pending)| pending.since)
    }

    /// Takes a message; it goes out when [`Window::settled`] is next polled. Gives it back if it cannot be encoded.
    pub(super) fn publish(&mut self, request: Request) -> Result<(), Reply> {
        let Request { message, bytes, reply } = request;
        let Some(properties) = message.properties() else {
            return Err(reply);
        };
        let sequence = self.next;
        self.next += 1;
        let Message { id, body, .. } = message;
        self.pending.insert(sequence, Pending { id, reply, since: Instant::now() });
        let (channel, queue) = (self.channel.clone(), self.queue.clone());
        self.published.push(Box::pin(async move {
            (sequence, publish(channel, queue, properties, (body, bytes)).await)
        }));
        Ok(())
    }

    /// Waits for the broker to settle something; may be empty while all that was confirmed is in doubt.
    ///
    /// Cancel-safe: there is nothing to wait for once the first confirm is there.
    pub(super) async fn settled(&mut self) -> Result<Vec<Settled>, Broken> {
        let Some(first) = self.published.next().await else {
            return Ok(Vec::new());
        };
        let mut batch = vec![self.confirmed(first)?];
        while let Some(outcome) = self.next_completed() {
            batch.push(self.confirmed(outcome)?);
        }
        let verdicts = self.attribution.judge(batch, self.published.is_empty());
        if self.attribution.unclaimed() > self.capacity {
            return Err(Broken::Senseless);
        }
        verdicts
            .into_iter()
            .map(|(sequence, verdict)| {
                let Pending { reply, since, .. } = self.pending.remove(&sequence).ok_or(Broken::Senseless)?;
                Ok(Settled { reply, since, verdict })
            })
            .collect()
    }

    fn confirmed(&self, (sequence, result): Outcome) -> Result<Confirmed, Broken> {
        let pending = self.pending.get(&sequence).ok_or(Broken::Senseless)?;
        let (taken, returned) = match result.map_err(Broken::Channel)? {
            Confirmation::Ack(returned) => (true, returned),
            Confirmation::Nack(returned) => (false, returned),
            Confirmation::NotRequested => return Err(Broken::Senseless),
        };
        let carried = returned.map(|returned| message::id(&returned.delivery.properties));
        Ok(Confirmed { sequence, id: pending.id.clone(), taken, carried })
    }

    /// The next publish that is complete already.
    ///
    /// `FuturesUnordered` may pause although more is complete; it then wakes its own waker. Only a pause without that
    /// means that nothing is left, which is what makes a batch whole.
    fn next_completed(&mut self) -> Option<Outcome> {
        let waker = Waker::from(Arc::clone(&self.woken));
        loop {
            match Pin::new(&mut self.published).poll_next(&mut Context::from_waker(&waker)) {
                Poll::Ready(outcome) => return outcome,
                Poll::Pending if self.woken.0.swap(false, Ordering::AcqRel) => {}
                Poll::Pending => return None,
            }
        }
    }
}

/// Publishes and waits for the confirm. lapin queues the frames in the first poll, so messages go out in the order in
/// which they were taken. The body is let go as soon as it is written.
async fn publish(
    channel: Channel,
    queue: ShortString,
    properties: BasicProperties,
    body: (bytes::Bytes, OwnedSemaphorePermit),
) -> lapin::Result<Confirmation> {
    let options = BasicPublishOptions { mandatory: true, ..BasicPublishOptions::default() };
    let confirm =
        channel.basic_publish(topology::EXCHANGE.into(), queue, options, &body.0, properties).await?;
    drop(body);
    confirm.await
}

/// Remembers that it was woken.
#[derive(Default)]
struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Release);
    }
}
