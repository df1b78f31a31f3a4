//! Stored events: the dedupe memory and the history that audits and replays read.
//!
//! Two keys, both unique inside the event's own day, which SendGrid's repeats share. A duplicate is a key that was
//! *found*: what an insert skipped is looked up before it is called one.

use crate::StoreError;
use crate::value::{Raw, Word, origin};
use deadpool_postgres::GenericClient;
use domain::origin::NEAR;
use domain::{CorrelatedBy, MessageKey, Origin};
use jiff::{Timestamp, civil::Date};
use postgres_types::{FromSql, ToSql};
use uuid::Uuid;

/// One event on its way in; field for field the database type `event_row`.
#[derive(Clone, Debug, ToSql, FromSql)]
#[postgres(name = "event_row")]
pub struct EventRow {
    pub day: Date,
    pub natural_key: Uuid,
    pub first_key: Option<Uuid>,
    pub source_id: i32,
    pub message_key: Option<Uuid>,
    pub correlated_by: Option<String>,
    pub batch_id: Uuid,
    pub ordinal: i32,
    pub occurred_at: Timestamp,
    pub received_at: Timestamp,
    pub name: Word,
    pub outcome: Word,
    pub reason: Option<Word>,
    pub raw: Raw,
    /// As [`origin_column`](crate::value::origin_column) writes it.
    pub origin: Option<Word>,
}

impl EventRow {
    /// How it came to be known.
    #[must_use]
    pub fn origin(&self) -> Origin {
        origin(self.origin.as_deref())
    }
}

/// Inserts what is new and returns the (batch, ordinal) of exactly those.
///
/// `rows` must be sorted by natural key. Rows of one call may repeat each other: one of them wins. Waits for other
/// transactions that insert the same keys.
///
/// # Errors
/// As any statement.
pub async fn insert(client: &impl GenericClient, rows: &[&EventRow]) -> Result<Vec<(Uuid, i32)>, StoreError> {
    let statement = client.prepare_cached(include_str!("../sql/event_insert.sql")).await?;
    let inserted = client.query(&statement, &[&rows]).await?;
    Ok(inserted.iter().map(|row| (row.get(0), row.get(1))).collect())
}

/// Whether a key of every given event is stored.
///
/// # Errors
/// As any statement.
pub async fn all_known(client: &impl GenericClient, rows: &[&EventRow]) -> Result<bool, StoreError> {
    let statement = client.prepare_cached(include_str!("../sql/event_known.sql")).await?;
    let days: Vec<_> = rows.iter().map(|row| row.day).collect();
    let natural: Vec<_> = rows.iter().map(|row| row.natural_key).collect();
    let first: Vec<_> = rows.iter().map(|row| row.first_key).collect();
    let known = client.query(&statement, &[&days, &natural, &first]).await?;
    Ok(known.iter().all(|row| row.get(0)))
}

/// How an event ended, to be written where it was stored as something else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conclusion {
    pub day: Date,
    pub natural_key: Uuid,
    pub outcome: &'static str,
    /// Why it was ignored, if it was.
    pub reason: Option<&'static str>,
}

/// Writes how stored events ended: the fold found their message further on, or what they mean was mended.
///
/// # Errors
/// As any statement.
pub async fn conclude(client: &impl GenericClient, conclusions: &[Conclusion]) -> Result<(), StoreError> {
    let statement = client.prepare_cached(include_str!("../sql/event_conclude.sql")).await?;
    let days: Vec<_> = conclusions.iter().map(|event| event.day).collect();
    let natural: Vec<_> = conclusions.iter().map(|event| event.natural_key).collect();
    let outcomes: Vec<_> = conclusions.iter().map(|event| event.outcome).collect();
    let reasons: Vec<_> = conclusions.iter().map(|event| event.reason).collect();
    client.execute(&statement, &[&days, &natural, &outcomes, &reasons]).await?;
    Ok(())
}

/// Gives stored events the message that was found for them, and how.
///
/// # Errors
/// As any statement.
pub async fn attach(
    client: &impl GenericClient,
    attached: &[(Date, Uuid, MessageKey, CorrelatedBy)],
) -> Result<(), StoreError> {
    let statement = client.prepare_cached(include_str!("../sql/event_attach.sql")).await?;
    let days: Vec<_> = attached.iter().map(|(day, ..)| *day).collect();
    let natural: Vec<_> = attached.iter().map(|(_, natural, ..)| *natural).collect();
    let messages: Vec<_> = attached.iter().map(|(_, _, key, _)| Uuid::from_bytes(key.0)).collect();
    let by: Vec<_> = attached.iter().map(|(.., by)| by.as_str()).collect();
    client.execute(&statement, &[&days, &natural, &messages, &by]).await?;
    Ok(())
}

