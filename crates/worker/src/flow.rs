//! One lane of the worker: subscribe, take windows, persist each, ack, until told to stop.
//!
//! Promise 2: a window is acked, as a whole and in one frame, only after everything in it and before it is committed. A
//! window that is not acked comes again: the ledger recognises what was committed.
//!
//! A few windows are in hand at a time, so that the worker reads and folds while the database works for it. A window with
//! anything that came before, or with an instruction, waits until it is the only one.
//!
//! When the database stays away beyond the patience, everything is given back to the broker once, and the lane
//! subscribes again when the database answers.

use crate::hand::Hand;
use crate::hint::Owed;
use crate::metrics;
use crate::persist::{Away, Patience, persist};
use crate::sources::Sources;
use crate::window::Contents;
use queue::{Backoff, Consumer, QueueError, QueueName, Tag, Window, WindowLimits};
use service::health::Condition;
use std::time::{Duration, Instant};
use store::{Pool, StoreError};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// How often a lane looks whether a database that was away is back.
const DATABASE_POLL: Duration = Duration::from_secs(1);

/// A subscription that has lasted this long works; the next one is made without waiting.
const PROVEN_AFTER: Duration = Duration::from_secs(10);

/// What a lane does with what it takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lane {
    /// Batches as ingest accepted them.
    Batches,
    /// What the broker gave up on: into quarantine, so that nothing waits there unread.
    Parked,
}

impl Lane {
    fn queue(self) -> QueueName {
        match self {
            Self::Batches => QueueName::Batches,
            Self::Parked => QueueName::Parked,
        }
    }
}

/// Everything a lane needs.
pub(crate) struct LaneContext {
    pub(crate) lane: Lane,
    pub(crate) broker: queue::Settings,
    pub(crate) prefetch: u16,
    pub(crate) limits: WindowLimits,
    /// Most windows in hand at a time, each in a transaction of its own.
    pub(crate) transactions: usize,
    pub(crate) pool: Pool,
    pub(crate) owed: Owed,
    /// How long a window is retried in place while the database is away.
    pub(crate) patience: Duration,
    pub(crate) broker_ready: Condition,
    pub(crate) database_ready: Condition,
}

enum Ended {
    Shutdown,
    Subscription(QueueError),
    /// With the ids of the batches whose beginning was noted.
    Database(Away, Vec<Uuid>),
}

/// Runs a lane until `shutdown`. Finishes the windows in hand, gives the rest back.
pub(crate) async fn run(context: LaneContext, shutdown: CancellationToken) {
    let mut backoff = Backoff::default();
    let mut sources = Sources::default();
    let mut begun = Vec::new();
    loop {
        let stop = shutdown.clone();
        let connected = tokio::select! {
            () = stop.cancelled() => return,
            connected = connect(&context, &begun) => connected,
        };
        let mut consumer = match connected {
            Ok(consumer) => consumer,
            Err(error) => {
                context.broker_ready.unmet(error.to_string());
                tokio::select! {
                    () = stop.cancelled() => return,
                    () = tokio::time::sleep(backoff.next_wait()) => continue,
                }
            }
        };
        begun.clear();
        context.broker_ready.met();
        let subscribed = Instant::now();
        match consume(&context, &mut consumer, &mut sources, &shutdown).await {
            Ended::Shutdown => return consumer.give_back().await,
            Ended::Subscription(error) => {
                tracing::warn!(lane = ?context.lane, error = %error, "subscription ended, subscribing again");
                context.broker_ready.unmet("subscription ended");
                // One that ends at once must not be made again at once, without end.
                if subscribed.elapsed() >= PROVEN_AFTER {
                    backoff.reset();
                }
                shutdown.run_until_cancelled(tokio::time::sleep(backoff.next_wait())).await;
            }
            Ended::Database(Away(error), ids) => {
                tracing::error!(lane = ?context.lane, error = error.summary(), "database away, giving batches back");
                context.database_ready.unmet("away");
                metrics::given_back();
                consumer.give_back().await;
                // What failed for itself keeps its note, so that it is given up one day; what ended with the database away
                // says nothing about its batch.
                begun = if error.concerns_one_thing() { Vec::new() } else { ids };
            }
        }
    }
}

