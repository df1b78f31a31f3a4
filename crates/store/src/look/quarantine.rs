//! What is held aside, as people look through it.

use crate::StoreError;
use deadpool_postgres::GenericClient;
use jiff::Timestamp;
use tokio_postgres::Row;
use uuid::Uuid;

/// Which rows to show; `None` everywhere: all.
#[derive(Clone, Copy, Debug, Default)]
pub struct QuarantineFilter<'a> {
    /// `held`, `released` or `discarded`.
    pub state: Option<&'a str>,
    pub source_id: Option<i32>,
    pub reason: Option<&'a str>,
    pub batch: Option<Uuid>,
}

/// One row, without its bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quarantined {
    pub id: i64,
    pub batch_id: Uuid,
    /// Position in the batch; -1: the batch as a whole.
    pub ordinal: i32,
    /// `None`: no such source.
    pub source: Option<String>,
    pub received_at: Timestamp,
    /// Why it was held in the first place.
    pub reason: String,
    pub detail: String,
    pub state: String,
    /// What a released element ended as.
    pub became: Option<String>,
    /// When its release was last tried in vain.
    pub tried_at: Option<Timestamp>,
    /// Why that was in vain, as `reason: detail`.
    pub last_refusal: Option<String>,
    pub settled_at: Option<Timestamp>,
    /// Length of what is kept, in bytes.
    pub bytes: i64,
}

/// At most `limit` rows with ids below `before`, the newest first.
///
/// # Errors
/// As any statement.
pub async fn quarantine(
    client: &impl GenericClient,
    filter: QuarantineFilter<'_>,
    before: i64,
    limit: i64,
) -> Result<Vec<Quarantined>, StoreError> {
    let statement = client.prepare_cached(include_str!("../../sql/look_quarantine.sql")).await?;
    let rows = client
        .query(
            &statement,
            &[&filter.state, &filter.source_id, &filter.reason, &filter.batch, &before, &limit],
        )
        .await?;
    Ok(rows.iter().map(quarantined).collect())
}

/// Those of the given rows that exist, in the order of their ids.
///
/// # Errors
/// As any statement.
pub async fn quarantine_of(client: &impl GenericClient, ids: &[i64]) -> Result<Vec<Quarantined>, StoreError> {
    let statement = client.prepare_cached(include_str!("../../sql/look_quarantine_of.sql")).await?;
    Ok(client.query(&statement, &[&ids]).await?.iter().map(quarantined).collect())
}

/// The bytes of a row, as received.
///
/// # Errors
/// As any statement.
pub async fn quarantined_bytes(client: &impl GenericClient, id: i64) -> Result<Option<Vec<u8>>, StoreError> {
    let statement = client.prepare_cached("SELECT raw FROM quarantine WHERE id = $1").await?;
    Ok(client.query_opt(&statement, &[&id]).await?.map(|row| row.get(0)))
}

fn quarantined(row: &Row) -> Quarantined {
    Quarantined {
        id: row.get("id"),
        batch_id: row.get("batch_id"),
        ordinal: row.get("ordinal"),
        source: row.get("source"),
        received_at: row.get("received_at"),
        reason: row.get("reason"),
        detail: row.get("detail"),
        state: row.get("state"),
        became: row.get("became"),
        tried_at: row.get("tried_at"),
        last_refusal: row.get("last_refusal"),
        settled_at: row.get("settled_at"),
        bytes: row.get("bytes"),
    }
}
