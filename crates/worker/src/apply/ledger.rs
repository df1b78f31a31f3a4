//! The first and the last step of the transaction: claiming batches, and adding up how their elements ended.
//!
//! A batch that arrives gets its row; one that comes out of the quarantine changes the row it has, as the last lock that
//! the transaction takes.

use super::Applied;
use super::conclude::Concluded;
use crate::batch::{Batch, Content, Entry, Event};
use crate::counts::{Counts, Ending};
use jiff::Timestamp;
use std::collections::{HashMap, HashSet};
use store::batch::{Adjustment, BatchState, Claim, Tally, day};
use store::quarantine::Held;
use store::{StoreError, batch, quarantine};
use uuid::Uuid;

/// The first statement: whoever inserts a batch's row records the batch. What comes out of the quarantine is claimed by
/// the lock on its row, which is held only once.
pub(super) async fn claim<'a>(
    transaction: &deadpool_postgres::Transaction<'_>,
    batches: &[&'a Batch],
) -> Result<Vec<&'a Batch>, StoreError> {
    let arrived = batches.iter().filter(|batch| batch.entry == Entry::Arrived);
    let mut claims: Vec<Claim> = arrived.map(|batch| batch.claim.clone()).collect();
    claims.sort_by_key(|claim| claim.id);
    claims.dedup_by_key(|claim| claim.id);
    let mut fresh: HashSet<Uuid> = if claims.is_empty() {
        HashSet::new()
    } else {
        batch::claim(transaction, &claims).await?.into_iter().collect()
    };
    let mut claimed = Vec::with_capacity(batches.len());
    for batch in batches.iter().copied() {
        let is_fresh = match batch.entry {
            // `remove`: of two deliveries of one batch in one window, the first is the batch and the second a repeat.
            Entry::Arrived => fresh.remove(&batch.claim.id),
            Entry::Released { quarantine, .. } => quarantine::take(transaction, quarantine).await?,
        };
        if is_fresh {
            claimed.push(batch);
        }
    }
    Ok(claimed)
}

/// Keeps aside what cannot be applied. What came out of the quarantine and cannot be applied yet stays where it is, with
/// its refusal of today.
pub(super) async fn keep_aside(
    transaction: &deadpool_postgres::Transaction<'_>,
    fresh: &[&Batch],
    now: Timestamp,
) -> Result<(), StoreError> {
    let mut new: Vec<&Held> = Vec::new();
    for batch in fresh {
        match batch.entry {
            Entry::Released { quarantine, ordinal } => {
                for held in batch.held() {
                    if held.ordinal == ordinal {
                        let refusal = format!("{}: {}", held.reason, held.detail);
                        quarantine::refuse(transaction, quarantine, &refusal, now).await?;
                    } else {
                        new.push(held);
                    }
                }
            }
            Entry::Arrived => new.extend(batch.held()),
        }
    }
    if new.is_empty() { Ok(()) } else { quarantine::hold(transaction, &new, now).await }
}

/// Adds every batch up and writes the sums.
pub(super) async fn close(
    transaction: &deadpool_postgres::Transaction<'_>,
    fresh: &[&Batch],
    new: &[&Event],
    concluded: &Concluded<'_>,
    now: Timestamp,
    applied: &mut Applied,
) -> Result<(), StoreError> {
    let new: HashMap<(Uuid, i32), &Event> =
        new.iter().map(|event| ((event.row.batch_id, event.row.ordinal), *event)).collect();
    let mut closed = Vec::with_capacity(fresh.len());
    for batch in fresh {
        if let Entry::Released { ordinal, .. } = batch.entry
            && batch.held().any(|held| held.ordinal == ordinal)
        {
            applied.refused += 1;
            continue;
        }
        let tally = add_up(batch, &new, concluded, &mut applied.counts);
        applied.tally = applied.tally.plus(tally);
        match batch.entry {
            Entry::Arrived => {
                applied.batches += 1;
                closed.push((&batch.claim, state(batch), tally));
            }
            Entry::Released { quarantine, ordinal } => {
                applied.released += 1;
                close_released(transaction, batch, quarantine, ordinal, tally, now).await?;
            }
        }
    }
    if closed.is_empty() { Ok(()) } else { batch::close(transaction, &closed).await }
}

/// How the elements of a batch ended.
fn add_up(
    batch: &Batch,
    new: &HashMap<(Uuid, i32), &Event>,
    concluded: &Concluded<'_>,
    counts: &mut Counts,
) -> Tally {
    let mut tally = Tally::default();
    for event in batch.events() {
        let place = (event.row.batch_id, event.row.ordinal);
        let ending = match new.get(&place) {
            // Its key was found in `record`, or the event itself in `repeat`.
            None => Ending::Duplicate,
            Some(event) if event.row.reason.is_some() => Ending::Ignored,
            Some(_) if concluded.stale.contains(&place) => Ending::Stale,
            Some(_) => Ending::Applied,
        };
        ending.add_to(&mut tally);
        counts.event(event.fact.kind, ending);
    }
    for held in batch.held() {
        tally.elements += 1;
        tally.quarantined += 1;
        counts.held(held.reason);
    }
    tally
}

fn state(batch: &Batch) -> BatchState {
    match batch.content {
        Content::Elements(_) => BatchState::Recorded,
        Content::Whole(_) => BatchState::Quarantined,
    }
}

/// The one element that was counted as quarantined becomes what it is, or as many as it holds.
async fn close_released(
    transaction: &deadpool_postgres::Transaction<'_>,
    batch: &Batch,
    quarantine: i64,
    ordinal: i32,
    tally: Tally,
    now: Timestamp,
) -> Result<(), StoreError> {
    let whole = ordinal == quarantine::WHOLE_BATCH;
    let became = Ending::of(&tally).filter(|_| !whole).map(Ending::as_str);
    quarantine::release(transaction, quarantine, became, now).await?;
    let change = Tally { elements: tally.elements - 1, quarantined: tally.quarantined - 1, ..tally };
    let adjustment = Adjustment {
        received_on: day(batch.claim.received_at),
        id: batch.claim.id,
        state: whole.then_some(BatchState::Recorded),
        change,
    };
    batch::adjust(transaction, &[adjustment]).await
}
