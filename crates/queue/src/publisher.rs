//! Confirmed publishing: the promise that `Ok` means kept, and an answer within the caller's patience whatever the
//! broker does.
//!
//! ```text
//! publish() ──bounded mpsc──► lane (one task, one channel, ≤ window unconfirmed) ──► broker
//!     ▲                         │                  supervisor: one connection, its state, its replacement
//!     └───────oneshot───────────┘
//! ```
//!
//! * A channel has one owner. Two tasks on one lapin channel can get each other's confirms: the delivery tag is taken
//!   under one lock, the frames are queued under another.
//! * Patience ends the caller's wait, not the publish: the frames are already queued and may still go out, so the lane
//!   goes on waiting for the confirm and counts it as late. A retry may therefore duplicate.
//! * A message unconfirmed for longer than [`PublisherLimits::confirm`] means that the connection is not to be trusted:
//!   it is cut and replaced, and whatever was unconfirmed is answered [`PublishError::Unavailable`].
//! * A message that no queue takes ends the connection too, once what is under way has been settled: the next one
//!   declares the queue again. Until then publishing fails at once, and readiness tells.
//! * No connection, or one that the broker blocks (memory or disk alarm): publishing fails at once.

mod attribution;
mod lane;
mod state;
mod supervisor;
mod window;

pub use state::{AwayReason, PublishError, PublisherState};

use crate::{MESSAGE_BYTES_MAX, Message, Settings, metrics};
use lane::{Lane, Reply, Request, Slot};
use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use supervisor::Supervisor;
use tokio::{
    sync::{Semaphore, mpsc, oneshot, watch},
    time::timeout,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// How long [`Publisher::close`] waits, after its deadline, for its own tasks to be gone.
const END_TIMEOUT: Duration = Duration::from_secs(3);

/// Bounds of a publisher. Values out of range are taken as the nearest end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PublisherLimits {
    /// Tasks, each with a channel of its own: 1 to 16. One already confirms some 18,000 small messages per second on
    /// two slow cores; a second one keeps small messages from waiting behind the frames of a large one.
    pub lanes: usize,
    /// Unconfirmed messages per lane: 1 to 256. Beyond 256 throughput hardly grows while latency does.
    pub window: usize,
    /// Messages per lane that wait for room in the window: 1 to 4,096. More is [`PublishError::Overloaded`].
    pub waiting: usize,
    /// Bytes of all bodies that are not yet handed to the socket, at least [`MESSAGE_BYTES_MAX`]. While a body is
    /// being sent lapin holds a copy of it, so memory reaches twice this. More is [`PublishError::Overloaded`].
    pub bytes: usize,
    /// Longest wait for one confirm before the connection is replaced: 1 s to 10 min. Well above any patience, as a
    /// replaced connection costs every message on it.
    pub confirm: Duration,
}

impl Default for PublisherLimits {
    fn default() -> Self {
        Self {
            lanes: 2,
            window: 256,
            waiting: 512,
            bytes: 2 * MESSAGE_BYTES_MAX,
            confirm: Duration::from_secs(15),
        }
    }
}

impl PublisherLimits {
    fn within_range(self) -> Self {
        Self {
            lanes: self.lanes.clamp(1, 16),
            window: self.window.clamp(1, 256),
            waiting: self.waiting.clamp(1, 4_096),
            bytes: self.bytes.clamp(MESSAGE_BYTES_MAX, Semaphore::MAX_PERMITS),
            confirm: self.confirm.clamp(Duration::from_secs(1), Duration::from_secs(600)),
        }
    }
}

/// Messages that [`Publisher::close`] left behind: taken, and neither confirmed nor refused by the broker. Their
/// callers were not told that they are safe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub struct Unsettled(pub usize);

/// Publishes to the batches queue. Clones share everything.
#[derive(Clone)]
pub struct Publisher {
    shared: Arc<Shared>,
}

struct Shared {
    lanes: Vec<mpsc::Sender<Request>>,
    /// Where the next request is offered first.
    turn: AtomicUsize,
    bytes: Arc<Semaphore>,
    unsettled: Arc<AtomicUsize>,
    state: watch::Receiver<PublisherState>,
    stop: Stop,
    lanes_done: TaskTracker,
    supervisor_done: TaskTracker,
}

/// The two ways in which a publisher ends.
#[derive(Clone, Default)]
struct Stop {
    /// Take nothing new, settle what was taken.
    closing: CancellationToken,
    /// Drop everything now.
    abandon: CancellationToken,
}

