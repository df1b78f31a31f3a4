//! Random events of every kind: few seconds and few addresses, so that they tie and meet.
//!
//! What is promised for counts is promised where one id has one natural key, so no two events here share either.

use crate::meaning::case::ORIGIN;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;
use rand::{Rng, RngExt as _};
use serde_json::{Value, json};
use std::collections::BTreeSet;

const SENDS: usize = 10;
const RECIPIENTS: usize = 12;
const EVENTS_PER_MESSAGE_MAX: usize = 9;
/// Events of one message lie within so many seconds: ties are frequent.
const SECONDS: i64 = 5;

/// Name and variant: the `type` of a bounce, or that the open is a machine's. Each as likely as the others, among those
/// that a message may have: a third of the messages is never opened, another third never even fails, or opens and clicks
/// would hide everything that ranks below them.
const STEPS: [&[(&str, &str)]; 3] = [
    &[
        ("processed", ""),
        ("deferred", ""),
        ("delivered", ""),
        ("spamreport", ""),
        ("unsubscribe", ""),
        ("group_unsubscribe", ""),
        ("group_resubscribe", ""),
        ("something_new", ""),
    ],
    &[("bounce", "bounce"), ("bounce", "blocked"), ("bounce", ""), ("dropped", "")],
    &[("open", ""), ("open", "machine"), ("click", "")],
];

/// Keys that no event type has as its own.
pub(super) const ARGUMENTS: [&str; 2] = ["order", "note"];

pub(super) fn events(random: &mut StdRng) -> Vec<Value> {
    let mut events: Vec<_> = ["compliance_suspend", "reactivate"]
        .iter()
        .map(|change| json!({ "event": "account_status_change", "timestamp": ORIGIN, "type": change }))
        .collect();
    for send in 0..SENDS {
        for recipient in 0..RECIPIENTS {
            let id = format!(
                "send-{send:02}xxxxxxxxxxxxxxx.recvd-6c5f9d8b7-x2x9z-1-684ee180-{send:x}.{recipient}"
            );
            let kinds = STEPS[..random.random_range(1..=STEPS.len())].concat();
            let mut message =
                Message { random, id, recipient, kinds, keys: BTreeSet::new(), shared: BTreeSet::new() };
            events.extend(message.events());
        }
    }
    events
}

struct Message<'a> {
    random: &'a mut StdRng,
    id: String,
    recipient: usize,
    kinds: Vec<(&'static str, &'static str)>,
    /// Natural keys so far.
    keys: BTreeSet<String>,
    /// Names under which the message's shared event id is taken.
    shared: BTreeSet<&'static str>,
}

impl Message<'_> {
    fn events(&mut self) -> Vec<Value> {
        let wanted = self.random.random_range(1..=EVENTS_PER_MESSAGE_MAX);
        let candidates: Vec<_> = (0..wanted).map(|number| self.event(number)).collect();
        candidates.into_iter().filter(|event| self.keys.insert(natural_key(event))).collect()
    }

    fn event(&mut self, number: usize) -> Value {
        let (name, variant) = *self.kinds.choose(self.random).unwrap();
        let mut event = json!({
            "event": name,
            "email": self.address(),
            "sg_message_id": self.id,
            "timestamp": ORIGIN + self.random.random_range(0..SECONDS),
        });
        if let Some(id) = self.event_id(name, number) {
            event["sg_event_id"] = id.into();
        }
        self.add_details(&mut event, name, variant);
        for key in ARGUMENTS {
            if self.random.random_bool(0.3) {
                event[key] = self.random.random_range(0..100).to_string().into();
            }
        }
        match self.random.random_range(0..5) {
            0 => event["category"] = json!([format!("c{number}"), "shared"]),
            1 => event["category"] = format!("c{number}").into(),
            _ => {}
        }
        event
    }

    fn address(&mut self) -> String {
        let name = if self.random.random_bool(0.2) { "Reader" } else { "reader" };
        format!("{name}-{:02}@example.com", self.recipient)
    }

    /// Mostly its own; sometimes one that other kinds of event of this message have too; sometimes none.
    fn event_id(&mut self, name: &'static str, number: usize) -> Option<String> {
        match self.random.random_range(0..10) {
            0 => None,
            1 if self.shared.insert(name) => Some(format!("shared-{}", self.id)),
            _ => Some(format!("{name}-{number}-{}", self.id)),
        }
    }

    fn add_details(&mut self, event: &mut Value, name: &str, variant: &str) {
        match name {
            "deferred" => event["attempt"] = self.one_of(&["1", "2", "3"]),
            "bounce" | "dropped" => {
                event["reason"] = self.one_of(&["550 gone", "452 full", ""]);
                event["status"] = self.one_of(&["5.1.1", "4.2.2"]);
                if name == "bounce" {
                    event["bounce_classification"] = self.one_of(&["Invalid Address", "Technical"]);
                    event["ip"] = self.one_of(&["192.0.2.1", "192.0.2.2"]);
                    event["type"] = variant.into();
                }
            }
            "open" | "click" => {
                event["useragent"] = self.one_of(&["Browser/1", "Browser/2"]);
                event["ip"] = self.one_of(&["198.51.100.1", "198.51.100.2"]);
                if variant == "machine" {
                    event["sg_machine_open"] = true.into();
                }
                if name == "click" {
                    event["url"] = self.one_of(&["https://example.com/a", "https://example.com/b"]);
                    event["url_offset"] = json!({ "index": self.random.random_range(0..2), "type": "html" });
                }
            }
            "group_unsubscribe" | "group_resubscribe" => {
                event["asm_group_id"] = self.random.random_range(17..19).into();
            }
            _ => {}
        }
    }

    fn one_of(&mut self, texts: &[&str]) -> Value {
        texts[self.random.next_u32() as usize % texts.len()].into()
    }
}

/// What makes an event what it is, whatever its id. Groups are no part of it, and neither are reasons.
fn natural_key(event: &Value) -> String {
    let parts = ["event", "timestamp", "url", "url_offset", "attempt", "type", "useragent", "ip"];
    parts.map(|part| event[part].to_string()).join("|")
}
