//! Email Activity and Email Logs: what happened to each message, in the two forms that SendGrid gives it.
//!
//! Neither pages, and neither says when it leaves rows out: a query returns the latest `limit` of them.

use super::account::Book;
use super::query::{Operand, Query};
use super::routes::{Reply, Request};
use jiff::Timestamp;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

const ROWS_MAX: i64 = 1_000;
const ROWS_DEFAULT: i64 = 10;
const LOG_EVENTS_MAX: usize = 100;
const SENDER: &str = "sender@example.com";
const SUBJECT: &str = "Dear customer";

const ACTIVITY_FIELDS: [&str; 6] =
    ["msg_id", "from_email", "to_email", "subject", "status", "last_event_time"];
const LOG_FIELDS: [&str; 7] =
    ["sg_message_id", "subject", "to_email", "status", "reason", "categories", "sg_message_id_created_at"];

/// One message: its events in the webhook's shape, in the order of their recording.
#[derive(Clone, Debug)]
pub(super) struct Recorded {
    id: String,
    events: Vec<Value>,
}

impl Book {
    /// An event that is recorded already is recorded once. Whoever is suppressed by one is put on the list, unless he is on
    /// it: the entry stays that of the first time.
    pub(super) fn record(&mut self, events: &[Value]) {
        for event in events {
            let id = event["sg_message_id"].as_str().expect("events here are about messages").to_owned();
            let message = self.messages.entry(id.clone());
            let message = message.or_insert_with(|| Recorded { id, events: Vec::new() });
            if message.events.contains(event) {
                continue;
            }
            message.events.push(event.clone());
            if let Some(list) = list(event) {
                let row = json!({ "created": event["timestamp"], "email": event["email"], "reason": event["reason"] });
                let rows = self.suppressed.entry(list.to_owned()).or_default();
                if rows.iter().all(|known| known["email"] != row["email"]) {
                    rows.push(row);
                }
            }
        }
    }
}

/// The list that an event puts its recipient on.
fn list(event: &Value) -> Option<&'static str> {
    match event["event"].as_str()? {
        "bounce" if event["type"] == "blocked" => Some("blocks"),
        "bounce" => Some("bounces"),
        "spamreport" => Some("spam_reports"),
        "unsubscribe" => Some("unsubscribes"),
        _ => None,
    }
}

impl Recorded {
    fn names(&self) -> impl Iterator<Item = &str> {
        self.events.iter().filter_map(|event| event["event"].as_str())
    }

    fn count(&self, name: &str) -> usize {
        self.names().filter(|one| *one == name).count()
    }

    fn to_email(&self) -> &str {
        self.events.iter().find_map(|event| event["email"].as_str()).unwrap_or_default()
    }

    fn times(&self) -> impl Iterator<Item = i64> {
        self.events.iter().filter_map(|event| event["timestamp"].as_i64())
    }

    fn last_event_at(&self) -> Timestamp {
        Timestamp::from_second(self.times().max().unwrap_or_default()).unwrap()
    }

    fn created_at(&self) -> Timestamp {
        Timestamp::from_second(self.times().min().unwrap_or_default()).unwrap()
    }

    fn categories(&self) -> Vec<Value> {
        let first = self.events.iter().find_map(|event| event["category"].as_array());
        first.cloned().unwrap_or_default()
    }

    fn activity_status(&self, late_bounces_show: bool) -> &'static str {
        let has = |name: &str| self.names().any(|one| one == name);
        let bounced_later = late_bounces_show && has("bounce");
        if (has("delivered") && !bounced_later) || has("open") || has("click") {
            "delivered"
        } else if has("bounce") || has("dropped") {
            "not_delivered"
        } else {
            "processed"
        }
    }

    fn log_status(&self) -> &'static str {
        let Some(last) = self.events.iter().max_by_key(|event| event["timestamp"].as_i64()) else {
            return "";
        };
        match last["event"].as_str().unwrap_or_default() {
            "bounce" if last["type"] == "blocked" => "blocked",
            "bounce" => "bounced",
            "dropped" => "dropped",
            "deferred" => "deferred",
            "processed" => "processed",
            _ => "delivered",
        }
    }

    fn activity_row(&self, late_bounces_show: bool) -> Value {
        json!({
            "from_email": SENDER,
            "msg_id": self.id,
            "subject": SUBJECT,
            "to_email": self.to_email(),
            "status": self.activity_status(late_bounces_show),
            "opens_count": self.count("open"),
            "clicks_count": self.count("click"),
            "last_event_time": self.last_event_at().to_string(),
        })
    }

    fn log_row(&self) -> Value {
        json!({
            "from_email": SENDER,
            "sg_message_id": self.id,
            "subject": SUBJECT,
            "to_email": self.to_email(),
            "status": self.log_status(),
            "sg_message_id_created_at": self.created_at().to_string(),
        })
    }
}

