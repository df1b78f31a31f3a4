//! Where input that cannot be applied is kept, whole, with its reason, until it is released or discarded.
//!
//! A row is settled once: released by the worker in the transaction that applies it, or discarded by an operator. What
//! of the two comes second finds it settled and changes nothing. What people look through is in [`crate::look`].

use crate::StoreError;
use crate::value::origin;
use bytes::Bytes;
use deadpool_postgres::GenericClient;
use domain::Origin;
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
    pub raw: Bytes,
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
    let raws: Vec<_> = held.iter().map(|held| &*held.raw).collect();
    client
        .execute(&statement, &[&batches, &ordinals, &sources, &times, &reasons, &details, &raws, &now])
        .await?;
    Ok(())
}

/// What is held, to be released.
#[derive(Clone, Debug)]
pub struct Stored {
    pub id: i64,
    pub batch_id: Uuid,
    /// Position in the batch, or [`WHOLE_BATCH`].
    pub ordinal: i32,
    pub source_id: i32,
    pub received_at: Timestamp,
    /// Of its batch.
    pub origin: Origin,
    pub raw: Vec<u8>,
}

/// A held row as it is, not locked: to be read before the transaction that takes it is begun. `None`: it is settled, or
/// was never there.
///
/// # Errors
/// As any statement.
pub async fn find_held(client: &impl GenericClient, id: i64) -> Result<Option<Stored>, StoreError> {
    let statement = client
        .prepare_cached(
            "SELECT q.id, q.batch_id, q.ordinal, q.source_id, q.received_at, q.raw, b.origin
             FROM quarantine q
             LEFT JOIN batches b ON b.received_on = (q.received_at AT TIME ZONE 'UTC')::date AND b.id = q.batch_id
             WHERE q.id = $1 AND q.state = 'held'",
        )
        .await?;
    let row = client.query_opt(&statement, &[&id]).await?;
    Ok(row.map(|row| Stored {
        id: row.get("id"),
        batch_id: row.get("batch_id"),
        ordinal: row.get("ordinal"),
        source_id: row.get("source_id"),
        received_at: row.get("received_at"),
        origin: origin(row.get("origin")),
        raw: row.get("raw"),
    }))
}

/// Locks a held row until the transaction ends; whether it was still held.
///
/// # Errors
/// As any statement.
pub async fn take(client: &impl GenericClient, id: i64) -> Result<bool, StoreError> {
    let statement =
        client.prepare_cached("SELECT FROM quarantine WHERE id = $1 AND state = 'held' FOR UPDATE").await?;
    Ok(client.query_opt(&statement, &[&id]).await?.is_some())
}

/// Settles a taken row as released. `became`: what the element ended as; `None` for a whole batch, whose elements end
/// in many ways.
///
/// # Errors
/// As any statement.
pub async fn release(
    client: &impl GenericClient,
    id: i64,
    became: Option<&str>,
    now: Timestamp,
) -> Result<(), StoreError> {
    let statement = client
        .prepare_cached(
            "UPDATE quarantine SET state = 'released', became = $2, settled_at = $3 WHERE id = $1",
        )
        .await?;
    client.execute(&statement, &[&id, &became, &now]).await?;
    Ok(())
}

/// Notes on a held row that its release was tried in vain, and why. A row that is settled stays as it is.
///
/// # Errors
/// As any statement.
pub async fn refuse(
    client: &impl GenericClient,
    id: i64,
    refusal: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    let statement = client
        .prepare_cached(
            "UPDATE quarantine SET last_refusal = $2, tried_at = $3 WHERE id = $1 AND state = 'held'",
        )
        .await?;
    client.execute(&statement, &[&id, &refusal, &now]).await?;
    Ok(())
}

/// Settles those of the given rows that are held as discarded; returns their ids. Locks them in the order of their ids, so
/// that two who discard the same rows never deadlock. Role: operator.
///
/// # Errors
/// As any statement.
pub async fn discard(
    client: &impl GenericClient,
    ids: &[i64],
    now: Timestamp,
) -> Result<Vec<i64>, StoreError> {
    let statement = client
        .prepare_cached(
            "WITH chosen AS (SELECT id FROM quarantine WHERE id = ANY ($1) AND state = 'held' ORDER BY id FOR UPDATE)
             UPDATE quarantine SET state = 'discarded', settled_at = $2
             FROM chosen WHERE quarantine.id = chosen.id RETURNING quarantine.id",
        )
        .await?;
    let rows = client.query(&statement, &[&ids, &now]).await?;
    Ok(rows.iter().map(|row| row.get(0)).collect())
}
