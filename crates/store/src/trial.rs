//! A notification that a person sends to one endpoint, to try it out. Role: operator.

use crate::StoreError;
use crate::notification::NotificationRow;
use deadpool_postgres::GenericClient;

/// Of no source: ids of sources begin at 1.
pub const NO_SOURCE: i32 = 0;

/// Stores the notification and owes it to this endpoint alone, both or neither. Returns the delivery's id.
///
/// # Errors
/// As any statement.
pub async fn send(
    client: &impl GenericClient,
    notification: &NotificationRow,
    endpoint_id: i32,
) -> Result<i64, StoreError> {
    let statement = client.prepare_cached(include_str!("../sql/trial_send.sql")).await?;
    Ok(client.query_one(&statement, &[notification, &endpoint_id]).await?.get(0))
}
