//! A message's events in their order, with what the stored bytes say beyond the stored columns.

use crate::output;
use domain::Rank;
use serde::Serialize;
use std::borrow::Cow;
use store::look::Event;
use wire::sendgrid::{self, Reading};

#[derive(Serialize)]
pub(crate) struct Entry {
    pub event: String,
    pub timestamp: String,
    pub received_at: String,
    pub sg_event_id: Option<String>,
    /// How it came to be known: `webhook`, or `reconcile` for what was recovered from SendGrid's records.
    pub origin: &'static str,
    pub outcome: String,
    /// How it came to its message, where it did not name it: `smtp_id` or `recipient`.
    pub correlated_by: Option<String>,
    /// Why it was ignored; else why the mail was not delivered, or not yet.
    pub reason: Option<String>,
}

/// By time, then height in the hierarchy, then name: SendGrid's clock has whole seconds, and ties are frequent.
pub(crate) fn of(events: &[Event]) -> Vec<Entry> {
    let mut ordered: Vec<_> = events.iter().map(|event| (event, reread(event))).collect();
    ordered.sort_by_key(|(event, read)| {
        (
            event.occurred_at,
            read.as_ref().and_then(|read| Rank::of(read.kind)),
            event.name.clone(),
            event.batch_id,
            event.ordinal,
        )
    });
    ordered
        .into_iter()
        .map(|(event, read)| {
            let (sg_event_id, said) = read.map_or((None, None), |read| (read.sg_event_id, read.reason));
            Entry {
                event: event.name.clone(),
                timestamp: output::time(event.occurred_at),
                received_at: output::time(event.received_at),
                sg_event_id: sg_event_id.map(Cow::into_owned),
                origin: event.origin.as_str(),
                outcome: event.outcome.clone(),
                correlated_by: event.correlated_by.clone(),
                reason: event.reason.clone().or(said.map(Cow::into_owned)),
            }
        })
        .collect()
}

/// The stored element read once more. `None` only if this release reads less than the one that stored it.
fn reread(event: &Event) -> Option<sendgrid::Event<'_>> {
    match sendgrid::read(&event.raw, event.received_at) {
        Reading::Elements(elements) => elements.into_iter().next()?.event.ok(),
        Reading::Unreadable(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::Origin;
    use jiff::Timestamp;
    use uuid::Uuid;

    fn event(name: &str, second: i64, more: &str) -> Event {
        let at = Timestamp::from_second(second).unwrap();
        let raw = format!(r#"{{"event":"{name}","timestamp":{second},"email":"a@example.com"{more}}}"#);
        Event {
            message_key: Uuid::nil(),
            batch_id: Uuid::nil(),
            ordinal: 0,
            occurred_at: at,
            received_at: at,
            name: name.to_owned(),
            correlated_by: None,
            outcome: "applied".to_owned(),
            reason: None,
            raw: raw.into_bytes(),
            origin: Origin::Webhook,
        }
    }

    #[test]
    fn entries_are_ordered_by_time_then_height() {
        let events = [
            event("open", 1_700_000_002, ""),
            event("delivered", 1_700_000_001, ""),
            event("processed", 1_700_000_001, ""),
        ];
        let names: Vec<String> = of(&events).into_iter().map(|entry| entry.event).collect();
        assert_eq!(names, ["processed", "delivered", "open"]);
    }

    #[test]
    fn ids_and_reasons_come_from_the_stored_bytes() {
        let bounce = event("bounce", 1_700_000_000, r#","sg_event_id":"id-1","reason":"550 no such user""#);
        let entry = of(&[bounce]).remove(0);
        assert_eq!(entry.sg_event_id.as_deref(), Some("id-1"));
        assert_eq!(entry.reason.as_deref(), Some("550 no such user"));
    }

    #[test]
    fn an_event_says_how_it_came_to_its_message() {
        let found =
            Event { correlated_by: Some("recipient".to_owned()), ..event("bounce", 1_700_000_000, "") };
        assert_eq!(of(&[found]).remove(0).correlated_by.as_deref(), Some("recipient"));
        assert_eq!(of(&[event("open", 1_700_000_000, "")]).remove(0).correlated_by, None);
    }

    #[test]
    fn an_event_says_whether_the_webhook_told_it() {
        let recovered = Event { origin: Origin::Reconcile, ..event("open", 1_700_000_000, "") };
        assert_eq!(of(&[recovered]).remove(0).origin, "reconcile");
        assert_eq!(of(&[event("open", 1_700_000_000, "")]).remove(0).origin, "webhook");
    }

    #[test]
    fn bytes_that_cannot_be_read_any_more_leave_the_stored_columns() {
        let mut stored = event("open", 1_700_000_000, "");
        stored.raw = b"\xff".to_vec();
        let entry = of(&[stored]).remove(0);
        assert_eq!((entry.event.as_str(), entry.sg_event_id), ("open", None));
    }
}
