//! Between `domain::Message` and the columns of `messages`.
//!
//! What a column does not hold follows from what it does: an event's rank and name from its message's status, an order's
//! rank from its name. Nothing is stored twice.

use crate::StoreError;
use crate::value::Word;
use domain::message::Sourced;
use domain::{
    CorrelatedBy, Counts, EventKey, EventKind, EventOrder, Facts, Failure, Message, MessageKey,
    NotificationTypes, Precedence, Rank, SourceId, Status,
};
use jiff::{Timestamp, civil::Date};
use postgres_types::{FromSql, ToSql};
use uuid::Uuid;

/// What a message is called.
#[derive(Clone, Debug)]
pub struct Identity {
    pub key: MessageKey,
    pub source: SourceId,
    /// UTC day and hour of the receive time of its first event.
    pub created_on: Date,
    pub created_hour: i16,
    pub sg_message_id: String,
    /// Lower case.
    pub recipient: String,
    pub message_id_hash: [u8; 16],
    pub recipient_hash: [u8; 16],
    /// The one thing that may become known later: not every event says it.
    pub smtp_id_hash: Option<[u8; 16]>,
}

/// One row, field for field the database type `message_row`.
#[derive(Clone, Debug, ToSql, FromSql)]
#[postgres(name = "message_row")]
pub struct MessageRow {
    key: Uuid,
    source_id: i32,
    created_on: Date,
    created_hour: i16,
    sg_message_id: String,
    recipient: String,
    message_id_hash: Uuid,
    recipient_hash: Uuid,
    smtp_id_hash: Option<Uuid>,
    status: Word,
    rank: i16,
    leading_at: Option<Timestamp>,
    leading_key: Option<Uuid>,
    processed_at: Option<Timestamp>,
    delivered_at: Option<Timestamp>,
    failed_at: Option<Timestamp>,
    opened_at: Option<Timestamp>,
    clicked_at: Option<Timestamp>,
    complained_at: Option<Timestamp>,
    unsubscribed_at: Option<Timestamp>,
    latest_event_at: Option<Timestamp>,
    opens: i32,
    machine_opens: i32,
    clicks: i32,
    deferrals: i32,
    events: i32,
    failure_status: Option<Word>,
    failure_at: Option<Timestamp>,
    failure_key: Option<Uuid>,
    failure_reason: Option<String>,
    failure_smtp_status: Option<String>,
    failure_classification: Option<String>,
    failure_correlated_by: Option<Word>,
    custom_args: Option<String>,
    custom_args_at: Option<Timestamp>,
    custom_args_name: Option<Word>,
    custom_args_key: Option<Uuid>,
    categories: Option<Vec<String>>,
    categories_at: Option<Timestamp>,
    categories_name: Option<Word>,
    categories_key: Option<Uuid>,
    told: i16,
    reconciled: i16,
    last_sequence: i32,
}

impl MessageRow {
    /// The row of a message.
    #[must_use]
    pub fn new(identity: Identity, message: Message) -> Self {
        let facts = &message.facts;
        let (failure, args, categories) = (message.failure, message.custom_args, message.categories);
        let (failure_at, failure_key) = (at(&failure), key(&failure));
        let (failed, failure) = failure.map(|sourced| sourced.value).unzip();
        let failure = failure.unwrap_or_default();
        Self {
            key: Uuid::from_bytes(identity.key.0),
            source_id: identity.source.0,
            created_on: identity.created_on,
            created_hour: identity.created_hour,
            sg_message_id: identity.sg_message_id,
            recipient: identity.recipient,
            message_id_hash: Uuid::from_bytes(identity.message_id_hash),
            recipient_hash: Uuid::from_bytes(identity.recipient_hash),
            smtp_id_hash: identity.smtp_id_hash.map(Uuid::from_bytes),
            status: message.status.as_str().into(),
            rank: message.status.rank().0,
            leading_at: message.leading.map(|leading| leading.at),
            leading_key: message.leading.map(|leading| Uuid::from_bytes(leading.key.0)),
            processed_at: facts.processed_at,
            delivered_at: facts.delivered_at,
            failed_at: facts.failed_at,
            opened_at: facts.opened_at,
            clicked_at: facts.clicked_at,
            complained_at: facts.complained_at,
            unsubscribed_at: facts.unsubscribed_at,
            latest_event_at: facts.latest_event_at,
            opens: count(message.counts.opens),
            machine_opens: count(message.counts.machine_opens),
            clicks: count(message.counts.clicks),
            deferrals: count(message.counts.deferrals),
            events: count(message.events),
            failure_status: failed.map(|status| status.as_str().into()),
            failure_at,
            failure_key,
            failure_reason: failure.reason,
            failure_smtp_status: failure.smtp_status,
            failure_classification: failure.classification,
            failure_correlated_by: failure.correlated_by.map(|by| by.as_str().into()),
            custom_args_at: at(&args),
            custom_args_name: name(&args),
            custom_args_key: key(&args),
            custom_args: args.map(|sourced| sourced.value),
            categories_at: at(&categories),
            categories_name: name(&categories),
            categories_key: key(&categories),
            categories: categories.map(|sourced| sourced.value),
            told: message.told.bits().cast_signed(),
            // That there are any is all that matters.
            reconciled: i16::try_from(message.reconciled).unwrap_or(i16::MAX),
            last_sequence: count(message.sequence),
        }
    }

