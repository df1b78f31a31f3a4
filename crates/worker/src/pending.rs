//! Bounces whose message had not arrived when they came: looked for each minute, for a day.
//!
//! Every worker sweeps; whoever locks a row first looks, the others pass it over. A bounce is settled in one transaction:
//! attached to its message with everything that follows, or forgotten when several messages may be meant, when it was
//! recovered meanwhile (its message has it), or when its day is over; its recipient knows of it since it came. After a
//! crash the rows are there and due. One that cannot be settled is put off alone, so that it never holds up the others,
//! and forgotten with its day.

use crate::apply::conclude::{self, Concluded, LOOK_AGAIN_AFTER, key};
use crate::batch::{Event, Source};
use crate::counts::{Correlation, Counts, Ending};
use crate::hint::Owed;
use crate::sources::Sources;
use crate::{metrics, now, read};
use jiff::{Timestamp, civil::Date};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant};
use store::batch::{Adjustment, Tally, day};
use store::event::EventRow;
use store::pending::Pending;
use store::{Pool, StoreError, batch, event, pending};
use tokio_postgres::IsolationLevel;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// Most bounces settled in one transaction.
const TAKEN_MAX: usize = 200;

/// How often those that wait are counted, for whoever watches.
const COUNT_EVERY: Duration = Duration::from_secs(60);

type Key = (Date, Uuid);

/// Sweeps until `shutdown`, each `every`: how soon a bounce that is due is noticed.
pub(crate) async fn run(pool: Pool, owed: Owed, every: Duration, shutdown: CancellationToken) {
    let mut sources = Sources::default();
    let mut counted = None;
    loop {
        let swept = sweep(&pool, &owed, &mut sources, &shutdown).await;
        let due = counted.is_none_or(|at: Instant| at.elapsed() >= COUNT_EVERY);
        let looked = match swept {
            Ok(()) if due => {
                counted = Some(Instant::now());
                count(&pool).await
            }
            swept => swept,
        };
        if let Err(error) = looked {
            // Whatever it was, the rows are as they were.
            tracing::warn!(error = error.summary(), "pending bounces could not be looked after");
        }
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = tokio::time::sleep(every) => {}
        }
    }
}

async fn count(pool: &Pool) -> Result<(), StoreError> {
    metrics::pending(pending::count(&pool.get().await?).await?);
    Ok(())
}

/// Looks at everything that is due.
async fn sweep(
    pool: &Pool,
    owed: &Owed,
    sources: &mut Sources,
    shutdown: &CancellationToken,
) -> Result<(), StoreError> {
    let now = now();
    while !shutdown.is_cancelled() {
        let taken = match settle(pool, owed, sources, now, Taking::Due).await {
            Err(error) if is_of_the_surroundings(&error) => return Err(error),
            Err(_) => one_by_one(pool, owed, sources, now).await?,
            Ok(taken) => taken,
        };
        if taken < TAKEN_MAX {
            break;
        }
    }
    Ok(())
}

/// The database could not be asked at all, so nothing is known of any bounce.
fn is_of_the_surroundings(error: &StoreError) -> bool {
    error.sqlstate().is_none() && !error.concerns_one_thing()
}

/// Settles bounces alone, and puts off those that cannot be; returns how many there were.
async fn one_by_one(
    pool: &Pool,
    owed: &Owed,
    sources: &mut Sources,
    now: Timestamp,
) -> Result<usize, StoreError> {
    let due = pending::due(&pool.get().await?, now, TAKEN_MAX as i64).await?;
    for key in &due {
        match settle(pool, owed, sources, now, Taking::One(*key)).await {
            Ok(_) => {}
            Err(error) if is_of_the_surroundings(&error) => return Err(error),
            Err(error) => {
                let error = error.summary();
                tracing::error!(error, "a pending bounce cannot be settled, looking again later");
                pass_over(pool, *key, now).await?;
            }
        }
    }
    Ok(due.len())
}

/// Puts a bounce off, or forgets it with its day.
async fn pass_over(pool: &Pool, key: Key, now: Timestamp) -> Result<(), StoreError> {
    let mut client = pool.get().await?;
    let transaction = client.transaction().await?;
    match pending::take_one(&transaction, key, now).await? {
        Some(one) if one.expires_at <= now => pending::forget(&transaction, &[key]).await?,
        Some(_) => pending::put_off(&transaction, &[key], now + LOOK_AGAIN_AFTER).await?,
        None => {}
    }
    Ok(transaction.commit().await?)
}

/// Which bounces to settle.
#[derive(Clone, Copy)]
enum Taking {
    /// Up to [`TAKEN_MAX`] that have been due longest.
    Due,
    One(Key),
}

/// Settles bounces; returns how many were taken.
async fn settle(
    pool: &Pool,
    owed: &Owed,
    sources: &mut Sources,
    now: Timestamp,
    taking: Taking,
) -> Result<usize, StoreError> {
    let mut client = pool.get().await?;
    let transaction =
        client.build_transaction().isolation_level(IsolationLevel::ReadCommitted).start().await?;
    let taken = match taking {
        Taking::Due => pending::take(&transaction, now, TAKEN_MAX as i64).await?,
        Taking::One(key) => pending::take_one(&transaction, key, now).await?.into_iter().collect(),
    };
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
    owed.note(concluded.deliveries);
    metrics::concluded(&counts, concluded.deliveries);
    Ok(taken.len())
}

/// Those whose source is known and whose element this release can read; the others wait no longer.
fn readable(rows: Vec<EventRow>, source: impl Fn(i32) -> Option<Arc<Source>>) -> Vec<Event> {
    let readable = rows.into_iter().filter_map(|row| {
        let source = source(row.source_id)?;
        read::stored(row, &source)
    });
    readable.collect()
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
    let done: Vec<Key> = expires.keys().copied().filter(|key| !staying.contains(key)).collect();
    if !put_off.is_empty() {
        pending::put_off(transaction, &put_off, now + LOOK_AGAIN_AFTER).await?;
    }
    if !done.is_empty() {
        pending::forget(transaction, &done).await?;
    }
    let mut counts = Counts::default();
    counts.conclude(concluded);
    // They were counted as pending when they came.
    counts.correlations.remove(&Correlation::Pending);
    // With what retention took, and what this release cannot read any more.
    counts.correlation(Correlation::Expired, expired.len() + taken.len() - bounces.len());
    Ok(counts)
}

/// Bounces were applied when they came; one that finds its message further on is stale.
fn became_stale(concluded: &Concluded<'_>) -> Vec<Adjustment> {
    let mut changes: BTreeMap<(Date, Uuid), Tally> = BTreeMap::new();
    for placed in &concluded.places.placed {
        let row = &placed.event.row;
        if concluded.stale.contains(&(row.batch_id, row.ordinal)) && *row.outcome == *Ending::Applied.as_str()
        {
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
