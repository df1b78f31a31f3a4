//! What Email Activity says.

use super::{BounceType, Event, EventName, Message, Row, Status};
use crate::lenient::{Object, named_texts, number, objects, text, texts, time};
use crate::page::{MessageId, Page};
use serde_json::Value;

pub(super) fn page(body: &Value) -> Option<Page<Row>> {
    let (listed, strange) = objects(body.get("messages"))?;
    let rows: Vec<_> = listed.iter().filter_map(|object| row(object)).collect();
    let unreadable = listed.len() - rows.len() + strange;
    Some(Page { rows, unreadable })
}

fn row(object: &Object) -> Option<Row> {
    Some(Row {
        msg_id: MessageId::new(text(object, "msg_id")?)?,
        from_email: text(object, "from_email"),
        to_email: text(object, "to_email"),
        subject: text(object, "subject"),
        status: status(object),
        opens_count: number(object, "opens_count").unwrap_or(0),
        clicks_count: number(object, "clicks_count").unwrap_or(0),
        last_event_at: time(object, "last_event_time").or_else(|| time(object, "last_timestamp")),
    })
}

fn status(object: &Object) -> Status {
    match text(object, "status").unwrap_or_default() {
        status if status == "processed" => Status::Processed,
        status if status == "delivered" => Status::Delivered,
        status if status == "not_delivered" => Status::NotDelivered,
        other => Status::Other(other),
    }
}

/// `asked` is the id that the request named.
pub(super) fn message(body: &Value, asked: &MessageId) -> Option<Message> {
    let object = body.as_object()?;
    let (listed, strange) = objects(object.get("events"))?;
    let events: Vec<_> = listed.iter().filter_map(|object| event(object)).collect();
    let unreadable = listed.len() - events.len() + strange;
    Some(Message {
        msg_id: text(object, "msg_id").and_then(MessageId::new).unwrap_or_else(|| asked.clone()),
        from_email: text(object, "from_email"),
        to_email: text(object, "to_email"),
        subject: text(object, "subject"),
        status: status(object),
        categories: texts(object, "categories"),
        unique_args: named_texts(object, "unique_args"),
        asm_group_id: number(object, "asm_group_id"),
        template_id: text(object, "template_id"),
        outbound_ip: text(object, "outbound_ip"),
        events,
        unreadable,
    })
}

fn event(object: &Object) -> Option<Event> {
    Some(Event {
        name: EventName::named(&text(object, "event_name")?),
        at: time(object, "processed")?,
        reason: text(object, "reason"),
        attempt: number(object, "attempt_num"),
        url: text(object, "url"),
        bounce_type: text(object, "bounce_type").map(bounce_type),
        user_agent: text(object, "http_user_agent"),
        mx_server: text(object, "mx_server"),
    })
}

fn bounce_type(name: String) -> BounceType {
    match name.as_str() {
        "hard" => BounceType::Hard,
        "soft" => BounceType::Soft,
        _ => BounceType::Other(name),
    }
}

#[cfg(test)]
mod tests;
