//! Bounces whose message may not have arrived yet: when each is looked at again, and until when.

use crate::StoreError;
use deadpool_postgres::GenericClient;
use jiff::{Timestamp, civil::Date};
use uuid::Uuid;

/// One bounce that waits, taken by this transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pending {
    /// Of the stored event, as its natural key.
    pub day: Date,
    pub natural_key: Uuid,
    /// From then on it is not looked at any more.
    pub expires_at: Timestamp,
}

/// Keeps stored events for later looks.
///
/// # Errors
/// As any statement.
pub async fn keep(
    client: &impl GenericClient,
    events: &[(Date, Uuid)],
    next_try_at: Timestamp,
    expires_at: Timestamp,
) -> Result<(), StoreError> {
    let statement = client
        .prepare_cached(
            "INSERT INTO pending_bounces (day, natural_key, next_try_at, expires_at)
             SELECT day, natural_key, $3, $4 FROM unnest($1::date[], $2::uuid[]) AS e (day, natural_key)
             ON CONFLICT DO NOTHING",
        )
        .await?;
    let (days, natural): (Vec<_>, Vec<_>) = events.iter().copied().unzip();
    client.execute(&statement, &[&days, &natural, &next_try_at, &expires_at]).await?;
    Ok(())
}

/// Takes what is due, the longest waiting first, and locks it until the transaction ends. What another worker has taken
/// is passed over.
///
/// # Errors
/// As any statement.
pub async fn take(
    client: &impl GenericClient,
    now: Timestamp,
    limit: i64,
) -> Result<Vec<Pending>, StoreError> {
    let statement = client
        .prepare_cached(
            "SELECT day, natural_key, expires_at FROM pending_bounces
             WHERE next_try_at <= $1 ORDER BY next_try_at LIMIT $2 FOR UPDATE SKIP LOCKED",
        )
        .await?;
    let rows = client.query(&statement, &[&now, &limit]).await?;
    Ok(rows
        .iter()
        .map(|row| Pending { day: row.get(0), natural_key: row.get(1), expires_at: row.get(2) })
        .collect())
}

/// Takes one that is due, as [`take`]; `None`: it is not due any more, or another worker has taken it.
///
/// # Errors
/// As any statement.
pub async fn take_one(
    client: &impl GenericClient,
    (day, natural_key): (Date, Uuid),
    now: Timestamp,
) -> Result<Option<Pending>, StoreError> {
    let statement = client
        .prepare_cached(
            "SELECT expires_at FROM pending_bounces
             WHERE day = $1 AND natural_key = $2 AND next_try_at <= $3 FOR UPDATE SKIP LOCKED",
        )
        .await?;
    let row = client.query_opt(&statement, &[&day, &natural_key, &now]).await?;
    Ok(row.map(|row| Pending { day, natural_key, expires_at: row.get(0) }))
}

/// What is due, the longest waiting first. Locks nothing.
///
/// # Errors
/// As any statement.
pub async fn due(
    client: &impl GenericClient,
    now: Timestamp,
    limit: i64,
) -> Result<Vec<(Date, Uuid)>, StoreError> {
    let statement = client
        .prepare_cached(
            "SELECT day, natural_key FROM pending_bounces WHERE next_try_at <= $1 ORDER BY next_try_at LIMIT $2",
        )
        .await?;
    let rows = client.query(&statement, &[&now, &limit]).await?;
    Ok(rows.iter().map(|row| (row.get(0), row.get(1))).collect())
}

/// Puts taken ones off until `next_try_at`.
///
/// # Errors
/// As any statement.
pub async fn put_off(
    client: &impl GenericClient,
    events: &[(Date, Uuid)],
    next_try_at: Timestamp,
) -> Result<(), StoreError> {
    let statement = client
        .prepare_cached(
            "UPDATE pending_bounces p SET next_try_at = $3
             FROM unnest($1::date[], $2::uuid[]) AS e (day, natural_key)
             WHERE p.day = e.day AND p.natural_key = e.natural_key",
        )
        .await?;
    let (days, natural): (Vec<_>, Vec<_>) = events.iter().copied().unzip();
    client.execute(&statement, &[&days, &natural, &next_try_at]).await?;
    Ok(())
}

/// Forgets taken ones: their message was found, or never will be.
///
/// # Errors
/// As any statement.
pub async fn forget(client: &impl GenericClient, events: &[(Date, Uuid)]) -> Result<(), StoreError> {
    let statement = client
        .prepare_cached(
            "DELETE FROM pending_bounces p USING unnest($1::date[], $2::uuid[]) AS e (day, natural_key)
             WHERE p.day = e.day AND p.natural_key = e.natural_key",
        )
        .await?;
    let (days, natural): (Vec<_>, Vec<_>) = events.iter().copied().unzip();
    client.execute(&statement, &[&days, &natural]).await?;
    Ok(())
}

/// How many wait.
///
/// # Errors
/// As any statement.
pub async fn count(client: &impl GenericClient) -> Result<i64, StoreError> {
    let statement = client.prepare_cached("SELECT count(*) FROM pending_bounces").await?;
    Ok(client.query_one(&statement, &[]).await?.get(0))
}