/// What the webhook names otherwise, or does not have.
fn activity_event(event: &Value) -> Value {
    let name = match event["event"].as_str().unwrap_or_default() {
        "bounce" => "bounced",
        "open" => "opened",
        "click" => "clicked",
        "spamreport" => "spam_report",
        name => name,
    };
    let at = Timestamp::from_second(event["timestamp"].as_i64().unwrap_or_default()).unwrap();
    let mut row = json!({ "event_name": name, "processed": at.to_string() });
    for (here, webhook) in [("reason", "reason"), ("url", "url"), ("http_user_agent", "useragent")] {
        if let Some(text) = event[webhook].as_str() {
            row[here] = json!(text);
        }
    }
    if let (None, Some(response)) = (event["reason"].as_str(), event["response"].as_str()) {
        row["reason"] = json!(response);
    }
    if let Some(attempt) = event["attempt"].as_str().and_then(|attempt| attempt.parse::<u64>().ok()) {
        row["attempt_num"] = json!(attempt);
    }
    if name == "bounced" {
        row["bounce_type"] = json!(if event["type"] == "blocked" { "soft" } else { "hard" });
        row["mx_server"] = json!("mx.example.com");
    }
    row
}

/// Names that the webhook gives its own fields; whatever else an event has was attached by the sender.
const OWN: [&str; 24] = [
    "email",
    "timestamp",
    "smtp-id",
    "event",
    "category",
    "sg_event_id",
    "sg_message_id",
    "response",
    "attempt",
    "reason",
    "status",
    "type",
    "useragent",
    "ip",
    "sg_machine_open",
    "url",
    "url_offset",
    "asm_group_id",
    "tls",
    "cert_err",
    "send_at",
    "pool",
    "bounce_classification",
    "sg_content_type",
];

