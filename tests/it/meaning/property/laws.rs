//! What every consumer may rely on, whatever the order of arrival was.

use super::Found;
use crate::harness::Notification;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Holds every message's tale to the laws.
pub(super) fn hold(found: &Found, told: &[Notification]) {
    let mut tales = BTreeMap::<_, Vec<&Notification>>::new();
    for one in told {
        let [source, id] =
            ["source", "sg_message_id"].map(|key| one.body["data"][key].as_str().unwrap_or_default());
        tales.entry((source, id, one.recipient.as_str())).or_default().push(one);
    }
    let mut messages = 0;
    for ([source, id, recipient], known) in found.iter().filter(|([_, id, _], _)| !id.is_empty()) {
        let tale = tales.remove(&(source.as_str(), id.as_str(), recipient.as_str())).unwrap_or_default();
        let story: Vec<_> =
            tale.iter().map(|one| (&one.kind, &one.status, one.sequence, one.implied)).collect();
        lawful(&tale, known)
            .unwrap_or_else(|law| panic!("{law}: {source} {id} {recipient} {known} {story:?}"));
        messages += 1;
    }
    assert!(messages > 0 && tales.is_empty(), "told of messages that are not there: {:?}", tales.keys());
}

fn lawful(tale: &[&Notification], known: &Value) -> Result<(), &'static str> {
    let broken = |law: &'static str, holds: bool| if holds { Ok(()) } else { Err(law) };
    let types: Vec<_> =
        tale.iter().map(|one| one.kind.strip_prefix("message.").unwrap_or_default()).collect();
    let distinct: BTreeSet<_> = types.iter().copied().collect();
    broken("a type is told once", distinct.len() == types.len())?;
    let sequences = (1..).zip(tale).all(|(number, one)| one.sequence == Some(number));
    broken("sequences are 1, 2, 3 …, and arrive in that order", sequences)?;
    let place = |kind| types.iter().position(|told| *told == kind);
    broken(
        "seen is told after delivered",
        place("seen").is_none_or(|seen| place("delivered") < Some(seen) && place("delivered").is_some()),
    )?;
    let ranks: Vec<_> = tale.iter().map(|one| rank(&one.status)).collect();
    broken("the status told never goes back", ranks.is_sorted())?;
    broken(
        "only a delivery is implied",
        tale.iter().all(|one| !one.implied || one.kind == "message.delivered"),
    )?;

    let status = known["status"].as_str().unwrap_or_default();
    let last = types.iter().rev().find(|kind| ["delivered", "failed", "seen"].contains(kind));
    broken("the last of the default types is that of the status", last.copied() == told_as(status))?;
    for (kind, fact) in [("complained", "complained_at"), ("unsubscribed", "unsubscribed_at")] {
        broken(
            "a fact is told if there is one",
            distinct.contains(kind) == known["facts"][fact].is_string(),
        )?;
    }
    broken("a click is told if there is one", distinct.contains("clicked") == (status == "clicked"))
}

fn rank(status: &str) -> u8 {
    match status {
        "unknown" => 0,
        "processed" => 10,
        "deferred" => 20,
        "delivered" => 30,
        "blocked" | "dropped" | "bounced" => 40,
        "opened" => 50,
        "clicked" => 60,
        other => panic!("{other} is no status"),
    }
}

/// The type, of those told by default, that stands for a status.
fn told_as(status: &str) -> Option<&'static str> {
    match rank(status) {
        0..30 => None,
        30 => Some("delivered"),
        40 => Some("failed"),
        _ => Some("seen"),
    }
}
