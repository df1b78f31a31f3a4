//! The one transaction: a window of batches into the ledger, the messages and what is owed.
//!
//! Promise 2 rests here: the caller acks a window only after [`apply`] returned, which is after the commit. Everything is
//! keyed so that applying a batch again changes nothing: a batch that is in the ledger is skipped whole, which also
//! settles a commit whose answer was lost. On any error the transaction is rolled back whole and nothing is remembered.
//!
//! Locks are taken in one order by everybody: batches, events, messages, recipients; within each by key.

use crate::batch::{Batch, Content, Event};
use crate::fold::{self, Folded};
use crate::recipients;
use jiff::Timestamp;
use std::collections::{HashMap, HashSet};
use store::batch::{BatchState, Claim, Tally};
use store::event::EventRow;
use store::quarantine::Held;
use store::{Pool, StoreError, batch, event, notification, quarantine};
use tokio_postgres::IsolationLevel;
use uuid::Uuid;

/// What a window came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Applied {
    /// Batches recorded now.
    pub batches: u64,
    /// Batches that were in the ledger before.
    pub known: u64,
    pub tally: Tally,
    pub notifications: u64,
    pub deliveries: u64,
}

impl Applied {
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            batches: self.batches + other.batches,
            known: self.known + other.known,
            tally: self.tally.plus(other.tally),
            notifications: self.notifications + other.notifications,
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
    let fresh = claim(transaction, batches).await?;
    let known = (batches.len() - fresh.len()) as u64;
    forget_starts(transaction, batches).await?;
    if fresh.is_empty() {
        return Ok(Applied { known, ..Applied::default() });
    }
    let new = record(transaction, &fresh).await?;
    let folded = fold::fold(transaction, &new, now).await?;
    recipients::fold(transaction, &new).await?;
    if !folded.stale.is_empty() {
        event::mark_stale(transaction, &folded.stale).await?;
    }
    let deliveries = match folded.told.as_slice() {
        [] => 0,
        told => notification::tell(transaction, told).await?,
    };
    let held: Vec<&Held> = fresh.iter().flat_map(|batch| batch.held()).collect();
    if !held.is_empty() {
        quarantine::hold(transaction, &held, now).await?;
    }
    let tally = close(transaction, &fresh, &new, &folded).await?;
    Ok(Applied {
        batches: fresh.len() as u64,
        known,
        tally,
        notifications: folded.told.len() as u64,
        deliveries,
    })
}

/// The first statement: whoever inserts a batch's row records the batch.
async fn claim<'a>(
    transaction: &deadpool_postgres::Transaction<'_>,
    batches: &[&'a Batch],
) -> Result<Vec<&'a Batch>, StoreError> {
    let mut claims: Vec<Claim> = batches.iter().map(|batch| batch.claim.clone()).collect();
    claims.sort_by_key(|claim| claim.id);
    claims.dedup_by_key(|claim| claim.id);
    let mut fresh: HashSet<Uuid> = batch::claim(transaction, &claims).await?.into_iter().collect();
    // `remove`: of two deliveries of one batch in one window, the first is the batch and the second a repeat.
    Ok(batches.iter().copied().filter(|batch| fresh.remove(&batch.claim.id)).collect())
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

/// Adds every batch up and writes the sums.
async fn close(
    transaction: &deadpool_postgres::Transaction<'_>,
    fresh: &[&Batch],
    new: &[&Event],
    folded: &Folded,
) -> Result<Tally, StoreError> {
    let stale: HashSet<_> = folded.stale.iter().copied().collect();
    let mut tallies: HashMap<Uuid, Tally> = HashMap::with_capacity(fresh.len());
    for event in new {
        let tally = tallies.entry(event.row.batch_id).or_default();
        if event.row.reason.is_some() {
            tally.ignored += 1;
        } else if stale.contains(&(event.row.day, event.row.natural_key)) {
            tally.stale += 1;
        } else {
            tally.applied += 1;
        }
    }
    let mut total = Tally::default();
    let mut closed = Vec::with_capacity(fresh.len());
    for batch in fresh {
        let mut tally = tallies.get(&batch.claim.id).copied().unwrap_or_default();
        let read = count(batch.events().count());
        tally.quarantined = count(batch.held().count());
        tally.elements = read + tally.quarantined;
        // Each of these had its key found in `record`.
        tally.duplicate = read - tally.applied - tally.stale - tally.ignored;
        total = total.plus(tally);
        let state = match batch.content {
            Content::Elements(_) => BatchState::Recorded,
            Content::Whole(_) => BatchState::Quarantined,
        };
        closed.push((&batch.claim, state, tally));
    }
    batch::close(transaction, &closed).await?;
    Ok(total)
}

fn count(count: usize) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}