/// Waits for the database, then subscribes: batches are taken only when there is somewhere to put them.
async fn connect(context: &LaneContext, begun: &[Uuid]) -> Result<Consumer, QueueError> {
    loop {
        match prepare(&context.pool, begun).await {
            Ok(()) => break,
            Err(error) => {
                context.database_ready.unmet(error.summary());
                tokio::time::sleep(DATABASE_POLL).await;
            }
        }
    }
    context.database_ready.met();
    Consumer::subscribe(&context.broker, context.lane.queue(), context.prefetch).await
}

/// Makes sure of the schema and forgets beginnings that ended with the database away: they say nothing about their
/// batches.
async fn prepare(pool: &Pool, begun: &[Uuid]) -> Result<(), StoreError> {
    let client = pool.get().await?;
    if store::migrate::version(&client).await? < store::migrate::LATEST {
        return Err(StoreError::Contradiction(
            "its schema is older than this release; run `sendstate migrate`",
        ));
    }
    store::batch::forget_starts(&client, begun).await
}

/// What a lane comes upon.
enum Step {
    Shutdown,
    Taken(Result<Window, QueueError>),
    /// The oldest window in hand has ended.
    Settled(Tag, Result<(), Away>),
}

async fn consume(
    context: &LaneContext,
    consumer: &mut Consumer,
    sources: &mut Sources,
    shutdown: &CancellationToken,
) -> Ended {
    let mut hand = Hand::new(context.transactions);
    let ended = take_and_ack(context, consumer, sources, &mut hand, shutdown).await;
    hand.run_out().await;
    ended
}

async fn take_and_ack(
    context: &LaneContext,
    consumer: &mut Consumer,
    sources: &mut Sources,
    hand: &mut Hand<Tag>,
    shutdown: &CancellationToken,
) -> Ended {
    loop {
        let step = tokio::select! {
            // What is being gathered is unacked and given back.
            () = shutdown.cancelled() => Step::Shutdown,
            (tag, outcome) = hand.settled(), if !hand.is_empty() => Step::Settled(tag, outcome),
            window = consumer.window(context.limits), if hand.has_room() => Step::Taken(window),
        };
        let mut begun = Vec::new();
        let done = match step {
            Step::Shutdown => {
                // Whatever cannot be finished or acked comes again.
                drop(finish(hand, consumer).await);
                return Ended::Shutdown;
            }
            Step::Settled(tag, outcome) => ack(consumer, tag, outcome).await,
            Step::Taken(Err(error)) => Err(Ended::Subscription(error)),
            Step::Taken(Ok(window)) => {
                let patience = Patience::new(context.patience, shutdown.clone());
                take(context, sources, consumer, hand, window, patience, &mut begun).await
            }
        };
        match done {
            Ok(()) => {}
            Err(Ended::Database(..)) if shutdown.is_cancelled() => return Ended::Shutdown,
            Err(Ended::Database(away, _)) => return Ended::Database(away, begun),
            Err(ended) => return ended,
        }
    }
}

/// Begins with a window: beside others if it is an ordinary one, else alone, and then it has ended.
async fn take(
    context: &LaneContext,
    sources: &mut Sources,
    consumer: &mut Consumer,
    hand: &mut Hand<Tag>,
    window: Window,
    mut patience: Patience,
    begun: &mut Vec<Uuid>,
) -> Result<(), Ended> {
    let contents = Contents::of(&window, context.lane);
    let away = |away| Ended::Database(away, Vec::new());
    if contents.is_ordinary() {
        let timer = metrics::window(window.deliveries().len());
        let batches = contents.read(context, sources, &mut patience).await.map_err(away)?;
        let (pool, owed) = (context.pool.clone(), context.owed.clone());
        hand.begin(window.through(), async move {
            let _timer = timer;
            persist(&pool, &owed, batches, &mut patience).await
        });
        return Ok(());
    }
    finish(hand, consumer).await?;
    let settled = contents.settle(context, sources, patience, begun).await;
    ack(consumer, window.through(), settled).await
}

/// Waits for everything in hand, the oldest first.
async fn finish(hand: &mut Hand<Tag>, consumer: &mut Consumer) -> Result<(), Ended> {
    while !hand.is_empty() {
        let (tag, outcome) = hand.settled().await;
        ack(consumer, tag, outcome).await?;
    }
    Ok(())
}

async fn ack(consumer: &mut Consumer, through: Tag, settled: Result<(), Away>) -> Result<(), Ended> {
    settled.map_err(|away| Ended::Database(away, Vec::new()))?;
    consumer.ack(through).await.map_err(Ended::Subscription)
}
