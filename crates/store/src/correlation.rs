//! Which stored messages an event may belong to that does not name its message.
//!
//! Looks only; nothing is locked. What is found may have moved on when it is locked later, which correlation accepts: its
//! result may depend on the order of arrival.

use crate::StoreError;
use crate::message::Identity;
use deadpool_postgres::GenericClient;
use domain::correlation::Delivery;
use domain::{MessageKey, SourceId};
use jiff::Timestamp;
use tokio_postgres::Row;
use uuid::Uuid;

/// More candidates than this for one address are as good as any number: none of them is it.
pub const CANDIDATES_MAX: usize = 8;

/// A recipient, and when a message to it must have been delivered to have bounced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounced {
    pub recipient_hash: [u8; 16],
    pub from: Timestamp,
    pub to: Timestamp,
}

/// The messages to a recipient that say this `smtp-id`, for each (recipient, smtp-id) asked, by its position: at most two.
///
/// # Errors
/// As any statement.
pub async fn by_smtp_id(
    client: &impl GenericClient,
    asked: &[([u8; 16], [u8; 16])],
) -> Result<Vec<(usize, Identity)>, StoreError> {
    let statement = client.prepare_cached(include_str!("../sql/correlation_smtp_id.sql")).await?;
    let recipients: Vec<_> = asked.iter().map(|(recipient, _)| Uuid::from_bytes(*recipient)).collect();
    let smtp_ids: Vec<_> = asked.iter().map(|(_, smtp_id)| Uuid::from_bytes(*smtp_id)).collect();
    let rows = client.query(&statement, &[&recipients, &smtp_ids]).await?;
    Ok(rows.iter().map(|row| (position(row), identity(row))).collect())
}

/// The messages to a recipient that were delivered in time and have not failed, for each asked, by its position: at most
/// [`CANDIDATES_MAX`].
///
/// # Errors
/// As any statement.
pub async fn delivered(
    client: &impl GenericClient,
    asked: &[Bounced],
) -> Result<Vec<(usize, Identity, Delivery)>, StoreError> {
    let statement = client.prepare_cached(include_str!("../sql/correlation_delivered.sql")).await?;
    let recipients: Vec<_> = asked.iter().map(|one| Uuid::from_bytes(one.recipient_hash)).collect();
    let from: Vec<_> = asked.iter().map(|one| one.from).collect();
    let to: Vec<_> = asked.iter().map(|one| one.to).collect();
    let rows = client.query(&statement, &[&recipients, &from, &to, &(CANDIDATES_MAX as i64)]).await?;
    let delivery = |row: &Row| Delivery { delivered_at: row.get("delivered_at"), failed: false };
    Ok(rows.iter().map(|row| (position(row), identity(row), delivery(row))).collect())
}

/// What is stored of these messages, whatever their state; messages that are not there are left out.
///
/// # Errors
/// As any statement.
pub async fn states(
    client: &impl GenericClient,
    keys: &[MessageKey],
) -> Result<Vec<(MessageKey, Delivery)>, StoreError> {
    let statement = client
        .prepare_cached(
            "SELECT key, delivered_at, failed_at IS NOT NULL AS failed FROM messages WHERE key = ANY ($1)",
        )
        .await?;
    let keys: Vec<_> = keys.iter().map(|key| Uuid::from_bytes(key.0)).collect();
    let rows = client.query(&statement, &[&keys]).await?;
    let state = |row: &Row| Delivery { delivered_at: row.get("delivered_at"), failed: row.get("failed") };
    Ok(rows.iter().map(|row| (MessageKey(row.get::<_, Uuid>("key").into_bytes()), state(row))).collect())
}

fn position(row: &Row) -> usize {
    usize::try_from(row.get::<_, i64>("position")).unwrap_or(usize::MAX)
}

fn identity(row: &Row) -> Identity {
    let hash = |column: &str| row.get::<_, Uuid>(column).into_bytes();
    Identity {
        key: MessageKey(hash("key")),
        source: SourceId(row.get("source_id")),
        created_on: row.get("created_on"),
        sg_message_id: row.get("sg_message_id"),
        recipient: row.get("recipient"),
        message_id_hash: hash("message_id_hash"),
        recipient_hash: hash("recipient_hash"),
        smtp_id_hash: row.get::<_, Option<Uuid>>("smtp_id_hash").map(Uuid::into_bytes),
    }
}
