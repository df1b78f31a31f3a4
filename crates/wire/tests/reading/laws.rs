//! What holds of the reading of any bytes at all. The property tests and the fuzz target share this file, so it needs
//! nothing that only one of them has; a broken law panics and says which one.

use domain::{EventKind, Rank};
use jiff::{SignedDuration, Timestamp};
use serde_json::value::RawValue;
use std::collections::BTreeMap;
use wire::sendgrid::{
    self, Element, Event, MAX_CATEGORIES, MAX_ELEMENTS, Reading, Unreadable, normalise_address,
};

/// 2009-01-01T00:00:00Z.
const FIRST_SECOND: i64 = 1_230_768_000;
const DAY: SignedDuration = SignedDuration::from_hours(24);
/// "At most a few hundred bytes."
const DETAIL_BYTES_MAX: usize = 400;

/// Reads `body` and holds the reading to every law.
pub(crate) fn hold(body: &[u8], received_at: Timestamp) {
    let reading = sendgrid::read(body, received_at);
    assert!(reading == sendgrid::read(body, received_at), "the same bytes are read in two ways");
    let elements = match &reading {
        Reading::Elements(elements) => elements,
        Reading::Unreadable(unreadable) => return told_briefly(unreadable),
    };
    assert!(elements.len() <= MAX_ELEMENTS, "{} elements", elements.len());
    every_byte_is_accounted_for(body, elements);
    for (ordinal, element) in (0..).zip(elements) {
        assert_eq!(element.ordinal, ordinal, "ordinals have gaps");
        match &element.event {
            Ok(event) => {
                sound(event, received_at);
                read_alone(element, received_at);
            }
            Err(unreadable) => {
                told_briefly(unreadable);
                if !element.raw.is_empty() {
                    read_in_brackets(element, received_at);
                }
            }
        }
    }
}

fn told_briefly(unreadable: &Unreadable) {
    let detail = &unreadable.detail;
    assert!(!detail.is_empty() && detail.len() <= DETAIL_BYTES_MAX, "{} bytes of detail", detail.len());
    assert!(!detail.contains(char::is_control), "control characters in {detail:?}");
}

/// The body is its elements and, between them, nothing but white space, commas and one pair of brackets.
fn every_byte_is_accounted_for(body: &[u8], elements: &[Element<'_>]) {
    let mut rest = trim(body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body));
    let bare = rest.first() == Some(&b'{');
    if bare {
        assert_eq!(elements.len(), 1, "a bare object is a batch of one");
    } else {
        rest = after(rest, b"[");
    }
    for (index, element) in elements.iter().enumerate() {
        if index > 0 {
            rest = after(rest, b",");
        }
        assert_eq!(trim(&element.raw), &*element.raw, "white space around an element");
        rest = after(rest, &element.raw);
    }
    if !bare {
        rest = after(rest, b"]");
    }
    assert!(rest.is_empty(), "bytes that belong to no element: {}", rest.escape_ascii());
}

fn after<'a>(rest: &'a [u8], expected: &[u8]) -> &'a [u8] {
    let rest = rest
        .strip_prefix(expected)
        .unwrap_or_else(|| panic!("expected {} before {}", expected.escape_ascii(), rest.escape_ascii()));
    trim(rest)
}

/// Without JSON's four bytes of white space at both ends; ASCII's own idea has a fifth, the form feed.
fn trim(bytes: &[u8]) -> &[u8] {
    let space = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\n' | b'\r');
    let start = bytes.iter().position(|byte| !space(byte)).unwrap_or(bytes.len());
    let end = bytes.iter().rposition(|byte| !space(byte)).map_or(start, |last| last + 1);
    &bytes[start..end]
}

/// What is kept of an element is enough to read it again, in an array of its own or, since it is an object, bare.
fn read_alone(element: &Element<'_>, received_at: Timestamp) {
    read_in_brackets(element, received_at);
    let bare = only(sendgrid::read(&element.raw, received_at));
    assert_eq!(bare, element.event, "read differently when bare");
}

