//! One task, one channel at a time.
//!
//! It outlives connections: without a channel it answers every request [`PublishError::Unavailable`], so a request can
//! never be stranded between a caller that saw `Ready` and a connection that has just gone.

use super::{
    PublishError, PublisherLimits, PublisherState, Stop,
    attribution::Verdict,
    window::{Broken, Settled, Window},
};
use crate::{Message, metrics};
use lapin::{Channel, ConnectionStatus, types::ShortString};
use std::{
    future,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::{
    sync::{OwnedSemaphorePermit, mpsc, oneshot, watch},
    time::{Instant, sleep_until},
};
use tokio_util::sync::CancellationToken;

/// A message on its way to a lane.
pub(super) struct Request {
    pub(super) message: Message,
    /// Its share of the bytes that may wait.
    pub(super) bytes: OwnedSemaphorePermit,
    pub(super) reply: Reply,
}

/// Where the answer goes. Dropped without one, the caller is told `Unavailable`.
pub(super) struct Reply {
    sender: oneshot::Sender<Result<(), PublishError>>,
    _slot: Slot,
}

impl Reply {
    pub(super) const fn new(sender: oneshot::Sender<Result<(), PublishError>>, slot: Slot) -> Self {
        Self { sender, _slot: slot }
    }

    /// Whether the caller is still there to hear it.
    fn answer(self, result: Result<(), PublishError>) -> bool {
        self.sender.send(result).is_ok()
    }
}

/// Counts a message as unsettled for as long as it exists.
pub(super) struct Slot(Arc<AtomicUsize>);

impl Slot {
    pub(super) fn new(unsettled: &Arc<AtomicUsize>) -> Self {
        unsettled.fetch_add(1, Ordering::AcqRel);
        metrics::unconfirmed_more();
        Self(Arc::clone(unsettled))
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
        metrics::unconfirmed_less();
    }
}

/// A channel for one lane, in confirm mode and the lane's alone.
pub(super) struct Assignment {
    pub(super) channel: Channel,
    pub(super) queue: ShortString,
    pub(super) status: ConnectionStatus,
    /// Cancelled when the connection is over.
    pub(super) over: CancellationToken,
    pub(super) ended: mpsc::Sender<Ended>,
}

/// Why a lane gave its channel up; ends the whole connection.
#[derive(Debug)]
pub(super) enum Ended {
    Broken(Broken),
    Unconfirmed,
    /// A message came back: the queue is gone, and only a new connection declares it again.
    Unroutable,
}

pub(super) struct Lane {
    intake: mpsc::Receiver<Request>,
    assignments: mpsc::Receiver<Assignment>,
    state: watch::Receiver<PublisherState>,
    stop: Stop,
    limits: PublisherLimits,
    closed: bool,
}

impl Lane {
    pub(super) const fn new(
        intake: mpsc::Receiver<Request>,
        assignments: mpsc::Receiver<Assignment>,
        state: watch::Receiver<PublisherState>,
        stop: Stop,
        limits: PublisherLimits,
    ) -> Self {
        Self { intake, assignments, state, stop, limits, closed: false }
    }

    /// Runs until there is nothing left to take: closed, abandoned, or every publisher dropped.
    pub(super) async fn run(mut self) {
        loop {
            tokio::select! {
                biased;
                () = self.stop.abandon.cancelled() => return,
                () = self.stop.closing.cancelled(), if !self.closed => self.close(),
                Some(assignment) = self.assignments.recv() => match self.serve(assignment).await {
                    Served::Done => return,
                    Served::Over => {}
                },
                request = self.intake.recv() => match request {
                    Some(request) => drop(request.reply.answer(Err(PublishError::Unavailable))),
                    None => return,
                },
            }
        }
    }

    fn close(&mut self) {
        self.intake.close();
        self.closed = true;
    }

    /// Publishes what comes until the channel or the lane ends. Whatever is unsettled then is dropped, and its callers
    /// with it are told `Unavailable`.
    async fn serve(&mut self, assignment: Assignment) -> Served {
        let Assignment { channel, queue, status, over, ended } = assignment;
        let mut window = Window::new(channel, queue, self.limits.window);
        let mut patience = Patience { limit: self.limits.confirm, blocked: false, since: Instant::now() };
        let (mut drained, mut unroutable) = (false, false);
        let failed = loop {
            if drained && window.is_empty() {
                return Served::Done;
            }
            // What is under way is settled first: the broker still tells the truth about it.
            if unroutable && window.is_empty() {
                break Ended::Unroutable;
            }
            let exhausted = patience.exhausted(window.oldest());
            let taking = !drained && !unroutable && (window.has_room() || patience.blocked);
            tokio::select! {
                // Confirms before requests: they make room. Ends before both, so that a dead channel takes nothing.
                biased;
                () = self.stop.abandon.cancelled() => return Served::Done,
                () = over.cancelled() => return Served::Over,
                () = self.stop.closing.cancelled(), if !self.closed => self.close(),
                Ok(()) = self.state.changed() => {
                    patience.observe(*self.state.borrow_and_update() == PublisherState::Blocked);
                }
                settled = window.settled(), if !window.is_empty() => match settled {
                    Ok(settled) => for each in settled {
                        unroutable |= each.verdict == Verdict::Unroutable;
                        answer(each);
                    },
                    Err(broken) => break Ended::Broken(broken),
                },
                () = exhausted => break Ended::Unconfirmed,
                request = self.intake.recv(), if taking => match request {
                    Some(request) => take(&mut window, request, &status),
                    None => drained = true,
                },
            }
        };
        // Full only if another lane was faster, and one report is enough.
        drop(ended.try_send(failed));
        // The window is dropped, and its callers answered, only when the state says that there is no connection.
        tokio::select! {
            () = self.stop.abandon.cancelled() => Served::Done,
            () = over.cancelled() => Served::Over,
        }
    }
}

/// How serving a channel ended.
enum Served {
    /// Nothing is left to do, now and later.
    Done,
    /// The connection is over; another one may come.
    Over,
}

/// Publishes a request, unless that is known to be useless.
fn take(window: &mut Window, request: Request, status: &ConnectionStatus) {
    if request.reply.sender.is_closed() {
        // Its caller has answered for it already; publishing it now would only make a duplicate.
        return;
    }
    // Read from the connection itself: the state that callers see may be a moment behind.
    if status.blocked() {
        request.reply.answer(Err(PublishError::Blocked));
        return;
    }
    if let Err(reply) = window.publish(request) {
        reply.answer(Err(PublishError::TooLarge));
    }
}

fn answer(settled: Settled) {
    metrics::confirmed(settled.since.elapsed());
    let heard = settled.reply.answer(match settled.verdict {
        Verdict::Taken => Ok(()),
        Verdict::Refused => Err(PublishError::Refused),
        Verdict::Unroutable => Err(PublishError::Unroutable),
    });
    if !heard {
        metrics::late_confirm();
    }
}

/// How long the lane itself waits for a confirm. Time during which the broker blocks publishers does not count: it
/// reads nothing then, and a new connection would be blocked as well.
struct Patience {
    limit: Duration,
    blocked: bool,
    /// Start of the connection or end of the last block.
    since: Instant,
}

impl Patience {
    fn observe(&mut self, blocked: bool) {
        if self.blocked && !blocked {
            self.since = Instant::now();
        }
        self.blocked = blocked;
    }

    async fn exhausted(&self, oldest: Option<Instant>) {
        match oldest {
            Some(oldest) if !self.blocked => sleep_until(oldest.max(self.since) + self.limit).await,
            _ => future::pending().await,
        }
    }
}
