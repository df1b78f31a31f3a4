//! One email to one recipient, and the events that SendGrid would send about it.

use super::clock::now_seconds;
use serde_json::{Value, json};
use uuid::Uuid;

/// A message nobody else in any test has.
#[derive(Clone, Debug)]
pub(crate) struct Mail {
    pub(crate) recipient: String,
    pub(crate) sg_message_id: String,
    unique: String,
    sent_at: i64,
}

impl Mail {
    /// Sent a few minutes ago.
    pub(crate) fn new() -> Self {
        let unique = Uuid::now_v7().simple().to_string();
        let sent_at = now_seconds() - 300;
        let (id, machine) = unique.split_at(22);
        Self {
            recipient: format!("reader-{unique}@example.com"),
            sg_message_id: format!("{id}.filterdrecv-p3mdw1-{machine}-18-{sent_at:X}-9.0"),
            unique,
            sent_at,
        }
    }

    /// What SendGrid returned when it was sent, and what people look it up by.
    pub(crate) fn message_id(&self) -> &str {
        self.sg_message_id.split('.').next().unwrap_or_default()
    }

    /// An event, `seconds` after the sending. The same arguments give the same event, id included.
    pub(crate) fn event(&self, name: &str, seconds: i64) -> Value {
        let mut event = json!({
            "email": self.recipient,
            "timestamp": self.sent_at + seconds,
            "smtp-id": format!("<{}@geopod-ismtpd-1>", self.unique),
            "event": name,
            "category": ["tests"],
            "sg_event_id": self.event_id(name, seconds),
            "sg_message_id": self.sg_message_id,
        });
        let more = match name {
            "delivered" => json!({ "response": "250 OK" }),
            "deferred" => json!({ "response": "400 try again later", "attempt": "5" }),
            "bounce" => json!({ "reason": "550 5.1.1 no such user", "status": "5.1.1", "type": "bounce" }),
            "dropped" => json!({ "reason": "Bounced Address", "status": "5.0.0" }),
            "open" => json!({ "useragent": "Mozilla/4.0", "ip": "192.0.2.7", "sg_machine_open": false }),
            "click" => {
                json!({ "useragent": "Mozilla/4.0", "ip": "192.0.2.7", "url": "https://example.com/" })
            }
            _ => json!({}),
        };
        for (name, value) in more.as_object().unwrap() {
            event[name] = value.clone();
        }
        event
    }

    /// The `sg_event_id` of that event.
    pub(crate) fn event_id(&self, name: &str, seconds: i64) -> String {
        format!("{name}-{seconds}-{}", self.unique)
    }
}
