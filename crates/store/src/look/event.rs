//! The stored events of messages, with the bytes they came as.

use crate::StoreError;
use crate::value::origin;
use deadpool_postgres::GenericClient;
use domain::Origin;
use jiff::Timestamp;
use uuid::Uuid;

/// The most events of one message that are ever returned. A newsletter that is opened again and again by a list's
/// archive can gather any number.
pub const EVENTS_PER_MESSAGE_MAX: usize = 1_000;

/// One element of a batch, as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    pub message_key: Uuid,
    pub batch_id: Uuid,
    pub ordinal: i32,
    pub occurred_at: Timestamp,
    pub received_at: Timestamp,
    pub name: String,
    /// How it came to its message, if it did not name it.
    pub correlated_by: Option<String>,
    pub outcome: String,
    /// Why it was ignored.
    pub reason: Option<String>,
    /// The element byte for byte.
    pub raw: Vec<u8>,
    /// How it came to be known.
    pub origin: Origin,
}

/// The events of these messages: of each the earliest [`EVENTS_PER_MESSAGE_MAX`], in the order of their times.
///
/// # Errors
/// As any statement.
pub async fn events(client: &impl GenericClient, message_keys: &[Uuid]) -> Result<Vec<Event>, StoreError> {
    let statement = client.prepare_cached(include_str!("../../sql/look_events.sql")).await?;
    let rows = client.query(&statement, &[&message_keys, &(EVENTS_PER_MESSAGE_MAX as i64)]).await?;
    Ok(rows
        .iter()
        .map(|row| Event {
            message_key: row.get("message_key"),
            batch_id: row.get("batch_id"),
            ordinal: row.get("ordinal"),
            occurred_at: row.get("occurred_at"),
            received_at: row.get("received_at"),
            name: row.get("name"),
            correlated_by: row.get("correlated_by"),
            outcome: row.get("outcome"),
            reason: row.get("reason"),
            raw: row.get("raw"),
            origin: origin(row.get("origin")),
        })
        .collect())
}
