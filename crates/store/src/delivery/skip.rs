//! Deliveries moved by hand: skipped, or owed again. Role: operator.

use super::finish::wake;
use crate::StoreError;
use deadpool_postgres::{GenericClient, Transaction};
use jiff::Timestamp;
use std::time::Duration;
use uuid::Uuid;

/// A delivery that was skipped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Skipped {
    pub id: i64,
}

/// Skips unfinished deliveries: they leave the queue and enter history as `skipped`; their followers are woken. One that is
/// being sent at this moment, or is finished, is left alone and missing from the answer.
///
/// # Errors
/// As any statement.
pub async fn skip(
    transaction: &Transaction<'_>,
    ids: &[i64],
    now: Timestamp,
) -> Result<Vec<Skipped>, StoreError> {
    let statement = transaction.prepare_cached(include_str!("../../sql/delivery_skip.sql")).await?;
    let rows = transaction.query(&statement, &[&ids, &now]).await?;
    let heads: Vec<(i32, Uuid, i32)> = rows
        .iter()
        .filter_map(|row| {
            Some((row.get("endpoint_id"), row.get("subject_key"), row.get::<_, Option<i32>>("sequence")?))
        })
        .collect();
    wake(transaction, &heads, now).await?;
    Ok(rows.iter().map(|row| Skipped { id: row.get("id") }).collect())
}

/// Up to `limit` unfinished deliveries of an endpoint with ids above `after`, created before `before` if that is given.
///
/// # Errors
/// As any statement.
pub async fn held(
    client: &impl GenericClient,
    endpoint_id: i32,
    after: i64,
    before: Option<Timestamp>,
    limit: i64,
) -> Result<Vec<i64>, StoreError> {
    let statement = client.prepare_cached(include_str!("../../sql/delivery_held.sql")).await?;
    let rows = client.query(&statement, &[&endpoint_id, &after, &before, &limit]).await?;
    Ok(rows.iter().map(|row| row.get(0)).collect())
}

/// Owes finished deliveries again, outside any order and under the same `webhook-id`s, the first at `first_due` and each
/// `apart` after the one before. Returns the ids of the new deliveries; one whose notification retention took is missing.
///
/// # Errors
/// As any statement.
pub async fn replay(
    client: &impl GenericClient,
    ids: &[i64],
    first_due: Timestamp,
    apart: Duration,
    now: Timestamp,
) -> Result<Vec<i64>, StoreError> {
    let statement = client.prepare_cached(include_str!("../../sql/delivery_replay.sql")).await?;
    let apart = i64::try_from(apart.as_micros()).unwrap_or(i64::MAX);
    let rows = client.query(&statement, &[&ids, &first_due, &apart, &now]).await?;
    Ok(rows.iter().map(|row| row.get(0)).collect())
}
