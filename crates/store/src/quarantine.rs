//! Where input that cannot be applied is kept, whole, with its reason, until it is released or discarded.

use crate::StoreError;
use deadpool_postgres::GenericClient;
use jiff::Timestamp;
use uuid::Uuid;

/// Ordinal of a batch that is quarantined as a whole.
pub const WHOLE_BATCH: i32 = -1;

/// One thing to keep.
#[derive(Clone, Debug)]
pub struct Held {
    pub batch_id: Uuid,
    /// Position in the batch, or [`WHOLE_BATCH`].
    pub ordinal: i32,
    pub source_id: i32,
    pub received_at: Timestamp,
    /// Stable code, e.g. `bad_timestamp`.
    pub reason: &'static str,
    /// A sentence for people.
    pub detail: String,
    pub raw: Vec<u8>,
}

/// Keeps what is given. Each (batch, ordinal) is kept once; what is there already stays as it is.
///
/// # Errors
/// As any statement.
pub async fn hold(client: &impl GenericClient, held: &[&Held], now: Timestamp) -> Result<(), StoreError> {
    let statement = client
        .prepare_cached(
            "INSERT INTO quarantine (batch_id, ordinal, source_id, received_at, reason, detail, raw, created_at)
             SELECT *, $8 FROM unnest($1::uuid[], $2::int[], $3::int[], $4::timestamptz[], $5::text[], $6::text[], $7::bytea[])
             ON CONFLICT DO NOTHING",
        )
        .await?;
    let batches: Vec<_> = held.iter().map(|held| held.batch_id).collect();
    let ordinals: Vec<_> = held.iter().map(|held| held.ordinal).collect();
    let sources: Vec<_> = held.iter().map(|held| held.source_id).collect();
    let times: Vec<_> = held.iter().map(|held| held.received_at).collect();
    let reasons: Vec<_> = held.iter().map(|held| held.reason).collect();
    let details: Vec<_> = held.iter().map(|held| held.detail.as_str()).collect();
    let raws: Vec<_> = held.iter().map(|held| held.raw.as_slice()).collect();
    client
        .execute(&statement, &[&batches, &ordinals, &sources, &times, &reasons, &details, &raws, &now])
        .await?;
    Ok(())
}
