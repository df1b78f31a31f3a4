//! Input that real senders, proxies and accidents produce. All of it is correctly signed, so all of it is accepted, and
//! nothing of it may harm its neighbours or disappear.

use super::scenario::{One, Planned};
use traffic::{Happening, Mail, Step, join};

/// A mail number that no mail of the scenario has.
const ODD_MAIL: u64 = 1 << 40;

pub(crate) fn posts(seed: u64, start: i64) -> Vec<Planned> {
    vec![neighbours(seed, start), bare_object(seed, start), not_json(), nothing()]
}

fn one(seed: u64, number: u64, step: Step, at: i64) -> One {
    One::new(&Mail::new(seed, ODD_MAIL + number, at), Happening { step, repeat: 0, at: at + 1 })
}

/// Readable events between an unknown event, one without a timestamp, one that is no JSON, a number, and bytes that are
/// not UTF-8.
fn neighbours(seed: u64, start: i64) -> Planned {
    let good = [one(seed, 1, Step::Delivered, start), one(seed, 2, Step::Bounce, start)];
    let mut foreign = one(seed, 3, Step::Blocked, start);
    if let Some(position) = foreign.text.windows(7).position(|bytes| bytes == b"Service") {
        foreign.text[position] = 0xE9;
    }
    let unknown = one(seed, 4, Step::Unknown, start);
    let elements: [&[u8]; 7] = [
        &good[0].text,
        &unknown.text,
        br#"{"email":"nobody@example.com","event":"open","sg_event_id":"no-timestamp"}"#,
        br#"{"email":"nobody@example.com",event:open,"timestamp":}"#,
        b"42",
        &foreign.text,
        &good[1].text,
    ];
    Planned {
        body: join(&elements),
        elements: elements.len() as u64,
        facts: good.iter().chain([&foreign]).map(|one| one.fact.clone()).collect(),
    }
}

/// Documentation shows single events without their array.
fn bare_object(seed: u64, start: i64) -> Planned {
    let only = one(seed, 5, Step::Delivered, start);
    Planned { body: only.text, elements: 1, facts: vec![only.fact] }
}

/// Kept whole, as one element, until somebody has looked at it.
fn not_json() -> Planned {
    Planned { body: b"<html>502 Bad Gateway</html>\r\n".to_vec(), elements: 1, facts: Vec::new() }
}

fn nothing() -> Planned {
    Planned { body: join::<&[u8]>(&[]), elements: 0, facts: Vec::new() }
}
