//! Messages, by the send they belong to or by their recipient.

use crate::StoreError;
use crate::message::correlated_by;
use deadpool_postgres::GenericClient;
use domain::{Counts, Facts, Failure};
use jiff::Timestamp;
use tokio_postgres::Row;
use uuid::Uuid;

/// Everything stored of one message that people ask for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    pub key: Uuid,
    /// `None`: no such source.
    pub source: Option<String>,
    pub source_id: i32,
    pub sg_message_id: String,
    pub recipient: String,
    pub status: String,
    pub facts: Facts,
    pub counts: Counts,
    /// Status, time and details of the greatest event of rank 40.
    pub failure: Option<(String, Timestamp, Failure)>,
    /// The text of a JSON object.
    pub custom_args: Option<String>,
    pub categories: Option<Vec<String>>,
}

/// Messages with one of these `message_id_hash`es, narrowed to one `sg_message_id` and to these recipients where they
/// are given; newest first, at most `limit`.
///
/// # Errors
/// As any statement.
pub async fn messages_of_send(
    client: &impl GenericClient,
    message_id_hashes: &[Uuid],
    sg_message_id: Option<&str>,
    recipient_hashes: Option<&[Uuid]>,
    limit: i64,
) -> Result<Vec<Message>, StoreError> {
    let statement = client.prepare_cached(include_str!("../../sql/look_messages_of_send.sql")).await?;
    let rows =
        client.query(&statement, &[&message_id_hashes, &sg_message_id, &recipient_hashes, &limit]).await?;
    rows.iter().map(message).collect()
}

/// Messages to one of these `recipient_hash`es, newest first, at most `limit`.
///
/// # Errors
/// As any statement.
pub async fn messages_of_recipient(
    client: &impl GenericClient,
    recipient_hashes: &[Uuid],
    limit: i64,
) -> Result<Vec<Message>, StoreError> {
    let statement = client.prepare_cached(include_str!("../../sql/look_messages_of_recipient.sql")).await?;
    let rows = client.query(&statement, &[&recipient_hashes, &limit]).await?;
    rows.iter().map(message).collect()
}

fn message(row: &Row) -> Result<Message, StoreError> {
    Ok(Message {
        key: row.get("key"),
        source: row.get("source"),
        source_id: row.get("source_id"),
        sg_message_id: row.get("sg_message_id"),
        recipient: row.get("recipient"),
        status: row.get("status"),
        facts: Facts {
            processed_at: row.get("processed_at"),
            delivered_at: row.get("delivered_at"),
            failed_at: row.get("failed_at"),
            opened_at: row.get("opened_at"),
            clicked_at: row.get("clicked_at"),
            complained_at: row.get("complained_at"),
            unsubscribed_at: row.get("unsubscribed_at"),
            latest_event_at: row.get("latest_event_at"),
        },
        counts: Counts {
            opens: count(row, "opens")?,
            machine_opens: count(row, "machine_opens")?,
            clicks: count(row, "clicks")?,
            deferrals: count(row, "deferrals")?,
        },
        failure: failure(row)?,
        custom_args: row.get("custom_args"),
        categories: row.get("categories"),
    })
}

fn count(row: &Row, column: &str) -> Result<u32, StoreError> {
    u32::try_from(row.get::<_, i32>(column)).map_err(|_| StoreError::Unreadable("count below zero"))
}

fn failure(row: &Row) -> Result<Option<(String, Timestamp, Failure)>, StoreError> {
    let status: Option<String> = row.get("failure_status");
    let at: Option<Timestamp> = row.get("failure_at");
    let details = Failure {
        reason: row.get("failure_reason"),
        smtp_status: row.get("failure_smtp_status"),
        classification: row.get("failure_classification"),
        correlated_by: correlated_by(row.get("failure_correlated_by"))?,
    };
    Ok(status.zip(at).map(|(status, at)| (status, at, details)))
}
