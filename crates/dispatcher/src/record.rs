//! Writes what became of leased deliveries, many in one transaction, and what that says of their endpoints.
//!
//! One task. While a transaction runs, the next ends gather, so batches grow with the load by themselves. A transaction
//! that the database could not take is repeated: while it is away nothing can be leased either, so there is nothing
//! better to do, and what waits is bounded by the permits that every leased delivery holds. When the process has to
//! stop, what could not be written is left to the leases' ends.

use crate::clock;
use crate::hints::{Hinter, Origin};
use crate::metrics::{self, Fate};
use crate::standing;
use domain::breaker::Health;
use std::time::Duration;
use store::delivery::{self, Finish, Finished, Verdict};
use store::{Fault, Pool, StoreError};
use tokio::sync::{OwnedSemaphorePermit, mpsc};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, sleep_until};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// Most deliveries in one transaction.
const BATCH_MAX: usize = 512;
/// Pause before a transaction is repeated, doubling up to the longest.
const PAUSE: Duration = Duration::from_millis(50);
const PAUSE_MAX: Duration = Duration::from_secs(2);

/// The end of a leased delivery's time in this process.
#[derive(Clone, Debug)]
pub(crate) enum Note {
    /// An attempt has ended.
    Told(Told),
    /// Not begun: to be given back.
    Release { delivery: i64, lease: Uuid },
}

/// What is known of an attempt that has ended.
#[derive(Clone, Debug)]
pub(crate) struct Told {
    pub(crate) endpoint: i32,
    pub(crate) finish: Finish,
    /// What it says of the endpoint's health.
    pub(crate) health: Option<Health>,
    /// The endpoint wants nothing more.
    pub(crate) gone: bool,
}

impl Told {
    /// Whether the endpoint said that it is gone, or that it is too much.
    pub(crate) const fn wants_nothing_now(&self) -> bool {
        self.gone || matches!(self.health, Some(Health::Overloaded { .. }))
    }
}

/// Where notes are handed in.
pub(crate) struct Recorder {
    inbox: mpsc::Sender<(Note, OwnedSemaphorePermit)>,
    task: JoinHandle<usize>,
    give_up: CancellationToken,
}

impl Recorder {
    /// `permits`: how many there are in all, and so how many notes can be waiting.
    pub(crate) fn start(pool: Pool, permits: usize, hinter: Hinter) -> Self {
        let (inbox, notes) = mpsc::channel(permits);
        let give_up = CancellationToken::new();
        let task = tokio::spawn(run(pool, notes, hinter, give_up.clone()));
        Self { inbox, task, give_up }
    }

    /// The permit goes back when the note has been written.
    pub(crate) fn note(&self, note: Note, permit: OwnedSemaphorePermit) {
        // Never full, because every note holds a permit; closed only after a panic, which ends the process.
        if self.inbox.try_send((note, permit)).is_err() {
            metrics::ended(Fate::Unrecorded, 1);
        }
    }

    /// Returns when the task has panicked: without it nothing gets recorded.
    pub(crate) async fn broken(&self) {
        self.inbox.closed().await;
    }

    /// Writes what is left until the deadline; returns how many deliveries could not be recorded.
    pub(crate) async fn close(self, deadline: Instant) -> usize {
        let Self { inbox, mut task, give_up } = self;
        drop(inbox);
        tokio::select! {
            unrecorded = &mut task => return unrecorded.unwrap_or_default(),
            () = sleep_until(deadline) => give_up.cancel(),
        }
        task.await.unwrap_or_default()
    }
}

async fn run(
    pool: Pool,
    mut inbox: mpsc::Receiver<(Note, OwnedSemaphorePermit)>,
    hinter: Hinter,
    give_up: CancellationToken,
) -> usize {
    let mut unrecorded = 0;
    let mut batch = Vec::with_capacity(BATCH_MAX);
    while inbox.recv_many(&mut batch, BATCH_MAX).await > 0 {
        let (notes, permits): (Vec<Note>, Vec<OwnedSemaphorePermit>) = batch.drain(..).unzip();
        unrecorded += record(&pool, &notes, &give_up).await;
        drop(permits);
        // A slot is free, a follower is awake, or what was given back is due.
        hinter.hint(Origin::Recorded);
    }
    unrecorded
}

