//! What was told about messages, and to whom.

use crate::StoreError;
use deadpool_postgres::GenericClient;
use jiff::Timestamp;
use uuid::Uuid;

/// A notification, without the bytes that are sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notification {
    /// Key of the message it is about.
    pub subject_key: Uuid,
    pub kind: String,
    pub webhook_id: Uuid,
    pub sequence: Option<i32>,
    pub implied: bool,
    /// The message's; `None` on what concerns none.
    pub status: Option<String>,
    pub occurred_at: Timestamp,
    pub created_at: Timestamp,
}

/// One notification owed, or once owed, to one endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    pub id: i64,
    pub endpoint_id: i32,
    pub subject_key: Uuid,
    pub kind: String,
    /// Unfinished: `pending`, `sending`, or `held` by an endpoint that is not active. Finished: `delivered` or
    /// `exhausted`.
    pub state: String,
    /// Begun so far.
    pub attempts: i16,
    /// When an unfinished one may next be looked at.
    pub due_at: Option<Timestamp>,
    pub finished_at: Option<Timestamp>,
}

/// The notifications about these messages, of each in the order told.
///
/// # Errors
/// As any statement.
pub async fn notifications(
    client: &impl GenericClient,
    subject_keys: &[Uuid],
) -> Result<Vec<Notification>, StoreError> {
    let statement = client.prepare_cached(include_str!("../../sql/look_notifications.sql")).await?;
    let rows = client.query(&statement, &[&subject_keys]).await?;
    Ok(rows
        .iter()
        .map(|row| Notification {
            subject_key: row.get("subject_key"),
            kind: row.get("type"),
            webhook_id: row.get("webhook_id"),
            sequence: row.get("sequence"),
            implied: row.get("implied"),
            status: row.get("status"),
            occurred_at: row.get("occurred_at"),
            created_at: row.get("created_at"),
        })
        .collect())
}

/// The deliveries, finished or not, of notifications about these messages. `now` tells a lease that holds from one
/// that has run out.
///
/// # Errors
/// As any statement.
pub async fn deliveries(
    client: &impl GenericClient,
    subject_keys: &[Uuid],
    now: Timestamp,
) -> Result<Vec<Delivery>, StoreError> {
    let statement = client.prepare_cached(include_str!("../../sql/look_deliveries.sql")).await?;
    let rows = client.query(&statement, &[&subject_keys, &now]).await?;
    Ok(rows
        .iter()
        .map(|row| Delivery {
            id: row.get("id"),
            endpoint_id: row.get("endpoint_id"),
            subject_key: row.get("subject_key"),
            kind: row.get("type"),
            state: row.get("state"),
            attempts: row.get("attempts"),
            due_at: row.get("due_at"),
            finished_at: row.get("finished_at"),
        })
        .collect())
}

/// How many deliveries an endpoint is owed.
///
/// # Errors
/// As any statement.
pub async fn unfinished_of(client: &impl GenericClient, endpoint_id: i32) -> Result<i64, StoreError> {
    let statement = client.prepare_cached(include_str!("../../sql/look_unfinished_of.sql")).await?;
    Ok(client.query_one(&statement, &[&endpoint_id]).await?.get(0))
}
