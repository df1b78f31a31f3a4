//! The one transaction: a window of batches into the ledger, the messages and what is owed.
//!
//! Promise 2 rests here: the caller acks a window only after [`apply`] returned, which is after the commit. Everything is
//! keyed so that applying a batch again changes nothing: a batch that is in the ledger is skipped whole, which also
//! settles a commit whose answer was lost. On any error the transaction is rolled back whole and nothing is remembered.
//!
//! Locks are taken in one order by everybody: new batches, events, messages, recipients, and batches recorded before; within
//! each by key.

pub(crate) mod conclude;
mod fold;
mod ledger;
mod place;
mod recipients;
mod repeat;
pub(crate) mod tell;

use crate::batch::{Batch, Event};
use crate::counts::Counts;
use jiff::Timestamp;
use std::collections::HashSet;
use store::batch::Tally;
use store::event::EventRow;
use store::{Pool, StoreError, batch, event};
use tokio_postgres::IsolationLevel;
use uuid::Uuid;

/// What a window came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Applied {
    /// Batches recorded now.
    pub batches: u64,
    /// Batches that were in the ledger before.
    pub known: u64,
    /// What came out of the quarantine, and what stays there because it can still not be applied.
    pub released: u64,
    pub refused: u64,
    pub tally: Tally,
    pub counts: Counts,
    pub deliveries: u64,
}

impl Applied {
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            batches: self.batches + other.batches,
            known: self.known + other.known,
            released: self.released + other.released,
            refused: self.refused + other.refused,
            tally: self.tally.plus(other.tally),
            counts: self.counts.plus(&other.counts),
            deliveries: self.deliveries + other.deliveries,
        }
    }
}

/// Whether an attempt is meant to last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Intent {
    Commit,
    /// Find out whether the database takes it, then roll back.
    Trial,
}

/// Applies batches, all or none.
///
/// # Errors
/// Rolled back. [`StoreError::fault`] says whose fault it was.
pub async fn apply(
    pool: &Pool,
    batches: &[&Batch],
    intent: Intent,
    now: Timestamp,
) -> Result<Applied, StoreError> {
    let mut client = pool.get().await?;
    let transaction =
        client.build_transaction().isolation_level(IsolationLevel::ReadCommitted).start().await?;
    let applied = steps(&transaction, batches, now).await?;
    match intent {
        Intent::Commit => transaction.commit().await?,
        Intent::Trial => transaction.rollback().await?,
    }
    Ok(applied)
}

async fn steps(
    transaction: &deadpool_postgres::Transaction<'_>,
    batches: &[&Batch],
    now: Timestamp,
) -> Result<Applied, StoreError> {
    let fresh = ledger::claim(transaction, batches).await?;
    let known = (batches.len() - fresh.len()) as u64;
    forget_starts(transaction, batches).await?;
    if fresh.is_empty() {
        return Ok(Applied { known, ..Applied::default() });
    }
    let mut applied = Applied { known, ..Applied::default() };
    let new = record(transaction, &fresh).await?;
    let concluded = conclude::conclude(transaction, &new, now).await?;
    ledger::keep_aside(transaction, &fresh, now).await?;
    let new = concluded.without_repeats(&new);
    ledger::close(transaction, &fresh, &new, &concluded, now, &mut applied).await?;
    applied.counts.conclude(&concluded);
    applied.deliveries = concluded.deliveries;
    Ok(applied)
}

/// Whatever was noted as begun ends with this transaction, also where it had ended before.
async fn forget_starts(
    transaction: &deadpool_postgres::Transaction<'_>,
    batches: &[&Batch],
) -> Result<(), StoreError> {
    let noted: Vec<Uuid> = batches.iter().filter(|batch| batch.noted).map(|batch| batch.claim.id).collect();
    if noted.is_empty() { Ok(()) } else { batch::forget_starts(transaction, &noted).await }
}

/// Stores the events whose keys are new and returns those; makes sure that each other one's key is really there.
async fn record<'a>(
    transaction: &deadpool_postgres::Transaction<'_>,
    fresh: &[&'a Batch],
) -> Result<Vec<&'a Event>, StoreError> {
    let mut events: Vec<&Event> = fresh.iter().flat_map(|batch| batch.events()).collect();
    if events.is_empty() {
        return Ok(events);
    }
    events.sort_by_key(|event| (event.row.natural_key, event.row.batch_id, event.row.ordinal));
    let rows: Vec<&EventRow> = events.iter().map(|event| &event.row).collect();
    let inserted: HashSet<(Uuid, i32)> = event::insert(transaction, &rows).await?.into_iter().collect();
    let is_new = |event: &&Event| inserted.contains(&(event.row.batch_id, event.row.ordinal));
    let skipped: Vec<&EventRow> =
        events.iter().filter(|event| !is_new(event)).map(|event| &event.row).collect();
    if !skipped.is_empty() && !event::all_known(transaction, &skipped).await? {
        return Err(StoreError::Contradiction("an event was neither inserted nor found"));
    }
    events.retain(is_new);
    Ok(events)
}