/// Writes a batch, and its notes one by one if one of them is at fault. Returns how many could not be written.
async fn record(pool: &Pool, notes: &[Note], give_up: &CancellationToken) -> usize {
    match insist(pool, notes, give_up).await {
        Insisted::Written => 0,
        Insisted::GaveUp => unrecorded(notes.len()),
        Insisted::AtFault(error) if notes.len() == 1 => {
            tracing::error!(error = error.sqlstate(), "an attempt's end cannot be recorded");
            unrecorded(1)
        }
        Insisted::AtFault(_) => {
            let mut lost = 0;
            for note in notes {
                lost += Box::pin(record(pool, std::slice::from_ref(note), give_up)).await;
            }
            lost
        }
    }
}

fn unrecorded(count: usize) -> usize {
    metrics::ended(Fate::Unrecorded, count as u64);
    count
}

enum Insisted {
    Written,
    GaveUp,
    /// One of the notes will never be taken.
    AtFault(StoreError),
}

/// Repeats the transaction until the database takes it, refuses the data, or the process has to stop.
async fn insist(pool: &Pool, notes: &[Note], give_up: &CancellationToken) -> Insisted {
    let mut pause = PAUSE;
    loop {
        let Some(written) = give_up.run_until_cancelled(write(pool, notes)).await else {
            return Insisted::GaveUp;
        };
        match written {
            Ok(()) => return Insisted::Written,
            Err(error) if error.fault() == Fault::Data => return Insisted::AtFault(error),
            // Another transaction was in the way; it has committed by now.
            Err(error) if error.is_conflict() => {}
            Err(error) => {
                tracing::warn!(
                    error = error.summary(),
                    deliveries = notes.len(),
                    "cannot record, trying again"
                );
                if give_up.run_until_cancelled(sleep(pause)).await.is_none() {
                    return Insisted::GaveUp;
                }
                pause = (pause * 2).min(PAUSE_MAX);
            }
        }
    }
}

async fn write(pool: &Pool, notes: &[Note]) -> Result<(), StoreError> {
    let began = Instant::now();
    let (mut told, mut released) = (Vec::with_capacity(notes.len()), Vec::new());
    for note in notes {
        match note {
            Note::Told(one) => told.push(one),
            Note::Release { delivery, lease } => released.push((*delivery, *lease)),
        }
    }
    let finishes: Vec<Finish> = told.iter().map(|told| told.finish.clone()).collect();
    let mut client = pool.get().await?;
    let now = clock::now();
    let transaction = client.transaction().await?;
    let finished = delivery::finish(&transaction, now, &finishes).await?;
    let given_back = delivery::release(&transaction, now, &released).await?;
    let changes = standing::write(&transaction, now, &told).await?;
    transaction.commit().await?;
    changes.announce();
    metrics::recorded(notes.len(), began.elapsed());
    metrics::ended(Fate::Released, given_back);
    for (finish, finished) in finishes.iter().zip(finished) {
        metrics::ended(fate(finish.verdict, finished), 1);
    }
    Ok(())
}

fn fate(verdict: Verdict, finished: Finished) -> Fate {
    match (finished, verdict) {
        (Finished::LeaseLost, _) => Fate::LeaseLost,
        (Finished::Recorded, Verdict::Delivered) => Fate::Delivered,
        (Finished::Recorded, Verdict::Retry { .. }) => Fate::Rescheduled,
        (Finished::Recorded, Verdict::Wait { .. }) => Fate::Waited,
        (Finished::Recorded, Verdict::Exhausted) => Fate::Exhausted,
    }
}
