//! From what the broker delivered, or the database stored, to what can be applied: elements, keys, names. Pure but for the
//! source it is given.
//!
//! Never fails: whatever cannot be read becomes something to keep aside, with the reason.

use crate::batch::{Batch, Content, Element, Entry, Event, Naming, Source};
use bytes::Bytes;
use domain::{
    CorrelatedBy, EventKey, EventKind, IgnoreReason, MessageEvent, Origin, RecipientFact, SourceId,
};
use jiff::Timestamp;
use std::borrow::Cow;
use std::sync::Arc;
use store::batch::{Claim, day, hour};
use store::event::EventRow;
use store::message::Identity;
use store::quarantine::{Held, Stored, WHOLE_BATCH};
use store::recipient::Address;
use store::value::{Raw, origin_column};
use uuid::Uuid;
use wire::sendgrid::{self, Reading, Unreadable};

/// Reads a verified body under its source's policy.
#[must_use]
pub fn batch(claim: Claim, body: Bytes, source: &Arc<Source>) -> Batch {
    match sendgrid::read(&body, claim.received_at) {
        Reading::Unreadable(Unreadable { reason, detail }) => {
            Batch::whole(claim, body, reason.as_str(), detail)
        }
        Reading::Elements(elements) => {
            let element = |element| self::element(&claim, &body, element, source);
            let content = Content::Elements(elements.into_iter().map(element).collect());
            Batch { claim, entry: Entry::Arrived, body, noted: false, content }
        }
    }
}

/// Reads what was held aside once more. `None` as source: nobody knows it.
#[must_use]
pub fn released(held: Stored, source: Option<&Arc<Source>>) -> Batch {
    let Stored { id, batch_id, ordinal, source_id, received_at, origin, raw } = held;
    let claim = Claim { id: batch_id, source_id, received_at, origin };
    let (entry, body) = (Entry::Released { quarantine: id, ordinal }, Bytes::from(raw));
    let nothing = Content::Elements(Vec::new());
    match source {
        None => {
            let mut batch = Batch { claim, entry, body, noted: false, content: nothing };
            batch.keep_whole("unknown_source", format!("no source has id {source_id}"));
            batch
        }
        Some(source) if ordinal == WHOLE_BATCH => Batch { entry, ..self::batch(claim, body, source) },
        Some(source) => {
            let alone = sendgrid::element(&body, received_at);
            let alone = sendgrid::Element { ordinal: ordinal.unsigned_abs(), ..alone };
            let content = Content::Elements(vec![element(&claim, &body, alone, source)]);
            Batch { claim, entry, body, noted: false, content }
        }
    }
}

/// Reads a stored event once more. Its keys stay those that are stored, and so does the message it belongs to: if this
/// release would name another one, or one where none was named, it names none. `None`: this release reads less than the
/// one that stored it.
#[must_use]
pub fn stored(row: EventRow, source: &Arc<Source>) -> Option<Event> {
    let raw = row.raw.clone();
    let read = sendgrid::element(&raw, row.received_at).event.ok()?;
    let naming = match naming(SourceId(row.source_id), row.received_at, &read) {
        Naming::Message(identity) if row.message_key != Some(Uuid::from_bytes(identity.key.0)) => {
            Naming::Nothing
        }
        naming => naming,
    };
    Some(Event::new(row, naming, read, source))
}

/// `body` is what the element was read from.
fn element(claim: &Claim, body: &Bytes, element: sendgrid::Element<'_>, source: &Arc<Source>) -> Element {
    // Reading bounds a batch at 50,000 elements.
    let ordinal = i32::try_from(element.ordinal).unwrap_or(i32::MAX);
    let raw = match element.raw {
        Cow::Borrowed(part) => body.slice_ref(part),
        Cow::Owned(raw) => raw.into(),
    };
    match element.event {
        Ok(read) => {
            let naming = naming(SourceId(claim.source_id), claim.received_at, &read);
            let row = row(claim, ordinal, raw, &naming, &read, source);
            Element::Event(Box::new(Event::new(row, naming, read, source)))
        }
        Err(Unreadable { reason, detail }) => Element::Held(Held {
            batch_id: claim.id,
            ordinal,
            source_id: claim.source_id,
            received_at: claim.received_at,
            reason: reason.as_str(),
            detail,
            raw,
        }),
    }
}

