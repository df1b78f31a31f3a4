//! The keys by which things are recognised: sixteen bytes each, pure functions of what they stand for.
//!
//! Keys are stored and told to consumers, so these functions must not change. Addresses are normalised here once
//! more, so that a key is right whoever asks for it. Keys of events and messages lead with a time, because rows
//! inserted together should lie together; the rest is a hash in which no two lists of fields look alike.

use crate::hash::FieldHash;
use crate::sendgrid::{Event, normalise_address};
use domain::{EventKey, EventKind, MessageKey, SourceId};
use jiff::{Timestamp, civil::Date};

fn start(label: &'static str, source: SourceId) -> FieldHash {
    FieldHash::new(label).number(source.0.into())
}

fn address_field(hash: FieldHash, email: Option<&str>) -> FieldHash {
    hash.optional(email.and_then(normalise_address).as_deref())
}

fn seconds(at: Timestamp) -> u32 {
    let seconds = at.as_second();
    u32::try_from(seconds).unwrap_or(if seconds < 0 { 0 } else { u32::MAX })
}

/// One email to one recipient. An empty `email` stands for an absent one.
#[must_use]
pub fn message(source: SourceId, sg_message_id: &str, email: &str) -> MessageKey {
    let hash = address_field(start("message", source).text(sg_message_id), Some(email));
    MessageKey(hash.finish_after(acceptance_second(sg_message_id)))
}

/// The first key: one `sg_event_id` under one event name. `None` if the event has no id.
#[must_use]
pub fn first(source: SourceId, event: &Event<'_>) -> Option<EventKey> {
    let id = event.sg_event_id.as_deref()?;
    let hash = start("event id", source).text(&event.name).text(id);
    Some(EventKey(hash.finish_after(seconds(event.at))))
}

/// The natural key: everything that makes the event what it is, except its id. Recognises a repeat that comes under
/// another id, which is reported for retries.
#[must_use]
pub fn natural(source: SourceId, event: &Event<'_>) -> EventKey {
    let hash = address_field(start("event", source).text(&event.name), event.email.as_deref());
    let hash = match (&event.sg_message_id, &event.smtp_id) {
        (Some(id), _) => hash.text("sg_message_id").text(id),
        (None, Some(id)) => hash.text("smtp-id").text(id),
        (None, None) => hash.optional(None),
    };
    let hash = hash
        .number(event.at.as_millisecond())
        .optional(event.url.as_deref())
        .optional(event.url_offset.as_deref())
        .optional(event.attempt.as_deref())
        .optional(event.type_.as_deref())
        .optional(event.useragent.as_deref())
        .optional(event.ip.as_deref());
    // One visit to a page of preferences leaves several groups in the same second, alike in everything else.
    let leaves_or_joins = matches!(event.kind, EventKind::GroupUnsubscribe | EventKind::GroupResubscribe);
    let hash = match event.group.filter(|_| leaves_or_joins) {
        Some(group) => hash.number(group),
        None => hash,
    };
    EventKey(hash.finish_after(seconds(event.at)))
}

/// The key of an event that was recovered from SendGrid's records, where it stands at `position` of its batch. They say less
/// than the webhook, so two that really are two may look alike: what a list has side by side is told apart by its place.
/// Whether it is one with another batch's is not for a key to say; see `domain::origin`.
#[must_use]
pub fn recovered(source: SourceId, event: &Event<'_>, position: i32) -> EventKey {
    let hash = start("recovered event", source).bytes(&natural(source, event).0).number(position.into());
    EventKey(hash.finish_after(seconds(event.at)))
}

/// A recipient: one address on one source.
#[must_use]
pub fn address(source: SourceId, email: &str) -> [u8; 16] {
    address_field(start("address", source), Some(email)).finish()
}

/// What SendGrid returned as `X-Message-Id` when the message was sent: the part of `sg_message_id` before the name
/// of a receiving host (`.filter…`, `.recvd…`), else before the first dot. Recipients of one request share it.
#[must_use]
pub fn message_id(sg_message_id: &str) -> &str {
    let ends = || sg_message_id.match_indices('.').map(|(at, _)| sg_message_id.split_at(at));
    let is_host = |rest: &str| rest.starts_with(".filter") || rest.starts_with(".recvd");
    let end = ends().find(|(_, rest)| is_host(rest)).or_else(|| ends().next());
    end.map_or(sg_message_id, |(before, _)| before)
}

/// For finding messages by their `X-Message-Id`.
#[must_use]
pub fn message_id_hash(source: SourceId, message_id: &str) -> [u8; 16] {
    start("message id", source).text(message_id).finish()
}

/// For attaching an event that names its message only by its `smtp-id`, the `Message-ID` header that SendGrid repeats
/// on every event of a message until it is delivered or given up.
///
/// An opaque text, compared byte for byte, angle brackets included. Recipients of one request share it, so it finds
/// a message together with an address only.
#[must_use]
pub fn smtp_id(source: SourceId, smtp_id: &str) -> [u8; 16] {
    start("smtp-id", source).text(smtp_id).finish()
}

/// For recognising a queue message that carries no readable id, on the day on which it was received: its bytes stand
/// for it.
#[must_use]
pub fn body(received_on: Date, body: &[u8]) -> [u8; 16] {
    FieldHash::new("body").text(&received_on.to_string()).bytes(body).finish()
}

/// The second at which SendGrid accepted the message, as written in the queue id inside `sg_message_id`:
/// `…-5F5FC76C-9.0`, formerly with the sequence joined to it (`….57168B4A1D.0`). 0 if there is none.
///
/// Undocumented, so nothing is concluded from it: it only places the key in the index.
fn acceptance_second(sg_message_id: &str) -> u32 {
    let queue_id = sg_message_id.rsplit('.').nth(1).unwrap_or_default();
    let digits = match queue_id.rsplit('-').nth(1) {
        Some(part) => Some(part).filter(|part| part.len() == 8),
        None => queue_id.get(..8),
    };
    // `from_str_radix` would also take a sign.
    digits
        .filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()))
        .and_then(|digits| u32::from_str_radix(digits, 16).ok())
        .unwrap_or(0)
}

#[cfg(test)]
mod tests;
