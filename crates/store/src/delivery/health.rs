//! What is remembered of an endpoint's health, and its end: written after the attempts that show it, in their transaction.

use crate::StoreError;
use deadpool_postgres::{GenericClient, Transaction};
use domain::breaker::Breaker;
use jiff::Timestamp;
use tokio_postgres::Row;

/// Locks and reads the health of endpoints that failed, and of those that succeeded where failures are remembered; the
/// others are well and are left out. In the order of their ids.
///
/// # Errors
/// As any statement.
pub async fn health(
    transaction: &Transaction<'_>,
    failed: &[i32],
    succeeded: &[i32],
) -> Result<Vec<(i32, Breaker)>, StoreError> {
    let statement = transaction.prepare_cached(include_str!("../../sql/delivery_health_lock.sql")).await?;
    let rows = transaction.query(&statement, &[&failed, &succeeded]).await?;
    Ok(rows.iter().map(|row| (row.get("endpoint_id"), breaker(row))).collect())
}

fn breaker(row: &Row) -> Breaker {
    Breaker {
        failures: row.get::<_, i32>("failures").cast_unsigned(),
        failing_since: row.get("failing_since"),
        openings: row.get::<_, i32>("openings").cast_unsigned(),
        open_until: row.get("open_until"),
    }
}

/// Writes the health of locked endpoints.
///
/// # Errors
/// As any statement.
pub async fn set_health(client: &impl GenericClient, health: &[(i32, Breaker)]) -> Result<(), StoreError> {
    let statement = client.prepare_cached(include_str!("../../sql/delivery_health_write.sql")).await?;
    let ids: Vec<_> = health.iter().map(|(id, _)| *id).collect();
    let count = |of: fn(&Breaker) -> u32| {
        health.iter().map(|(_, breaker)| i32::try_from(of(breaker)).unwrap_or(i32::MAX)).collect::<Vec<_>>()
    };
    let failures = count(|breaker| breaker.failures);
    let failing_since: Vec<_> = health.iter().map(|(_, breaker)| breaker.failing_since).collect();
    let openings = count(|breaker| breaker.openings);
    let open_until: Vec<_> = health.iter().map(|(_, breaker)| breaker.open_until).collect();
    client.execute(&statement, &[&ids, &failures, &failing_since, &openings, &open_until]).await?;
    Ok(())
}

/// Disables endpoints, each for a reason (`gone`, `failing`); what they are owed is held. Returns those that were active; one
/// that somebody else holds locked is left alone. Waits for nobody.
///
/// # Errors
/// As any statement.
pub async fn disable(
    client: &impl GenericClient,
    endpoints: &[(i32, &str)],
    now: Timestamp,
) -> Result<Vec<i32>, StoreError> {
    let statement = client.prepare_cached(include_str!("../../sql/delivery_disable.sql")).await?;
    let (ids, reasons): (Vec<_>, Vec<_>) = endpoints.iter().copied().unzip();
    let rows = client.query(&statement, &[&ids, &reasons, &now]).await?;
    Ok(rows.iter().map(|row| row.get(0)).collect())
}
