//! Generators of bodies, from noise to almost what SendGrid sends.

use proptest::prelude::*;
use proptest::sample::{Index, select};

/// A second at which the events below are neither too old nor too new.
pub(crate) const NOW: i64 = 1_710_334_650;

const NAMES: &str = "processed dropped delivered deferred bounce blocked open click spamreport spam_report \
                     unsubscribe group_unsubscribe group_resubscribe account_status_change novelty";
const KEYS: &str = "sg_event_id sg_message_id smtp-id category asm_group_id unique_args sg_machine_open reason \
                    response status bounce_classification type attempt url url_offset useragent ip pool send_at \
                    newsletter mc_stats template_id tls custom_args";

fn word(of: &'static str) -> impl Strategy<Value = &'static str> {
    select(of.split(' ').collect::<Vec<_>>())
}

/// Pieces of JSON in any order, broken ones among them.
pub(crate) fn near_json() -> impl Strategy<Value = Vec<u8>> {
    let piece = select(&[
        "[",
        "]",
        "{",
        "}",
        ",",
        ":",
        "\"",
        "\\",
        " ",
        "\r\n",
        "\t",
        "null",
        "true",
        "0",
        "-",
        "1e400",
        "-1.5E+3",
        "\"\"",
        "\"a\":",
        "\\u00",
        "\\ud800",
        "\\n",
        "\"event\":\"open\",",
        "\"Event\":\"bounce\",",
        "\"timestamp\":1710334643,",
        "\"email\":\"a@example.org\"",
        "\"unique_args\":{",
        "\"category\":[",
        "{\"event\":\"click\",\"timestamp\":1710334643,\"email\":\"a@example.org\"}",
        "\0",
        "é",
        "\u{feff}",
    ] as &[&str]);
    let piece = prop_oneof![
        12 => piece.prop_map(|text| text.as_bytes().to_vec()),
        1 => prop::collection::vec(any::<u8>(), 0..3),
    ];
    (any::<bool>(), prop::collection::vec(piece, 0..60)).prop_map(|(array, pieces)| {
        let inner = pieces.concat();
        if array { [b"[", &inner[..], b"]"].concat() } else { inner }
    })
}

/// An array of events, or one bare.
pub(crate) fn batch() -> impl Strategy<Value = Vec<u8>> {
    let joints = select(&[",", ",\r\n", " ,\n\t", ",,"] as &[&str]);
    let ends = select(&[("[", "]\r\n"), ("\u{feff}[ ", " ]"), ("[", "]"), ("", "")] as &[(&str, &str)]);
    let elements = prop::collection::vec(element(), 0..8);
    (prop::collection::vec(joints, 8), ends, elements).prop_map(|(joints, (start, end), mut elements)| {
        if start.is_empty() {
            return elements.pop().unwrap_or_default();
        }
        let mut body = start.as_bytes().to_vec();
        for (index, element) in elements.iter().enumerate() {
            if index > 0 {
                // Two commas in a row are rare, or every batch would have them.
                let joint =
                    if index % 4 == 3 { joints[index] } else { joints[index].get(..1).unwrap_or(",") };
                body.extend_from_slice(if joint == " " { b"," } else { joint.as_bytes() });
            }
            body.extend_from_slice(element);
        }
        body.extend_from_slice(end.as_bytes());
        body
    })
}

/// A batch in which a few bytes were changed, lost, doubled or cut off.
pub(crate) fn damaged() -> impl Strategy<Value = Vec<u8>> {
    let damage = (any::<Index>(), 0..6_u8, any::<u8>(), 1..30_usize);
    (batch(), prop::collection::vec(damage, 1..4)).prop_map(|(mut body, damages)| {
        for (place, how, byte, length) in damages {
            if body.is_empty() {
                break;
            }
            let at = place.index(body.len());
            let end = body.len().min(at + length);
            match how {
                0 => body[at] = byte,
                1 => body.insert(at, byte),
                2 => body.truncate(at),
                3 => drop(body.drain(at..end)),
                4 => {
                    let copy = body[at..end].to_vec();
                    body.splice(at..at, copy);
                }
                // What JSON hangs on.
                _ => body[at] = b"\"\\[]{},:"[usize::from(byte) % 8],
            }
        }
        body
    })
}

/// Mostly an object of an event's members in any order, some missing, doubled or of another type.
fn element() -> impl Strategy<Value = Vec<u8>> {
    let odd = select(&["1", "null", "\"x\"", "[]", "{}", "[{\"Key\":\"event\"}]", "abc", "{]}"] as &[&str]);
    let named = (name(), at(), address(), prop::collection::vec(member(), 0..12), any::<Index>());
    let object = named.prop_map(|(name, at, address, mut members, place)| {
        for (key, value) in [("event", name), ("timestamp", at), ("email", address)] {
            if let Some(value) = value {
                let member = [quoted(key.as_bytes()), b":".to_vec(), value].concat();
                members.insert(place.index(members.len() + 1), member);
            }
        }
        between(b"{", &members, b"}")
    });
    prop_oneof![15 => object, 1 => odd.prop_map(|odd| odd.as_bytes().to_vec())]
}

fn name() -> impl Strategy<Value = Option<Vec<u8>>> {
    let name = prop_oneof![20 => word(NAMES), 1 => select(&["", " Open ", "BOUNCE"] as &[&str])];
    mostly(name.prop_map(|name| quoted(name.as_bytes())))
}

fn at() -> impl Strategy<Value = Option<Vec<u8>>> {
    let text = prop_oneof![
        8 => (NOW - 100_000..NOW).prop_map(|second| second.to_string()),
        1 => (NOW - 100_000..NOW).prop_map(|second| format!("\" {second}\"")),
        1 => (NOW - 100_000..NOW).prop_map(|second| format!("{second}123")),
        1 => (NOW - 100_000..NOW).prop_map(|second| format!("{second}.75")),
        1 => any::<i64>().prop_map(|number| number.to_string()),
        1 => any::<f64>().prop_map(|number| format!("\"{number:e}\"")),
    ];
    mostly(text.prop_map(String::into_bytes))
}

fn address() -> impl Strategy<Value = Option<Vec<u8>>> {
    let address =
        select(&["a@example.org", " B@Example.ORG", "C <c@example.org>", "", "ü@example.org"] as &[&str]);
    mostly(address.prop_map(|address| quoted(address.as_bytes())))
}

/// Rarely absent, rarely something else altogether.
fn mostly(value: impl Strategy<Value = Vec<u8>>) -> impl Strategy<Value = Option<Vec<u8>>> {
    prop_oneof![40 => value.prop_map(Some), 1 => Just(None), 1 => self::value().prop_map(Some)]
}

fn member() -> impl Strategy<Value = Vec<u8>> {
    let key = prop_oneof![6 => word(KEYS).prop_map(|key| key.as_bytes().to_vec()), 2 => text()];
    (key, value()).prop_map(|(key, value)| [quoted(&key), b":".to_vec(), value].concat())
}

fn value() -> impl Strategy<Value = Vec<u8>> {
    let plain = select(&[
        "null",
        "true",
        "false",
        "0",
        "-0",
        "17",
        "17.0",
        "1e400",
        "-1e-400",
        "123456789012345678901234567890123456",
        "\"blocked\"",
        "\"1\"",
        "\" \"",
        "\"\"",
        "{\"index\":0,\"type\":\"html\"}",
        "\"<x@mail.example.org>\"",
        "\"kQ4mZ1x7TnyVbA2cR9pL0w.recvd-6c5f9d8b7-x2x9z-1-65F1A2B3-1C.0\"",
    ] as &[&str]);
    let leaf = prop_oneof![
        3 => plain.prop_map(|plain| plain.as_bytes().to_vec()),
        2 => text().prop_map(|text| quoted(&text)),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        let pair =
            (text(), inner.clone()).prop_map(|(key, value)| [quoted(&key), b":".to_vec(), value].concat());
        prop_oneof![
            prop::collection::vec(inner, 0..4).prop_map(|items| between(b"[", &items, b"]")),
            prop::collection::vec(pair, 0..4).prop_map(|pairs| between(b"{", &pairs, b"}")),
        ]
    })
}

/// The content of a string: mostly text, with what strings may wrongly contain. Never a bare quote or backslash.
fn text() -> impl Strategy<Value = Vec<u8>> {
    const PIECES: &[&[u8]] = &[
        b"a",
        b"Event",
        b" ",
        b"{[,:]}",
        b"\\\"",
        b"\\\\",
        b"\\n",
        b"\\b",
        b"\\u0041",
        b"\\u0000",
        b"\\ud83d\\ude00",
        b"\\ud800",
        b"\\udc00",
        b"\\q",
        b"\\u12",
        b"\0",
        b"\x01",
        b"\x7f",
        b"\xff",
        b"\xc3",
        b"\xc3\xa9",
        b"\xf0\x9f\x98\x80",
    ];
    prop::collection::vec(select(PIECES), 0..6).prop_map(|pieces| pieces.concat())
}

fn quoted(content: &[u8]) -> Vec<u8> {
    [b"\"", content, b"\""].concat()
}

fn between(open: &[u8], items: &[Vec<u8>], close: &[u8]) -> Vec<u8> {
    [open, &items.join(&b','), close].concat()
}
