//! What belongs to endpoints beside their own rows: what they are owed, and when their secrets sign.

use crate::StoreError;
use crate::endpoint::SecretPeriod;
use deadpool_postgres::GenericClient;
use jiff::Timestamp;
use std::collections::HashMap;

/// How many deliveries an endpoint is owed.
///
/// # Errors
/// As any statement.
pub async fn unfinished_of(client: &impl GenericClient, endpoint_id: i32) -> Result<i64, StoreError> {
    let statement = client.prepare_cached(include_str!("../../sql/look_unfinished_of.sql")).await?;
    Ok(client.query_one(&statement, &[&endpoint_id]).await?.get(0))
}

/// How many deliveries each of these endpoints is owed.
///
/// # Errors
/// As any statement.
pub async fn unfinished_of_each(
    client: &impl GenericClient,
    endpoints: &[i32],
) -> Result<HashMap<i32, i64>, StoreError> {
    let statement = client.prepare_cached(include_str!("../../sql/look_unfinished_of_each.sql")).await?;
    let rows = client.query(&statement, &[&endpoints]).await?;
    Ok(rows.iter().map(|row| (row.get(0), row.get(1))).collect())
}

/// The secrets of these endpoints that sign at `now`, of each the newest first.
///
/// # Errors
/// As any statement.
pub async fn secrets_of_each(
    client: &impl GenericClient,
    endpoints: &[i32],
    now: Timestamp,
) -> Result<HashMap<i32, Vec<SecretPeriod>>, StoreError> {
    let statement = client.prepare_cached(include_str!("../../sql/look_secrets.sql")).await?;
    let mut secrets: HashMap<i32, Vec<SecretPeriod>> = HashMap::new();
    for row in client.query(&statement, &[&endpoints, &now]).await? {
        secrets.entry(row.get("endpoint_id")).or_default().push(SecretPeriod {
            id: row.get("id"),
            scheme: row.get("scheme"),
            created_at: row.get("created_at"),
            expires_at: row.get("expires_at"),
        });
    }
    Ok(secrets)
}