fn read_in_brackets(element: &Element<'_>, received_at: Timestamp) {
    let body = [b"[", &*element.raw, b"]"].concat();
    let alone = only(sendgrid::read(&body, received_at));
    assert_eq!(alone, element.event, "read differently when alone");
}

fn only(reading: Reading<'_>) -> Result<Event<'_>, Unreadable> {
    match reading {
        Reading::Elements(mut elements) if elements.len() == 1 => elements.remove(0).event,
        Reading::Elements(elements) => panic!("one element became {}", elements.len()),
        Reading::Unreadable(unreadable) => panic!("one element is no batch: {unreadable}"),
    }
}

/// An event can be stored, compared and told as it is.
fn sound(event: &Event<'_>, received_at: Timestamp) {
    assert!(event.at.as_second() >= FIRST_SECOND, "older than SendGrid: {}", event.at);
    assert!(event.at.duration_since(received_at) <= DAY, "too far ahead: {}", event.at);
    assert_eq!(event.at.subsec_nanosecond() % 1_000_000, 0, "finer than milliseconds");

    let failed = Rank::of(event.kind) == Some(Rank::FAILED);
    assert_eq!(event.failure.is_some(), failed, "{:?}", event.kind);
    assert!(!event.machine_open || event.kind == EventKind::Open);
    assert_eq!(event.name, event.name.to_lowercase());
    if event.kind != EventKind::Unknown {
        assert_eq!(event.name, event.kind.name());
    }
    assert_eq!(event.kind == EventKind::Blocked, failed && event.type_.as_deref() == Some("blocked"));
    assert_eq!(event.email, event.email.as_deref().and_then(normalise_address));

    for text in texts(event) {
        assert!(!text.is_empty(), "an empty text in {event:?}");
        assert!(!text.contains('\0'), "NUL in {event:?}");
    }
    assert!(event.categories.as_ref().is_none_or(|list| (1..=MAX_CATEGORIES).contains(&list.len())));
    if let Some(arguments) = &event.custom_args {
        sound_arguments(arguments);
    }
}

fn texts<'e>(event: &'e Event<'_>) -> impl Iterator<Item = &'e str> {
    let optional = [
        &event.email,
        &event.sg_event_id,
        &event.sg_message_id,
        &event.smtp_id,
        &event.reason,
        &event.url,
        &event.url_offset,
        &event.attempt,
        &event.type_,
        &event.useragent,
        &event.ip,
    ];
    let failure = event.failure.iter();
    let failure =
        failure.flat_map(|failure| [&failure.reason, &failure.smtp_status, &failure.classification]);
    let failure = failure.chain([&event.custom_args]).filter_map(|text| text.as_deref());
    let optional = optional.into_iter().filter_map(|text| text.as_deref()).chain(failure);
    let categories = event.categories.iter().flatten().map(String::as_str);
    optional.chain(categories).chain([&*event.name])
}

/// The text of one JSON object that is not empty, with sorted and unique keys, without NUL at any depth.
fn sound_arguments(arguments: &str) {
    let members: BTreeMap<String, &RawValue> = serde_json::from_str(arguments)
        .unwrap_or_else(|error| panic!("custom arguments are no JSON object: {error}: {arguments}"));
    assert!(!members.is_empty(), "custom arguments without an argument");
    let again = serde_json::to_string(&members).unwrap_or_else(|error| panic!("{error}"));
    // Written by another serialiser from sorted, unique keys: equal but for how it escapes control characters.
    let plain = !arguments.contains("\\u00") && !again.contains("\\b") && !again.contains("\\f");
    assert!(!plain || again == arguments, "keys are not sorted and unique: {arguments}");
    let escapes = arguments.split("\\\\");
    assert!(escapes.into_iter().all(|text| !text.contains("\\u0000")), "NUL in {arguments}");
}
