//! Notifications as stored, and the duty to tell them: written in the transaction of the change that causes them.
//!
//! At most once per (message, type) is guarded by the message row (`told`), not here, so that it outlives retention. What
//! concerns a recipient or the account is keyed by its event, which is new only once.

use crate::StoreError;
use crate::value::Word;
use deadpool_postgres::GenericClient;
use domain::{NotificationType, NotificationTypes, SourceId};
use jiff::{Timestamp, civil::Date};
use postgres_types::{FromSql, ToSql};
use uuid::Uuid;

/// One notification, field for field the database type `notification_row`.
#[derive(Clone, Debug, ToSql, FromSql)]
#[postgres(name = "notification_row")]
pub struct NotificationRow {
    pub created_on: Date,
    pub subject_key: Uuid,
    #[postgres(name = "type")]
    pub kind: Word,
    pub source_id: i32,
    pub webhook_id: Uuid,
    pub sequence: Option<i32>,
    pub implied: bool,
    /// The message's; `None` on what concerns none.
    pub status: Option<Word>,
    pub occurred_at: Timestamp,
    pub created_at: Timestamp,
    pub body: Vec<u8>,
}

/// The types that some endpoint asks for, per source of `sources`, beyond those told by default.
///
/// # Errors
/// As any statement.
pub async fn asked_for(
    client: &impl GenericClient,
    sources: &[SourceId],
) -> Result<Vec<(SourceId, NotificationTypes)>, StoreError> {
    let statement = client
        .prepare_cached(
            "SELECT s.id, array_agg(DISTINCT t.type)
             FROM unnest($1::int[]) AS s (id)
             JOIN endpoints e ON e.source_ids IS NULL OR s.id = ANY(e.source_ids)
             CROSS JOIN LATERAL unnest(e.types) AS t (type)
             GROUP BY s.id",
        )
        .await?;
    let ids: Vec<_> = sources.iter().map(|source| source.0).collect();
    let rows = client.query(&statement, &[&ids]).await?;
    let types = |names: Vec<String>| names.iter().filter_map(|name| NotificationType::parse(name)).collect();
    Ok(rows.iter().map(|row| (SourceId(row.get(0)), types(row.get(1)))).collect())
}

/// Stores notifications and owes each to every endpoint that matches at this moment.
/// `rows` are in the order they are to be told.
///
/// # Errors
/// As any statement; a notification that was told before violates `a_fact_is_told_once`.
pub async fn tell(client: &impl GenericClient, rows: &[NotificationRow]) -> Result<u64, StoreError> {
    let insert = client.prepare_cached(include_str!("../sql/notification_insert.sql")).await?;
    client.execute(&insert, &[&rows]).await?;
    let owe = client.prepare_cached(include_str!("../sql/delivery_owe.sql")).await?;
    let days: Vec<_> = rows.iter().map(|row| row.created_on).collect();
    let subjects: Vec<_> = rows.iter().map(|row| row.subject_key).collect();
    let kinds: Vec<_> = rows.iter().map(|row| &*row.kind).collect();
    let sources: Vec<_> = rows.iter().map(|row| row.source_id).collect();
    let sequences: Vec<_> = rows.iter().map(|row| row.sequence).collect();
    let times: Vec<_> = rows.iter().map(|row| row.created_at).collect();
    Ok(client.execute(&owe, &[&days, &subjects, &kinds, &sources, &sequences, &times]).await?)
}
