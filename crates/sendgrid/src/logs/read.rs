//! What Email Logs says.

use super::{LogEvent, LogMessage, LogRow, LogStatus};
use crate::lenient::{Object, named_texts, objects, text, texts, time};
use crate::page::{MessageId, Page};
use serde_json::Value;

pub(super) fn page(body: &Value) -> Option<Page<LogRow>> {
    let (listed, strange) = objects(body.get("messages"))?;
    let rows: Vec<_> = listed.iter().filter_map(|object| row(object)).collect();
    let unreadable = listed.len() - rows.len() + strange;
    Some(Page { rows, unreadable })
}

fn row(object: &Object) -> Option<LogRow> {
    Some(LogRow {
        sg_message_id: MessageId::new(text(object, "sg_message_id")?)?,
        from_email: text(object, "from_email"),
        to_email: text(object, "to_email"),
        subject: text(object, "subject"),
        status: status(object),
        reason: text(object, "reason"),
        created_at: time(object, "sg_message_id_created_at"),
    })
}

fn status(object: &Object) -> LogStatus {
    let status = text(object, "status").unwrap_or_default();
    match status.as_str() {
        "processed" => LogStatus::Processed,
        "delivered" => LogStatus::Delivered,
        "deferred" => LogStatus::Deferred,
        "dropped" => LogStatus::Dropped,
        "bounced" => LogStatus::Bounced,
        "blocked" => LogStatus::Blocked,
        _ => LogStatus::Other(status),
    }
}

/// `asked` is the id that the request named.
pub(super) fn message(body: &Value, asked: &MessageId) -> Option<LogMessage> {
    let object = body.as_object()?;
    let (listed, strange) = objects(object.get("events"))?;
    let events: Vec<_> = listed.iter().filter_map(|object| event(object)).collect();
    let unreadable = listed.len() - events.len() + strange;
    Some(LogMessage {
        sg_message_id: text(object, "sg_message_id")
            .and_then(MessageId::new)
            .unwrap_or_else(|| asked.clone()),
        from_email: text(object, "from_email"),
        to_email: text(object, "to_email"),
        subject: text(object, "subject"),
        status: status(object),
        categories: texts(object, "category"),
        custom_args: named_texts(object, "custom_args"),
        events,
        unreadable,
    })
}

fn event(object: &Object) -> Option<LogEvent> {
    Some(LogEvent {
        event: text(object, "event")?,
        at: time(object, "timestamp")?,
        sg_event_id: text(object, "sg_event_id"),
        element: object.clone(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::logs::LogQuery;
    use serde_json::json;

    #[test]
    fn rows_are_read_and_those_without_an_id_counted() {
        let body = json!({ "messages": [
            {
                "from_email": "f", "sg_message_id": "a.recvd-1", "subject": "", "to_email": "t", "status": "blocked",
                "reason": "busy", "sg_message_id_created_at": "2025-01-01T00:00:00Z",
            },
            { "sg_message_id": "b", "status": "teleported", "sg_message_id_created_at": "1735689600" },
            { "status": "bounced" },
            7,
        ] });
        let page = page(&body).unwrap();
        assert_eq!((page.rows.len(), page.unreadable), (2, 2));
        assert_eq!(page.rows[0].status, LogStatus::Blocked);
        assert_eq!(page.rows[0].created_at, page.rows[1].created_at);
        assert_eq!(page.rows[1].status, LogStatus::Other("teleported".to_owned()));
        assert_eq!(super::page(&json!({ "rows": [] })), None);
    }

    #[test]
    fn an_event_keeps_all_of_its_element() {
        let element = json!({
            "event": "bounce", "type": "blocked", "email": "t", "timestamp": 1_755_187_955, "sg_event_id": "e",
            "smtp-id": "<x>", "custom_args": { "order": "17" },
        });
        let body = json!({
            "category": ["a"], "custom_args": { "order": "17" }, "status": "blocked",
            "events": [element, { "event": "open" }, { "timestamp": 1 }, { "event": "click", "timestamp": "2" }],
        });
        let read = message(&body, &MessageId::new("asked").unwrap()).unwrap();
        assert_eq!((read.sg_message_id.as_str(), read.unreadable, read.events.len()), ("asked", 2, 2));
        assert_eq!(Value::Object(read.events[0].element.clone()), element);
        assert_eq!(read.events[0].sg_event_id.as_deref(), Some("e"));
        assert_eq!((read.events[1].at.as_second(), &read.events[1].sg_event_id), (2, &None));
        assert_eq!(read.custom_args["order"], "17");
    }

    #[test]
    fn a_stretch_is_half_open_so_that_stretches_meet_without_overlapping() {
        let query = LogQuery::created_between(
            "2025-01-01T00:00:00Z".parse().unwrap(),
            "2025-02-01T00:00:00Z".parse().unwrap(),
        );
        assert_eq!(
            query.as_str(),
            "sg_message_id_created_at >= TIMESTAMP \"2025-01-01T00:00:00Z\" \
             AND sg_message_id_created_at < TIMESTAMP \"2025-02-01T00:00:00Z\""
        );
    }
}
