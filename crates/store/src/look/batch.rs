//! Batches' lines in the ledger.

use crate::StoreError;
use deadpool_postgres::GenericClient;
use jiff::Timestamp;
use jiff::civil::Date;
use tokio_postgres::Row;
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
    Ok(row.as_ref().map(batch_of))
}

/// Batches that the webhook of one source has brought, from the id `from` on, among those received on one of `days` (UTC):
/// the latest first, at most `limit`. Ids of ingest lead with the receive time.
///
/// # Errors
/// As any statement.
pub async fn batches_since(
    client: &impl GenericClient,
    days: &[Date],
    from: Uuid,
    source_id: i32,
    limit: i64,
) -> Result<Vec<Batch>, StoreError> {
    let statement = client.prepare_cached(include_str!("../../sql/look_batches_since.sql")).await?;
    let rows = client.query(&statement, &[&days, &from, &source_id, &limit]).await?;
    Ok(rows.iter().map(batch_of).collect())
}

/// Those of the batches `ids` in which an element that was kept contains `text`, among events of one of `days` (UTC) and
/// what is in quarantine. Repeats of known events are not kept.
///
/// # Errors
/// As any statement.
pub async fn batches_naming(
    client: &impl GenericClient,
    ids: &[Uuid],
    days: &[Date],
    text: &[u8],
) -> Result<Vec<Uuid>, StoreError> {
    let statement = client.prepare_cached(include_str!("../../sql/look_batches_naming.sql")).await?;
    let rows = client.query(&statement, &[&ids, &days, &text]).await?;
    Ok(rows.iter().map(|row| row.get("batch_id")).collect())
}

fn batch_of(row: &Row) -> Batch {
    Batch {
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
    }
}