    #[must_use]
    pub fn key(&self) -> MessageKey {
        MessageKey(self.key.into_bytes())
    }

    /// What the row is called and what it knows.
    ///
    /// # Errors
    /// [`StoreError::Unreadable`]: the row was written by a release that knows more than this one.
    pub fn read(self) -> Result<(Identity, Message), StoreError> {
        let status = Status::parse(&self.status).ok_or(StoreError::Unreadable("a message's status"))?;
        let message = Message {
            status,
            leading: self.leading(status),
            facts: Facts {
                processed_at: self.processed_at,
                delivered_at: self.delivered_at,
                failed_at: self.failed_at,
                opened_at: self.opened_at,
                clicked_at: self.clicked_at,
                complained_at: self.complained_at,
                unsubscribed_at: self.unsubscribed_at,
                latest_event_at: self.latest_event_at,
            },
            counts: Counts {
                opens: self.opens.cast_unsigned(),
                machine_opens: self.machine_opens.cast_unsigned(),
                clicks: self.clicks.cast_unsigned(),
                deferrals: self.deferrals.cast_unsigned(),
            },
            events: self.events.cast_unsigned(),
            reconciled: self.reconciled.cast_unsigned().into(),
            failure: self.failure()?,
            custom_args: sourced(
                self.custom_args,
                self.custom_args_at,
                self.custom_args_name,
                self.custom_args_key,
            )?,
            categories: sourced(
                self.categories,
                self.categories_at,
                self.categories_name,
                self.categories_key,
            )?,
            told: NotificationTypes::from_bits(self.told.cast_unsigned()),
            sequence: self.last_sequence.cast_unsigned(),
        };
        let identity = Identity {
            key: MessageKey(self.key.into_bytes()),
            source: SourceId(self.source_id),
            created_on: self.created_on,
            created_hour: self.created_hour,
            sg_message_id: self.sg_message_id,
            recipient: self.recipient,
            message_id_hash: self.message_id_hash.into_bytes(),
            recipient_hash: self.recipient_hash.into_bytes(),
            smtp_id_hash: self.smtp_id_hash.map(Uuid::into_bytes),
        };
        Ok((identity, message))
    }

    fn leading(&self, status: Status) -> Option<Precedence> {
        let kind = kind_of(status)?;
        let (at, key) = (self.leading_at?, self.leading_key?);
        Some(Precedence { rank: status.rank(), at, name: kind.name(), key: EventKey(key.into_bytes()) })
    }

    fn failure(&self) -> Result<Option<Sourced<(Status, Failure)>>, StoreError> {
        let (Some(status), Some(at), Some(key)) = (&self.failure_status, self.failure_at, self.failure_key)
        else {
            return Ok(None);
        };
        let status = Status::parse(status).ok_or(StoreError::Unreadable("a failure's kind"))?;
        let name = kind_of(status).ok_or(StoreError::Unreadable("a failure's kind"))?.name();
        let failure = Failure {
            reason: self.failure_reason.clone(),
            smtp_status: self.failure_smtp_status.clone(),
            classification: self.failure_classification.clone(),
            correlated_by: correlated_by(self.failure_correlated_by.as_deref())?,
        };
        let order = EventOrder { at, rank: Some(status.rank()), name, key: EventKey(key.into_bytes()) };
        Ok(Some(Sourced { order, value: (status, failure) }))
    }
}

/// How an event came to its message, as a column has it.
///
/// # Errors
/// [`StoreError::Unreadable`]: written by a release that knows more than this one.
pub(crate) fn correlated_by(text: Option<&str>) -> Result<Option<CorrelatedBy>, StoreError> {
    let unknown = StoreError::Unreadable("how an event was correlated");
    text.map(|text| CorrelatedBy::parse(text).ok_or(unknown)).transpose()
}

/// Counters live in 31 bits; a message with more events than that stays at the largest.
fn count(count: u32) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}

fn at<T>(sourced: &Option<Sourced<T>>) -> Option<Timestamp> {
    sourced.as_ref().map(|sourced| sourced.order.at)
}

fn name<T>(sourced: &Option<Sourced<T>>) -> Option<Word> {
    sourced.as_ref().map(|sourced| sourced.order.name.into())
}

fn key<T>(sourced: &Option<Sourced<T>>) -> Option<Uuid> {
    sourced.as_ref().map(|sourced| Uuid::from_bytes(sourced.order.key.0))
}

fn sourced<T>(
    value: Option<T>,
    at: Option<Timestamp>,
    name: Option<Word>,
    key: Option<Uuid>,
) -> Result<Option<Sourced<T>>, StoreError> {
    let (Some(value), Some(at), Some(name), Some(key)) = (value, at, name, key) else { return Ok(None) };
    // `blocked` and `bounce` share a name and a rank, so either stands for both in an order.
    let kind = EventKind::ALL
        .into_iter()
        .find(|kind| *kind.name() == *name)
        .ok_or(StoreError::Unreadable("the name of an event"))?;
    let order = EventOrder { at, rank: Rank::of(kind), name: kind.name(), key: EventKey(key.into_bytes()) };
    Ok(Some(Sourced { order, value }))
}

/// The kind of event that gives a status.
fn kind_of(status: Status) -> Option<EventKind> {
    EventKind::ALL.into_iter().find(|kind| Status::of(*kind) == Some(status))
}

#[cfg(test)]
mod tests;
