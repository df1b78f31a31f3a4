//! The ledger recomputed: statements that count stored rows again, in steps that a caller can bound.
//!
//! All of them belong into one REPEATABLE READ transaction, so that counters and rows are of the same moment. The
//! caller walks days and, inside a day, batches in the order of their ids; a [`Stretch`] names the batches of a step.
//! Role: operator. Locks nothing.

use crate::StoreError;
use deadpool_postgres::GenericClient;
use jiff::civil::{Date, date};
use tokio_postgres::Row;
use uuid::Uuid;

/// Before every day that can be stored: where a walk over days begins.
pub const BEFORE_ALL_DAYS: Date = date(1, 1, 1);

/// A batch's counters, as the worker wrote them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counters {
    pub id: Uuid,
    pub elements: i64,
    pub applied: i64,
    pub stale: i64,
    pub ignored: i64,
    pub duplicate: i64,
    pub quarantined: i64,
}

/// Batches received on `day` with an id above `after` and up to `through`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stretch {
    pub day: Date,
    pub after: Uuid,
    pub through: Uuid,
}

/// How many of a batch's elements are stored as events, by outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StoredEvents {
    pub batch: Uuid,
    pub applied: i64,
    pub stale: i64,
    pub ignored: i64,
}

/// How many of a batch's elements are in quarantine, released ones left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StoredQuarantine {
    pub batch: Uuid,
    pub quarantined: i64,
    /// Those of them that came through the broker's parking queue.
    pub parked: i64,
}

/// Finished deliveries of one day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Finished {
    pub delivered: i64,
    pub exhausted: i64,
}

/// The first day after `day` on which a batch was received.
///
/// # Errors
/// As any statement; so for every function here.
pub async fn next_day(client: &impl GenericClient, day: Date) -> Result<Option<Date>, StoreError> {
    next(client, include_str!("../sql/audit_next_day.sql"), day).await
}

/// The receive day from which on events are complete; `None`: retention has not taken any yet.
pub async fn events_kept_from(client: &impl GenericClient) -> Result<Option<Date>, StoreError> {
    let statement = client.prepare_cached(include_str!("../sql/audit_kept_from.sql")).await?;
    Ok(client.query_one(&statement, &[]).await?.get(0))
}

/// The counters of at most `limit` batches of `day` with ids above `after`, in the order of their ids.
pub async fn batches(
    client: &impl GenericClient,
    day: Date,
    after: Uuid,
    limit: i64,
) -> Result<Vec<Counters>, StoreError> {
    let statement = client.prepare_cached(include_str!("../sql/audit_batches.sql")).await?;
    let rows = client.query(&statement, &[&day, &after, &limit]).await?;
    Ok(rows.iter().map(counters).collect())
}

/// The stored events of these batches; also of batches in the stretch that the ledger does not have.
pub async fn events(client: &impl GenericClient, stretch: Stretch) -> Result<Vec<StoredEvents>, StoreError> {
    let statement = client.prepare_cached(include_str!("../sql/audit_events.sql")).await?;
    let rows = client.query(&statement, &[&stretch.after, &stretch.through, &stretch.day]).await?;
    Ok(rows
        .iter()
        .map(|row| StoredEvents {
            batch: row.get("batch_id"),
            applied: row.get("applied"),
            stale: row.get("stale"),
            ignored: row.get("ignored"),
        })
        .collect())
}

/// The quarantined elements of these batches; also of batches in the stretch that the ledger does not have.
pub async fn quarantine(
    client: &impl GenericClient,
    stretch: Stretch,
) -> Result<Vec<StoredQuarantine>, StoreError> {
    let statement = client.prepare_cached(include_str!("../sql/audit_quarantine.sql")).await?;
    let rows = client.query(&statement, &[&stretch.after, &stretch.through, &stretch.day]).await?;
    Ok(rows
        .iter()
        .map(|row| StoredQuarantine {
            batch: row.get("batch_id"),
            quarantined: row.get("quarantined"),
            parked: row.get("parked"),
        })
        .collect())
}

/// The first day after `day` on which a notification was created.
pub async fn next_notification_day(
    client: &impl GenericClient,
    day: Date,
) -> Result<Option<Date>, StoreError> {
    next(client, include_str!("../sql/audit_next_notification_day.sql"), day).await
}

/// How many notifications of each type were created on `day`.
pub async fn notifications(client: &impl GenericClient, day: Date) -> Result<Vec<(String, i64)>, StoreError> {
    let statement = client.prepare_cached(include_str!("../sql/audit_notifications.sql")).await?;
    let rows = client.query(&statement, &[&day]).await?;
    Ok(rows.iter().map(|row| (row.get(0), row.get(1))).collect())
}

/// The first day after `day` on which a delivery was finished.
pub async fn next_finish_day(client: &impl GenericClient, day: Date) -> Result<Option<Date>, StoreError> {
    next(client, include_str!("../sql/audit_next_finish_day.sql"), day).await
}

/// How the deliveries finished on `day` ended.
pub async fn finished(client: &impl GenericClient, day: Date) -> Result<Finished, StoreError> {
    let statement = client.prepare_cached(include_str!("../sql/audit_deliveries.sql")).await?;
    let row = client.query_one(&statement, &[&day]).await?;
    Ok(Finished { delivered: row.get(0), exhausted: row.get(1) })
}

/// How many deliveries are owed.
pub async fn unfinished(client: &impl GenericClient) -> Result<i64, StoreError> {
    let statement = client.prepare_cached(include_str!("../sql/audit_unfinished.sql")).await?;
    Ok(client.query_one(&statement, &[]).await?.get(0))
}

async fn next(client: &impl GenericClient, sql: &str, day: Date) -> Result<Option<Date>, StoreError> {
    let statement = client.prepare_cached(sql).await?;
    Ok(client.query_one(&statement, &[&day]).await?.get(0))
}

fn counters(row: &Row) -> Counters {
    let count = |column: &str| i64::from(row.get::<_, i32>(column));
    Counters {
        id: row.get("id"),
        elements: count("elements"),
        applied: count("applied"),
        stale: count("stale"),
        ignored: count("ignored"),
        duplicate: count("duplicate"),
        quarantined: count("quarantined"),
    }
}