/// What an event is looked for by among the events of its message; see `domain::origin`.
#[derive(Clone, Copy, Debug)]
pub struct Sought<'a> {
    pub message: MessageKey,
    pub name: &'a str,
    pub at: Timestamp,
    pub origin: Origin,
}

/// Which of these (by position) another batch than `batches` has told before: an event of the same message and name, at
/// nearly the same time, one of the two recovered. Their messages must be locked.
///
/// # Errors
/// As any statement.
pub async fn told_before(
    client: &impl GenericClient,
    sought: &[Sought<'_>],
    batches: &[Uuid],
) -> Result<Vec<bool>, StoreError> {
    let statement = client.prepare_cached(include_str!("../sql/event_told_before.sql")).await?;
    let messages: Vec<_> = sought.iter().map(|one| Uuid::from_bytes(one.message.0)).collect();
    let names: Vec<_> = sought.iter().map(|one| one.name).collect();
    let from: Vec<_> = sought.iter().map(|one| one.at - NEAR).collect();
    let to: Vec<_> = sought.iter().map(|one| one.at + NEAR).collect();
    let recovered: Vec<_> = sought.iter().map(|one| one.origin == Origin::Reconcile).collect();
    let rows = client.query(&statement, &[&messages, &names, &from, &to, &recovered, &batches]).await?;
    Ok(rows.iter().map(|row| row.get(0)).collect())
}

/// Takes events back that this transaction itself has inserted: they were told before, though no key says so.
///
/// # Errors
/// [`StoreError::Contradiction`] when one of them is not there or was not written by this transaction, or as any statement.
pub async fn take_back(client: &impl GenericClient, events: &[&EventRow]) -> Result<(), StoreError> {
    let statement = client.prepare_cached(include_str!("../sql/event_take_back.sql")).await?;
    let days: Vec<_> = events.iter().map(|row| row.day).collect();
    let natural: Vec<_> = events.iter().map(|row| row.natural_key).collect();
    let batches: Vec<_> = events.iter().map(|row| row.batch_id).collect();
    let ordinals: Vec<_> = events.iter().map(|row| row.ordinal).collect();
    let taken = client.execute(&statement, &[&days, &natural, &batches, &ordinals]).await?;
    if taken == events.len() as u64 {
        Ok(())
    } else {
        Err(StoreError::Contradiction("an event to be taken back was not just inserted"))
    }
}

/// Stored events by (day, natural key), in no order; those that retention took are missing.
///
/// # Errors
/// As any statement.
pub async fn find(client: &impl GenericClient, keys: &[(Date, Uuid)]) -> Result<Vec<EventRow>, StoreError> {
    let statement = client.prepare_cached(include_str!("../sql/event_find.sql")).await?;
    let (days, natural): (Vec<_>, Vec<_>) = keys.iter().copied().unzip();
    let rows = client.query(&statement, &[&days, &natural]).await?;
    Ok(rows.iter().map(|row| row.get(0)).collect())
}

/// How much is stored of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extent {
    pub message: MessageKey,
    /// All its events, and those of them that were known when they came.
    pub events: i64,
    pub known: i64,
    /// Of all its elements as received.
    pub bytes: i64,
}

/// How much is stored of each of these messages; one without events is missing.
///
/// # Errors
/// As any statement.
pub async fn extents(
    client: &impl GenericClient,
    messages: &[MessageKey],
) -> Result<Vec<Extent>, StoreError> {
    let statement = client.prepare_cached(include_str!("../sql/event_extents.sql")).await?;
    let messages: Vec<_> = messages.iter().map(|key| Uuid::from_bytes(key.0)).collect();
    let rows = client.query(&statement, &[&messages]).await?;
    Ok(rows
        .iter()
        .map(|row| Extent {
            message: MessageKey(row.get::<_, Uuid>(0).into_bytes()),
            events: row.get(1),
            known: row.get(2),
            bytes: row.get(3),
        })
        .collect())
}

/// The stored events of these messages, in no order. To be asked for as many as their [`extents`] allow.
///
/// # Errors
/// As any statement.
pub async fn of_messages(
    client: &impl GenericClient,
    messages: &[MessageKey],
) -> Result<Vec<EventRow>, StoreError> {
    let statement = client.prepare_cached(include_str!("../sql/event_of_messages.sql")).await?;
    let messages: Vec<_> = messages.iter().map(|key| Uuid::from_bytes(key.0)).collect();
    let rows = client.query(&statement, &[&messages]).await?;
    Ok(rows.iter().map(|row| row.get(0)).collect())
}