fn custom_args(events: &[Value]) -> Map<String, Value> {
    let fields = events.iter().filter_map(Value::as_object).flatten();
    fields
        .filter(|(name, _)| !OWN.contains(&name.as_str()))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

/// `GET /v3/messages`
pub(super) fn activity(book: &Book, request: &Request) -> Reply {
    if let Some(status) = book.no_activity {
        return Reply::usual(status);
    }
    let limit = match request.query.get("limit").map(|limit| limit.parse::<i64>()) {
        None => ROWS_DEFAULT,
        Some(Ok(limit)) if (1..=ROWS_MAX).contains(&limit) => limit,
        Some(_) => return Reply::bad("limit must be between 1 and 1000"),
    };
    let query = match request.query.get("query").map(|query| Query::parse(query, &ACTIVITY_FIELDS)) {
        None => return Reply::bad("query is required"),
        Some(Err(refusal)) => return refusal,
        Some(Ok(query)) => query,
    };
    let matching = book.messages.values().filter(|message| {
        let row = message.activity_row(book.late_bounces_show);
        query.matches(|field| match field {
            "last_event_time" => Some(Operand::Time(message.last_event_at())),
            _ => row[field].as_str().map(|text| Operand::Text(text.to_owned())),
        })
    });
    let mut matching: Vec<_> = matching.collect();
    matching.sort_by_key(|message| std::cmp::Reverse(message.last_event_at()));
    let rows = matching.iter().map(|message| message.activity_row(book.late_bounces_show));
    let rows = listed(book, rows, limit);
    Reply::json(200, json!({ "messages": rows }))
}

/// The rows of one answer.
fn listed(book: &Book, rows: impl Iterator<Item = Value>, limit: i64) -> Vec<Value> {
    let times = if book.lists_twice { 2 } else { 1 };
    rows.flat_map(|row| vec![row; times]).take(usize::try_from(limit).unwrap()).collect()
}

/// `GET /v3/messages/{msg_id}`
pub(super) fn activity_of(book: &Book, id: &str) -> Reply {
    if let Some(status) = book.no_activity {
        return Reply::usual(status);
    }
    let Some(message) = book.messages.get(id) else {
        let error = json!({ "message": "not found", "field": "message_id" });
        return Reply::json(404, json!({ "errors": [error] }));
    };
    let mut whole = message.activity_row(book.late_bounces_show);
    let whole = whole.as_object_mut().unwrap();
    for name in ["opens_count", "clicks_count", "last_event_time"] {
        whole.remove(name);
    }
    whole.insert("template_id".to_owned(), json!(""));
    whole.insert("teammate".to_owned(), json!(""));
    whole.insert("outbound_ip".to_owned(), json!("192.0.2.1"));
    whole.insert("categories".to_owned(), json!(message.categories()));
    // An object, written into a string.
    let args = Value::Object(custom_args(&message.events));
    whole.insert("unique_args".to_owned(), json!(args.to_string()));
    let events: Vec<_> = message.events.iter().map(activity_event).collect();
    whole.insert("events".to_owned(), json!(events));
    Reply::json(200, Value::Object(whole.clone()))
}

/// `POST /v3/logs`
pub(super) fn logs(book: &Book, request: &Request) -> Reply {
    if let Some(status) = book.no_logs {
        return Reply::usual(status);
    }
    let known = BTreeSet::from(["query", "limit", "subusers"]);
    let Some(body) = request.body.as_object() else { return Reply::bad("the body is required") };
    if let Some(name) = body.keys().find(|name| !known.contains(name.as_str())) {
        return Reply::bad(format!("'{name}' is unknown"));
    }
    let limit = match body.get("limit").map(Value::as_i64) {
        None => ROWS_DEFAULT,
        Some(Some(limit)) if (1..=ROWS_MAX).contains(&limit) => limit,
        Some(_) => return Reply::bad("limit must be between 1 and 1000"),
    };
    let query = match body.get("query").and_then(Value::as_str).map(|query| Query::parse(query, &LOG_FIELDS))
    {
        None => None,
        Some(Err(refusal)) => return refusal,
        Some(Ok(query)) => Some(query),
    };
    let matching = book.messages.values().filter(|message| {
        let row = message.log_row();
        query.as_ref().is_none_or(|query| {
            query.matches(|field| match field {
                "sg_message_id_created_at" => Some(Operand::Time(message.created_at())),
                _ => row[field].as_str().map(|text| Operand::Text(text.to_owned())),
            })
        })
    });
    let mut matching: Vec<_> = matching.collect();
    matching.sort_by_key(|message| std::cmp::Reverse(message.created_at()));
    let rows = listed(book, matching.iter().map(|message| message.log_row()), limit);
    Reply::json(200, json!({ "messages": rows }))
}

/// `GET /v3/logs/{sg_message_id}`
pub(super) fn log_of(book: &Book, id: &str) -> Reply {
    if let Some(status) = book.no_logs {
        return Reply::usual(status);
    }
    let Some(message) = book.messages.get(id) else { return Reply::usual(404) };
    let mut whole = message.log_row();
    let whole = whole.as_object_mut().unwrap();
    whole.remove("sg_message_id_created_at");
    whole.insert("api_key_id".to_owned(), json!("it-key"));
    whole.insert("client_ip".to_owned(), json!("192.0.2.2"));
    whole.insert("category".to_owned(), json!(message.categories()));
    whole.insert("custom_args".to_owned(), Value::Object(custom_args(&message.events)));
    let mut events = message.events.clone();
    events.sort_by_key(|event| std::cmp::Reverse(event["timestamp"].as_i64()));
    events.truncate(LOG_EVENTS_MAX);
    let events: Vec<_> = events.iter().map(log_event).collect();
    whole.insert("events".to_owned(), json!(events));
    Reply::json(200, Value::Object(whole.clone()))
}

/// The webhook's element with the sender's arguments apart.
fn log_event(event: &Value) -> Value {
    let args = custom_args(std::slice::from_ref(event));
    let mut element = event.as_object().unwrap().clone();
    element.retain(|name, _| !args.contains_key(name));
    element.insert("custom_args".to_owned(), Value::Object(args));
    Value::Object(element)
}