/// What is stored of a new event.
fn row(
    claim: &Claim,
    ordinal: i32,
    raw: Bytes,
    naming: &Naming,
    read: &sendgrid::Event<'_>,
    source: &Source,
) -> EventRow {
    let source_id = SourceId(claim.source_id);
    let ignored = IgnoreReason::of(read.kind, read.machine_open, source.machine_opens);
    let message_key = match naming {
        Naming::Message(identity) => Some(Uuid::from_bytes(identity.key.0)),
        Naming::SmtpId { .. } | Naming::Recipient { .. } | Naming::Nothing => None,
    };
    let natural = match claim.origin {
        Origin::Webhook => wire::key::natural(source_id, read),
        Origin::Reconcile => wire::key::recovered(source_id, read, ordinal),
    };
    EventRow {
        day: day(read.at),
        natural_key: Uuid::from_bytes(natural.0),
        first_key: wire::key::first(source_id, read).map(|key| Uuid::from_bytes(key.0)),
        source_id: claim.source_id,
        message_key,
        correlated_by: None,
        batch_id: claim.id,
        ordinal,
        occurred_at: read.at,
        received_at: claim.received_at,
        name: match read.kind {
            EventKind::Unknown => read.name.clone().into_owned().into(),
            known => known.name().into(),
        },
        outcome: if ignored.is_some() { "ignored" } else { "applied" }.into(),
        reason: ignored.map(|reason| reason.as_str().into()),
        raw: Raw(raw),
        origin: origin_column(claim.origin).map(Into::into),
    }
}

impl Event {
    fn new(row: EventRow, naming: Naming, read: sendgrid::Event<'_>, source: &Arc<Source>) -> Self {
        let recipient = recipient(SourceId(row.source_id), &read);
        let mut fact = MessageEvent {
            kind: read.kind,
            at: read.at,
            key: EventKey(row.first_key.unwrap_or(row.natural_key).into_bytes()),
            origin: row.origin(),
            machine_open: read.machine_open,
            failure: read.failure,
            custom_args: read.custom_args,
            categories: read.categories,
        };
        if let Some(by) = row.correlated_by.as_deref().and_then(CorrelatedBy::parse) {
            correlate(&mut fact, by);
        }
        let account_status = read.type_.filter(|_| read.kind == EventKind::AccountStatusChange);
        let account_status = account_status.map(Cow::into_owned);
        Self { row, source: Arc::clone(source), fact, naming, recipient, account_status }
    }
}

/// Notes in what an event says how it came to its message.
pub(crate) fn correlate(fact: &mut MessageEvent, by: CorrelatedBy) {
    if let Some(failure) = &mut fact.failure {
        failure.correlated_by = Some(by);
    }
}

/// The message an event names. One without an address (SendGrid's `dropped` may have none) still belongs to its message.
fn naming(source: SourceId, received_at: Timestamp, event: &sendgrid::Event<'_>) -> Naming {
    if event.kind == EventKind::AccountStatusChange {
        return Naming::Nothing;
    }
    let email = event.email.as_deref();
    let recipient_hash = wire::key::address(source, email.unwrap_or_default());
    let smtp_id_hash = event.smtp_id.as_deref().map(|id| wire::key::smtp_id(source, id));
    if let Some(sg_message_id) = event.sg_message_id.as_deref() {
        let recipient = email.unwrap_or_default();
        let message_id = wire::key::message_id(sg_message_id);
        return Naming::Message(Identity {
            key: wire::key::message(source, sg_message_id, recipient),
            source,
            created_on: day(received_at),
            created_hour: hour(received_at),
            sg_message_id: sg_message_id.to_owned(),
            recipient: recipient.to_owned(),
            message_id_hash: wire::key::message_id_hash(source, message_id),
            recipient_hash,
            smtp_id_hash,
        });
    }
    match (email, smtp_id_hash) {
        (None, _) => Naming::Nothing,
        (Some(_), Some(smtp_id_hash)) => Naming::SmtpId { recipient_hash, smtp_id_hash },
        (Some(_), None) if matches!(event.kind, EventKind::Bounce | EventKind::Blocked) => {
            Naming::Recipient { recipient_hash }
        }
        (Some(_), None) => Naming::Nothing,
    }
}

fn recipient(source: SourceId, event: &sendgrid::Event<'_>) -> Option<(Address, RecipientFact)> {
    let email =
        event.email.as_deref().filter(|email| !email.is_empty() && RecipientFact::concerns(event.kind))?;
    let address = Address { source, hash: wire::key::address(source, email), text: email.to_owned() };
    let fact = RecipientFact {
        kind: event.kind,
        at: event.at,
        reason: event.reason.as_deref().map(str::to_owned),
        group: event.group,
    };
    Some((address, fact))
}
