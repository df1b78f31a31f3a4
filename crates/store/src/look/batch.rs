//! One batch's line in the ledger.

use crate::StoreError;
use deadpool_postgres::GenericClient;
use jiff::Timestamp;
use jiff::civil::Date;
use uuid::Uuid;

/// A batch and how its elements ended: `elements` is the sum of the five counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    pub id: Uuid,
    /// `None`: no such source.
    pub source: Option<String>,
    pub source_id: i32,
    pub received_at: Timestamp,
    /// `recorded`, or `quarantined` when it could not be read as a whole.
    pub state: String,
    pub elements: i32,
    pub applied: i32,
    pub stale: i32,
    pub ignored: i32,
    pub duplicate: i32,
    pub quarantined: i32,
}

/// The batch `id`, if it was received on one of `days` (UTC). The day leads the key, so it has to be known.
///
/// # Errors
/// As any statement.
pub async fn batch(
    client: &impl GenericClient,
    days: &[Date],
    id: Uuid,
) -> Result<Option<Batch>, StoreError> {
    let statement = client.prepare_cached(include_str!("../../sql/look_batch.sql")).await?;
    let row = client.query_opt(&statement, &[&days, &id]).await?;
    Ok(row.map(|row| Batch {
        id: row.get("id"),
        source: row.get("source"),
        source_id: row.get("source_id"),
        received_at: row.get("received_at"),
        state: row.get("state"),
        elements: row.get("elements"),
        applied: row.get("applied"),
        stale: row.get("stale"),
        ignored: row.get("ignored"),
        duplicate: row.get("duplicate"),
        quarantined: row.get("quarantined"),
    }))
}
