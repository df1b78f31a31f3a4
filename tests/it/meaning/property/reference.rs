//! What events come to, worked out from all of them at once, the slow and obvious way.

use super::generate::ARGUMENTS;
use jiff::Timestamp;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// What is expected of one subject. Several values: whichever of tied events wins.
pub(super) struct Expected(BTreeMap<&'static str, Vec<Value>>);

impl Expected {
    pub(super) fn agrees(&self, found: &Value, about: &str) {
        for (key, allowed) in &self.0 {
            let found = &found[*key];
            assert!(allowed.contains(found), "{key} is {found}, not one of {allowed:?}\n{about}");
        }
    }
}

type Events<'a> = Vec<&'a Value>;

/// Events that say that there is a message, by id and recipient.
pub(super) fn by_message(events: &[Value]) -> BTreeMap<(String, String), Events<'_>> {
    let mut messages = BTreeMap::<_, Events<'_>>::new();
    for event in events.iter().filter(|event| event["sg_message_id"].is_string()) {
        let key = (text(event, "sg_message_id").to_owned(), text(event, "email").to_lowercase());
        messages.entry(key).or_default().push(event);
    }
    messages.retain(|_, events| events.iter().any(|event| !is_unknown(event)));
    messages
}

/// Events that say something lasting about an address.
pub(super) fn by_recipient(events: &[Value]) -> BTreeMap<String, Events<'_>> {
    let mut recipients = BTreeMap::<_, Events<'_>>::new();
    for event in events {
        let lasting = match text(event, "event") {
            "bounce" => text(event, "type") != "blocked",
            "spamreport" | "unsubscribe" | "group_unsubscribe" | "group_resubscribe" => true,
            _ => false,
        };
        if lasting {
            recipients.entry(text(event, "email").to_lowercase()).or_default().push(event);
        }
    }
    recipients
}

/// Whether it concludes nothing on a source that does this with machines' opens.
pub(super) fn ignored(event: &Value, machines: &str) -> bool {
    is_unknown(event) || is_machine(event) && machines == "ignore"
}

pub(super) fn message(all: &[&Value], machines: &str) -> Expected {
    let events: Events<'_> = all.iter().copied().filter(|event| !ignored(event, machines)).collect();
    let count = |name: &str, is: &dyn Fn(&Value) -> bool| {
        all.iter().filter(|event| text(event, "event") == name && is(event)).count()
    };
    let first = |names: &[&str]| {
        let times =
            events.iter().filter(|event| names.contains(&text(event, "event"))).map(|event| second(event));
        time(times.min())
    };
    let ranked: Events<'_> = events.iter().copied().filter(|event| rank(event) > 0).collect();
    let failures: Events<'_> = events.iter().copied().filter(|event| rank(event) == 40).collect();
    let or = |values: Vec<Value>, none: Value| if values.is_empty() { vec![none] } else { values };
    Expected(BTreeMap::from([
        ("status", or(greatest(&ranked).into_iter().map(status).collect(), "unknown".into())),
        ("failure", or(greatest(&failures).into_iter().map(failure).collect(), Value::Null)),
        ("custom_args", or(earliest(&events, arguments), Value::Null)),
        ("categories", or(earliest(&events, categories), Value::Null)),
        ("events", vec![all.len().into()]),
        (
            "counts",
            vec![json!({
                "opens": count("open", &|event| !is_machine(event)),
                "machine_opens": count("open", &is_machine),
                "clicks": count("click", &|_| true),
                "deferrals": count("deferred", &|_| true),
            })],
        ),
        (
            "facts",
            vec![json!({
                "processed_at": first(&["processed"]),
                "delivered_at": first(&["delivered"]),
                "failed_at": first(&["bounce", "dropped"]),
                "opened_at": first(&["open"]),
                "clicked_at": first(&["click"]),
                "complained_at": first(&["spamreport"]),
                "unsubscribed_at": first(&["unsubscribe", "group_unsubscribe"]),
                "latest_event_at": time(events.iter().map(|event| second(event)).max()),
            })],
        ),
    ]))
}

