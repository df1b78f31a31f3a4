//! From what the broker delivered to a [`Batch`]: envelope, elements, keys. Pure but for the source it is given.
//!
//! Never fails: whatever cannot be read becomes something to keep aside, with the reason.

use crate::batch::{Batch, Content, Element, Event, Source};
use bytes::Bytes;
use domain::{EventKind, IgnoreReason, MessageEvent, RecipientFact, SourceId};
use std::sync::Arc;
use store::batch::{Claim, day};
use store::event::EventRow;
use store::message::Identity;
use store::quarantine::Held;
use store::recipient::Address;
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
            let elements =
                elements.into_iter().map(|element| self::element(&claim, element, source)).collect();
            let content = Content::Elements(elements);
            Batch { claim, body, noted: false, content }
        }
    }
}

fn element(claim: &Claim, element: sendgrid::Element<'_>, source: &Arc<Source>) -> Element {
    // Reading bounds a batch at 50,000 elements.
    let ordinal = i32::try_from(element.ordinal).unwrap_or(i32::MAX);
    let raw = element.raw.into_owned();
    match element.event {
        Ok(event) => Element::Event(Box::new(self::event(claim, ordinal, raw, event, source))),
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

fn event(claim: &Claim, ordinal: i32, raw: Vec<u8>, read: sendgrid::Event, source: &Arc<Source>) -> Event {
    let source_id = SourceId(claim.source_id);
    let natural_key = wire::key::natural(source_id, &read);
    let first_key = wire::key::first(source_id, &read);
    let identity = identity(claim, &read);
    let ignored = IgnoreReason::of(read.kind, read.machine_open, source.machine_opens);
    let row = EventRow {
        day: day(read.at),
        natural_key: Uuid::from_bytes(natural_key.0),
        first_key: first_key.map(|key| Uuid::from_bytes(key.0)),
        source_id: claim.source_id,
        message_key: identity.as_ref().map(|identity| Uuid::from_bytes(identity.key.0)),
        batch_id: claim.id,
        ordinal,
        occurred_at: read.at,
        received_at: claim.received_at,
        name: read.name.clone(),
        outcome: if ignored.is_some() { "ignored" } else { "applied" }.to_owned(),
        reason: ignored.map(|reason| reason.as_str().to_owned()),
        raw,
    };
    let recipient = recipient(source_id, &read);
    let event = MessageEvent {
        kind: read.kind,
        at: read.at,
        key: first_key.unwrap_or(natural_key),
        machine_open: read.machine_open,
        failure: read.failure,
        custom_args: read.custom_args,
        categories: read.categories,
    };
    let order = event.order();
    // An unknown event is seen in its message's timeline and concludes nothing, not even that there is a message.
    let message = identity.filter(|_| event.kind != EventKind::Unknown).map(|identity| (identity, event));
    Event { row, order, source: Arc::clone(source), message, recipient }
}

/// The message an event concerns. An event without `sg_message_id` is a fact about its recipient or the account;
/// one without an address (SendGrid's `dropped` may have none) still belongs to its message.
fn identity(claim: &Claim, event: &sendgrid::Event) -> Option<Identity> {
    if event.kind == EventKind::AccountStatusChange {
        return None;
    }
    let source = SourceId(claim.source_id);
    let sg_message_id = event.sg_message_id.as_deref()?;
    let recipient = event.email.as_deref().unwrap_or_default();
    let message_id = wire::key::message_id(sg_message_id);
    Some(Identity {
        key: wire::key::message(source, sg_message_id, recipient),
        source,
        created_on: day(claim.received_at),
        sg_message_id: sg_message_id.to_owned(),
        recipient: recipient.to_owned(),
        message_id_hash: wire::key::message_id_hash(source, message_id),
        recipient_hash: wire::key::address(source, recipient),
    })
}

fn recipient(source: SourceId, event: &sendgrid::Event) -> Option<(Address, RecipientFact)> {
    let email =
        event.email.as_deref().filter(|email| !email.is_empty() && RecipientFact::concerns(event.kind))?;
    let address = Address { source, hash: wire::key::address(source, email), text: email.to_owned() };
    let fact =
        RecipientFact { kind: event.kind, at: event.at, reason: event.reason.clone(), group: event.group };
    Some((address, fact))
}