impl Publisher {
    /// Starts the tasks and returns at once; [`Publisher::state`] tells when there is a connection.
    ///
    /// Once `shutdown` is cancelled a lost connection is no longer replaced; one that is up goes on until
    /// [`Publisher::close`], so that requests still being served can end well. Must be called inside a Tokio runtime.
    #[must_use]
    pub fn start(settings: Settings, limits: PublisherLimits, shutdown: CancellationToken) -> Self {
        let limits = limits.within_range();
        let (state_sender, state) = watch::channel(PublisherState::STARTING);
        let stop = Stop::default();
        let (lanes_done, supervisor_done) = (TaskTracker::new(), TaskTracker::new());
        let (mut lanes, mut channels) = (Vec::new(), Vec::new());
        for _ in 0..limits.lanes {
            let (requests, intake) = mpsc::channel(limits.waiting);
            let (assign, assignments) = mpsc::channel(1);
            let lane = Lane::new(intake, assignments, state.clone(), stop.clone(), limits);
            lanes_done.spawn(lane.run());
            lanes.push(requests);
            channels.push(assign);
        }
        lanes_done.close();
        supervisor_done.spawn(
            Supervisor {
                settings,
                lanes: channels,
                lanes_done: lanes_done.clone(),
                state: state_sender,
                abandon: stop.abandon.clone(),
                shutdown,
            }
            .run(),
        );
        supervisor_done.close();
        let bytes = Arc::new(Semaphore::new(limits.bytes));
        let (turn, unsettled) = (AtomicUsize::new(0), Arc::new(AtomicUsize::new(0)));
        let shared = Shared { lanes, turn, bytes, unsettled, state, stop, lanes_done, supervisor_done };
        Self { shared: Arc::new(shared) }
    }

    /// Publishes one message; `Ok` once the broker has confirmed that the queue has it on disk.
    ///
    /// Answers within `patience`, and at once when the answer is known at once. Dropping the future is like running
    /// out of patience: the message may still be published.
    ///
    /// # Errors
    ///
    /// [`PublishError`]; only [`PublishError::TooLarge`] is about the message itself.
    pub async fn publish(&self, message: Message, patience: Duration) -> Result<(), PublishError> {
        let result = self.answered(message, patience).await;
        metrics::published(result);
        result
    }

    async fn answered(&self, message: Message, patience: Duration) -> Result<(), PublishError> {
        if !message.fits() {
            return Err(PublishError::TooLarge);
        }
        match *self.shared.state.borrow() {
            PublisherState::Ready => {}
            PublisherState::Blocked => return Err(PublishError::Blocked),
            PublisherState::Away(_) => return Err(PublishError::Unavailable),
        }
        let answer = self.shared.offer(message)?;
        match timeout(patience, answer).await {
            Ok(Ok(result)) => result,
            // Whoever held the request is gone: connection lost, or abandoned at the end.
            Ok(Err(_)) => Err(PublishError::Unavailable),
            Err(_) => Err(PublishError::Timeout),
        }
    }

    /// The state of the connection, as it changes.
    #[must_use]
    pub fn state(&self) -> watch::Receiver<PublisherState> {
        self.shared.state.clone()
    }

    /// Takes nothing more, from any clone; waits up to `deadline` for the broker to settle what was taken; then closes
    /// the connection and says how much was left.
    pub async fn close(self, deadline: Duration) -> Unsettled {
        let shared = &self.shared;
        shared.stop.closing.cancel();
        let settled = timeout(deadline, shared.lanes_done.wait()).await;
        let left = if settled.is_ok() { 0 } else { shared.unsettled.load(Ordering::Acquire) };
        if settled.is_err() {
            shared.stop.abandon.cancel();
        }
        if timeout(END_TIMEOUT, shared.supervisor_done.wait()).await.is_err() {
            // Possible only while a name lookup hangs; nothing depends on that task any more.
            tracing::debug!("publisher connection is still being closed");
        }
        Unsettled(left)
    }
}

impl Shared {
    /// Hands the message to the first lane with room; the answer comes through what is returned.
    fn offer(&self, message: Message) -> Result<oneshot::Receiver<Result<(), PublishError>>, PublishError> {
        if self.stop.closing.is_cancelled() {
            return Err(PublishError::Unavailable);
        }
        let size = u32::try_from(message.body.len()).map_err(|_| PublishError::TooLarge)?;
        let bytes =
            Arc::clone(&self.bytes).try_acquire_many_owned(size).map_err(|_| PublishError::Overloaded)?;
        let (sender, answer) = oneshot::channel();
        let reply = Reply::new(sender, Slot::new(&self.unsettled));
        let mut request = Request { message, bytes, reply };
        let first = self.turn.fetch_add(1, Ordering::Relaxed);
        let mut open = false;
        for step in 0..self.lanes.len() {
            let lane = &self.lanes[first.wrapping_add(step) % self.lanes.len()];
            match lane.try_send(request) {
                Ok(()) => return Ok(answer),
                Err(mpsc::error::TrySendError::Full(back)) => (request, open) = (back, true),
                Err(mpsc::error::TrySendError::Closed(back)) => request = back,
            }
        }
        Err(if open { PublishError::Overloaded } else { PublishError::Unavailable })
    }
}

#[cfg(test)]
mod tests;
