//! Stored events: the dedupe memory and the history that audits and replays read.
//!
//! Two keys, both unique inside the event's own day, which SendGrid's repeats share. A duplicate is a key that was
//! *found*: what an insert skipped is looked up before it is called one.

use crate::StoreError;
use deadpool_postgres::GenericClient;
use jiff::{Timestamp, civil::Date};
use postgres_types::{FromSql, ToSql};
use uuid::Uuid;

/// One event on its way in; field for field the database type `event_row`.
#[derive(Clone, Debug, ToSql, FromSql)]
#[postgres(name = "event_row")]
pub struct EventRow {
    pub day: Date,
    pub natural_key: Uuid,
    pub first_key: Option<Uuid>,
    pub source_id: i32,
    pub message_key: Option<Uuid>,
    pub batch_id: Uuid,
    pub ordinal: i32,
    pub occurred_at: Timestamp,
    pub received_at: Timestamp,
    pub name: String,
    pub outcome: String,
    pub reason: Option<String>,
    pub raw: Vec<u8>,
}

/// Inserts what is new and returns the (batch, ordinal) of exactly those.
///
/// `rows` must be sorted by natural key. Rows of one call may repeat each other: one of them wins. Waits for other
/// transactions that insert the same keys.
///
/// # Errors
/// As any statement.
pub async fn insert(client: &impl GenericClient, rows: &[&EventRow]) -> Result<Vec<(Uuid, i32)>, StoreError> {
    let statement = client.prepare_cached(include_str!("../sql/event_insert.sql")).await?;
    let inserted = client.query(&statement, &[&rows]).await?;
    Ok(inserted.iter().map(|row| (row.get(0), row.get(1))).collect())
}

/// Whether a key of every given event is stored.
///
/// # Errors
/// As any statement.
pub async fn all_known(client: &impl GenericClient, rows: &[&EventRow]) -> Result<bool, StoreError> {
    let statement = client.prepare_cached(include_str!("../sql/event_known.sql")).await?;
    let days: Vec<_> = rows.iter().map(|row| row.day).collect();
    let natural: Vec<_> = rows.iter().map(|row| row.natural_key).collect();
    let first: Vec<_> = rows.iter().map(|row| row.first_key).collect();
    let known = client.query(&statement, &[&days, &natural, &first]).await?;
    Ok(known.iter().all(|row| row.get(0)))
}

/// Marks events just inserted as stale: the fold found their message further on.
///
/// # Errors
/// As any statement.
pub async fn mark_stale(client: &impl GenericClient, keys: &[(Date, Uuid)]) -> Result<(), StoreError> {
    let statement = client.prepare_cached(include_str!("../sql/event_mark_stale.sql")).await?;
    let (days, natural): (Vec<_>, Vec<_>) = keys.iter().copied().unzip();
    client.execute(&statement, &[&days, &natural]).await?;
    Ok(())
}
