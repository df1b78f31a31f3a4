//! The demo's consumer: remembers what it was told, and stumbles on purpose.
//!
//! The first few notifications are answered 503 once, after they were verified: a consumer that has not stored a
//! notification has not received it, and it has to come again under the same id.

use crate::consumer::{Delivered, Receiver};
use hyper::StatusCode;
use serde_json::Value;
use std::collections::{BTreeMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Notifications that are turned away once.
const STUMBLES: usize = 3;
/// More than any demo can rightly be told.
const TOLD_MAX: usize = 1_000_000;

/// One notification taken, as far as it is judged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Told {
    pub sg_message_id: String,
    pub recipient: String,
    pub kind: String,
    pub status: String,
    pub sequence: u64,
    /// Of a failure whose event did not name its message.
    pub correlated_by: Option<String>,
}

#[derive(Debug, Default)]
pub(crate) struct Received {
    /// By `webhook-id`; each counts once, however often it came.
    pub told: BTreeMap<String, Told>,
    /// Requests for a notification that had been taken before.
    pub again: u64,
    /// Requests that did not verify, or whose body was no notification.
    pub refused: u64,
    turned_away: HashSet<String>,
}

impl Received {
    pub(crate) fn turned_away(&self) -> usize {
        self.turned_away.len()
    }
}

#[derive(Debug, Default)]
pub(crate) struct DemoConsumer(Mutex<Received>);

impl DemoConsumer {
    pub(crate) fn received(&self) -> MutexGuard<'_, Received> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Receiver for DemoConsumer {
    fn delivered(&self, delivered: Delivered) -> StatusCode {
        let mut received = self.received();
        let Some(told) = read(&delivered.body) else {
            received.refused += 1;
            return StatusCode::BAD_REQUEST;
        };
        let id = delivered.webhook_id;
        if received.turned_away.len() < STUMBLES && !received.turned_away.contains(&id) {
            received.turned_away.insert(id);
            return StatusCode::SERVICE_UNAVAILABLE;
        }
        if received.told.contains_key(&id) {
            received.again += 1;
        } else if received.told.len() >= TOLD_MAX {
            return StatusCode::SERVICE_UNAVAILABLE;
        } else {
            received.told.insert(id, told);
        }
        StatusCode::NO_CONTENT
    }

    fn refused(&self, _why: &str) {
        self.received().refused += 1;
    }
}

fn read(body: &[u8]) -> Option<Told> {
    let body: Value = serde_json::from_slice(body).ok()?;
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let data = &body["data"];
    Some(Told {
        sg_message_id: text(&data["sg_message_id"])?,
        recipient: text(&data["recipient"])?,
        kind: text(&body["type"])?,
        status: text(&data["status"])?,
        sequence: data["sequence"].as_u64()?,
        correlated_by: text(&data["failure"]["correlated_by"]),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn delivered(id: usize) -> Delivered {
        let body = r#"{"type":"message.seen","data":{"sg_message_id":"m","recipient":"a","status":"opened","sequence":2}}"#;
        Delivered { webhook_id: format!("msg_{id}"), body: body.into() }
    }

    #[test]
    fn the_first_few_are_turned_away_once_and_taken_when_they_come_again() {
        let consumer = DemoConsumer::default();
        let answers: Vec<u16> = (0..5).map(|id| consumer.delivered(delivered(id)).as_u16()).collect();
        assert_eq!(answers, [503, 503, 503, 204, 204]);
        assert_eq!(consumer.delivered(delivered(0)).as_u16(), 204);
        assert_eq!(consumer.delivered(delivered(0)).as_u16(), 204);
        let received = consumer.received();
        assert_eq!((received.told.len(), received.again, received.turned_away()), (3, 1, 3));
    }

    #[test]
    fn a_body_that_is_no_notification_is_not_taken() {
        let consumer = DemoConsumer::default();
        let odd = Delivered { webhook_id: "msg_1".to_owned(), body: "[]".into() };
        assert_eq!(consumer.delivered(odd).as_u16(), 400);
        assert!(consumer.received().told.is_empty());
    }
}