pub(super) fn recipient(events: &[&Value]) -> Expected {
    let times = |name: &str| {
        let mut times: Vec<_> =
            events.iter().filter(|event| text(event, "event") == name).map(|e| second(e)).collect();
        times.sort_unstable();
        times
    };
    let (complaints, bounces, unsubscribes) = (times("spamreport"), times("bounce"), times("unsubscribe"));
    let (standing, since) = match (complaints.first(), bounces.first(), unsubscribes.last()) {
        (Some(at), ..) => ("complained", Some(*at)),
        (None, Some(at), _) => ("bounced", Some(*at)),
        (None, None, Some(at)) => ("unsubscribed", Some(*at)),
        (None, None, None) => ("ok", None),
    };
    let is_first_bounce = |event: &&&Value| text(event, "event") == "bounce" && Some(second(event)) == since;
    let reasons = match standing {
        "bounced" => {
            events.iter().filter(is_first_bounce).map(|event| or_null(text(event, "reason"))).collect()
        }
        _ => vec![Value::Null],
    };
    Expected(BTreeMap::from([
        ("standing", vec![standing.into()]),
        ("since", vec![time(since)]),
        ("reason", reasons),
        ("groups", vec![groups(events)]),
    ]))
}

/// The last word on each group; in one second, the unsubscribe.
fn groups(events: &[&Value]) -> Value {
    let mut words = BTreeMap::new();
    for event in events.iter().filter(|event| event["asm_group_id"].is_number()) {
        let word = (second(event), text(event, "event") == "group_unsubscribe");
        let last = words.entry(event["asm_group_id"].as_i64()).or_insert(word);
        *last = word.max(*last);
    }
    let show = |(id, (at, out))| json!({ "id": id, "since": time(Some(at)), "standing": if out { "unsubscribed" } else { "ok" } });
    words.into_iter().map(show).collect()
}

/// Those that are greatest together, but for their keys.
fn greatest<'a>(events: &[&'a Value]) -> Vec<&'a Value> {
    let order = |event: &Value| (rank(event), second(event), text(event, "event").to_owned());
    let greatest = events.iter().map(|event| order(event)).max();
    events.iter().copied().filter(|event| Some(order(event)) == greatest).collect()
}

/// Of the earliest of the events that have one.
fn earliest(events: &[&Value], of: fn(&Value) -> Option<Value>) -> Vec<Value> {
    let order = |event: &Value| (second(event), rank(event), text(event, "event").to_owned());
    let having: Vec<_> = events.iter().filter_map(|event| Some((order(event), of(event)?))).collect();
    let first = having.iter().map(|(order, _)| order).min().cloned();
    having.into_iter().filter(|(order, _)| Some(order) == first.as_ref()).map(|(_, value)| value).collect()
}

fn arguments(event: &Value) -> Option<Value> {
    let args: Map<_, _> =
        ARGUMENTS.iter().filter_map(|key| Some(((*key).to_owned(), event.get(*key)?.clone()))).collect();
    (!args.is_empty()).then(|| args.into())
}

fn categories(event: &Value) -> Option<Value> {
    let category = event.get("category")?;
    Some(if category.is_array() { category.clone() } else { json!([category]) })
}

fn failure(event: &Value) -> Value {
    json!({
        "kind": status(event),
        "occurred_at": time(Some(second(event))),
        "reason": or_null(text(event, "reason")),
        "smtp_status": or_null(text(event, "status")),
        "classification": or_null(text(event, "bounce_classification")),
        "correlated_by": null,
    })
}

fn rank(event: &Value) -> i64 {
    match text(event, "event") {
        "processed" => 10,
        "deferred" => 20,
        "delivered" => 30,
        "bounce" | "dropped" => 40,
        "open" => 50,
        "click" => 60,
        _ => 0,
    }
}

fn status(event: &Value) -> Value {
    match (text(event, "event"), text(event, "type")) {
        ("bounce", "blocked") => "blocked",
        ("bounce", _) => "bounced",
        ("open", _) => "opened",
        ("click", _) => "clicked",
        (same, _) => same,
    }
    .into()
}

fn is_unknown(event: &Value) -> bool {
    text(event, "event") == "something_new"
}

fn is_machine(event: &Value) -> bool {
    event["sg_machine_open"] == true
}

fn second(event: &Value) -> i64 {
    event["timestamp"].as_i64().unwrap()
}

fn time(second: Option<i64>) -> Value {
    second.map_or(Value::Null, |second| Timestamp::from_second(second).unwrap().to_string().into())
}

fn or_null(text: &str) -> Value {
    if text.is_empty() { Value::Null } else { text.into() }
}

fn text<'a>(event: &'a Value, key: &str) -> &'a str {
    event[key].as_str().unwrap_or_default()
}
