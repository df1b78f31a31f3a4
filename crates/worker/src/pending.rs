//! Bounces whose message had not arrived when they came: looked for each minute, for a day.
//!
//! Every worker sweeps; whoever locks a row first looks, the others pass it over. A bounce is settled in one transaction:
//! attached to its message with everything that follows, or forgotten when several messages may be meant or its day is
//! over (its recipient knows of it since it came). After a crash the rows are there and due.

use crate::apply::conclude::{self, Concluded, LOOK_AGAIN_AFTER, key};
use crate::batch::{Event, Source};
use crate::counts::{Correlation, Counts, Ending};
use crate::sources::Sources;
use crate::{metrics, now, read};
use jiff::{Timestamp, civil::Date};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;
use store::batch::{Adjustment, Tally, day};
use store::event::EventRow;
use store::pending::Pending;
use store::{Pool, StoreError, batch, event, pending};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// Most bounces settled in one transaction: some milliseconds each at worst.
const TAKEN_MAX: i64 = 200;

type Key = (Date, Uuid);

/// Sweeps until `shutdown`, each `every`: how soon a bounce that is due is noticed.
pub(crate) async fn run(pool: Pool, every: Duration, shutdown: CancellationToken) {
    let mut sources = Sources::default();
    loop {
        if let Err(error) = sweep(&pool, &mut sources, &shutdown).await {
            // Whatever it was, the rows are as they were.
            tracing::warn!(error = error.summary(), "pending bounces could not be looked after");
        }
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = tokio::time::sleep(every) => {}
        }
    }
}

/// Looks at everything that is due.
async fn sweep(pool: &Pool, sources: &mut Sources, shutdown: &CancellationToken) -> Result<(), StoreError> {
    let now = now();
    while !shutdown.is_cancelled() {
        let taken = settle(pool, sources, now).await?;
        if taken < TAKEN_MAX.unsigned_abs() as usize {
            break;
        }
    }
    metrics::pending(pending::count(&pool.get().await?).await?);
    Ok(())
}

/// Settles the bounces that have been due longest; returns how many were taken.
async fn settle(pool: &Pool, sources: &mut Sources, now: Timestamp) -> Result<usize, StoreError> {
    let mut client = pool.get().await?;
    let transaction = client.transaction().await?;
    let taken = pending::take(&transaction, now, TAKEN_MAX).await?;
    if taken.is_empty() {
        return Ok(0);
    }
    let keys: Vec<Key> = taken.iter().map(|one| (one.day, one.natural_key)).collect();
    let rows = event::find(&transaction, &keys).await?;
    sources.refresh(pool, &rows.iter().map(|row| row.source_id).collect::<Vec<_>>()).await?;
    let bounces = readable(rows, |source| sources.get(source).cloned());
    let bounces: Vec<&Event> = bounces.iter().collect();
    let concluded = conclude::conclude_pending(&transaction, &bounces, now).await?;
    let counts = put_away(&transaction, &taken, &bounces, &concluded, now).await?;
    let became_stale = became_stale(&concluded);
    if !became_stale.is_empty() {
        batch::adjust(&transaction, &became_stale).await?;
    }
    transaction.commit().await?;
    metrics::swept(&counts, concluded.deliveries);
    Ok(taken.len())
}

fn readable(rows: Vec<EventRow>, source: impl Fn(i32) -> Option<Arc<Source>>) -> Vec<Event> {
    rows.into_iter()
        .filter_map(|row| {
            let source = source(row.source_id)?;
            read::stored(row, &source)
        })
        .collect()
}

/// Puts off what may still come and forgets the rest.
async fn put_away(
    transaction: &deadpool_postgres::Transaction<'_>,
    taken: &[Pending],
    bounces: &[&Event],
    concluded: &Concluded<'_>,
    now: Timestamp,
) -> Result<Counts, StoreError> {
    let expires: HashMap<Key, Timestamp> =
        taken.iter().map(|one| ((one.day, one.natural_key), one.expires_at)).collect();
    let still_pending = concluded.places.pending.iter().map(|event| key(event));
    let (expired, put_off): (Vec<Key>, Vec<Key>) =
        still_pending.partition(|key| expires.get(key).is_none_or(|at| *at <= now));
    let staying: HashSet<Key> = put_off.iter().copied().collect();
    // Also what retention took, and what this release cannot read any more.
    let done: Vec<Key> = expires.keys().copied().filter(|key| !staying.contains(key)).collect();
    if !put_off.is_empty() {
        pending::put_off(transaction, &put_off, now + LOOK_AGAIN_AFTER).await?;
    }
    if !done.is_empty() {
        pending::forget(transaction, &done).await?;
    }
    tracing::debug!(
        taken = taken.len(),
        read = bounces.len(),
        put_off = put_off.len(),
        "looked for messages of bounces"
    );
    let mut counts = Counts::default();
    counts.conclude(concluded);
    // They were counted as pending when they came.
    counts.correlations.remove(&Correlation::Pending);
    counts.correlation(Correlation::Expired, expired.len());
    Ok(counts)
}

/// Bounces were applied when they came; one that finds its message further on is stale.
fn became_stale(concluded: &Concluded<'_>) -> Vec<Adjustment> {
    let mut changes: BTreeMap<(Date, Uuid), Tally> = BTreeMap::new();
    for placed in &concluded.places.placed {
        let row = &placed.event.row;
        if concluded.stale.contains(&(row.batch_id, row.ordinal)) && row.outcome == Ending::Applied.as_str() {
            let change = changes.entry((day(row.received_at), row.batch_id)).or_default();
            change.applied -= 1;
            change.stale += 1;
        }
    }
    changes
        .into_iter()
        .map(|((received_on, id), change)| Adjustment { received_on, id, state: None, change })
        .collect()
}
