//! What was told.

use crate::StoreError;
use deadpool_postgres::GenericClient;
use jiff::Timestamp;
use tokio_postgres::Row;
use uuid::Uuid;

/// A notification, without the bytes that are sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notification {
    /// Key of the message it is about, or of the event.
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

/// A notification as it is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    pub notification: Notification,
    /// `None`: no such source, as on a test of an endpoint.
    pub source: Option<String>,
    pub body: Vec<u8>,
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
    Ok(client.query(&statement, &[&subject_keys]).await?.iter().map(notification).collect())
}

/// The notification of a type about a subject; `None`: retention took it.
///
/// # Errors
/// As any statement.
pub async fn told(
    client: &impl GenericClient,
    subject_key: Uuid,
    kind: &str,
) -> Result<Option<Told>, StoreError> {
    let statement = client.prepare_cached(include_str!("../../sql/look_notification.sql")).await?;
    let row = client.query_opt(&statement, &[&subject_key, &kind]).await?;
    Ok(row.map(|row| Told {
        notification: notification(&row),
        source: row.get("source"),
        body: row.get("body"),
    }))
}

fn notification(row: &Row) -> Notification {
    Notification {
        subject_key: row.get("subject_key"),
        kind: row.get("type"),
        webhook_id: row.get("webhook_id"),
        sequence: row.get("sequence"),
        implied: row.get("implied"),
        status: row.get("status"),
        occurred_at: row.get("occurred_at"),
        created_at: row.get("created_at"),
    }
}
