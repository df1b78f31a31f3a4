//! One message: an id, a few text headers, a body. Knows how it looks in AMQP's own terms, not what it means.

use bytes::Bytes;
use lapin::{
    BasicProperties,
    types::{AMQPValue, FieldTable, ShortString},
};

/// Largest body. RabbitMQ 4 refuses more by default (`max_message_size`), and refuses by closing the channel.
pub const MESSAGE_BYTES_MAX: usize = 16 * 1024 * 1024;

/// Most that all headers may add up to: names, values, and six bytes for each. lapin does not split properties over
/// frames, and the smallest frame that a broker may insist on is 4,096 bytes.
pub const HEADER_BYTES_MAX: usize = 2_048;

/// What AMQP adds to a header: the length of its name, and type and length of its value.
const HEADER_OVERHEAD_BYTES: usize = 6;

/// AMQP's limit for ids and header names.
const SHORT_STRING_BYTES_MAX: usize = 255;

/// AMQP's mark for a message that is to survive the broker. A quorum queue keeps every message, but a copy that is
/// dead-lettered elsewhere keeps the mode it was published with.
const PERSISTENT: u8 = 2;

/// What is published and what is delivered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// The `message_id` property, at most 255 bytes; empty if a delivered message came without one.
    pub id: String,
    /// Text headers; of a name given twice the last counts. On a delivered message numbers and truth values are
    /// given as text too (such as the broker's `x-delivery-count`), other kinds are left out.
    pub headers: Vec<(String, String)>,
    /// At most [`MESSAGE_BYTES_MAX`].
    pub body: Bytes,
}

impl Message {
    /// Whether this can be put into AMQP's frames and will be taken by any broker we support.
    pub(crate) fn fits(&self) -> bool {
        let header_bytes: usize =
            self.headers.iter().map(|(name, value)| name.len() + value.len() + HEADER_OVERHEAD_BYTES).sum();
        self.id.len() <= SHORT_STRING_BYTES_MAX
            && self.headers.iter().all(|(name, _)| name.len() <= SHORT_STRING_BYTES_MAX)
            && header_bytes <= HEADER_BYTES_MAX
            && self.body.len() <= MESSAGE_BYTES_MAX
    }

    /// Persistent, with id and headers; `None` if an id or a header name is too long, which [`Message::fits`] tells
    /// beforehand.
    pub(crate) fn properties(&self) -> Option<BasicProperties> {
        let mut table = FieldTable::default();
        for (name, value) in &self.headers {
            table.insert(
                ShortString::try_new(name.as_str()).ok()?,
                AMQPValue::LongString(value.as_str().into()),
            );
        }
        let id = ShortString::try_new(self.id.as_str()).ok()?;
        Some(
            BasicProperties::default().with_delivery_mode(PERSISTENT).with_message_id(id).with_headers(table),
        )
    }

    pub(crate) fn delivered(properties: &BasicProperties, body: Vec<u8>) -> Self {
        let headers = properties.headers().as_ref().map_or_else(Vec::new, |table| {
            table.into_iter().filter_map(|(name, value)| Some((name.to_string(), text(value)?))).collect()
        });
        Self { id: id(properties), headers, body: Bytes::from(body) }
    }
}

/// The `message_id` property, empty if there is none.
pub(crate) fn id(properties: &BasicProperties) -> String {
    properties.message_id().as_ref().map_or_else(String::new, ToString::to_string)
}

fn text(value: &AMQPValue) -> Option<String> {
    match value {
        AMQPValue::LongString(text) => Some(text.to_string()),
        AMQPValue::ShortString(text) => Some(text.to_string()),
        AMQPValue::Boolean(value) => Some(value.to_string()),
        AMQPValue::ShortShortInt(value) => Some(value.to_string()),
        AMQPValue::ShortShortUInt(value) => Some(value.to_string()),
        AMQPValue::ShortInt(value) => Some(value.to_string()),
        AMQPValue::ShortUInt(value) => Some(value.to_string()),
        AMQPValue::LongInt(value) => Some(value.to_string()),
        AMQPValue::LongUInt(value) => Some(value.to_string()),
        AMQPValue::LongLongInt(value) => Some(value.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message() -> Message {
        Message {
            id: "0190".into(),
            headers: vec![("batch".into(), "7".into())],
            body: Bytes::from_static(b"[]"),
        }
    }

    #[test]
    fn what_is_published_is_what_is_delivered() {
        let sent = message();
        let properties = sent.properties().unwrap();
        assert_eq!(properties.delivery_mode(), &Some(PERSISTENT));
        assert_eq!(Message::delivered(&properties, sent.body.to_vec()), sent);
    }

    #[test]
    fn a_message_without_properties_is_delivered_all_the_same() {
        let bare = Message::delivered(&BasicProperties::default(), vec![1]);
        assert_eq!((bare.id.as_str(), bare.headers.len(), &bare.body[..]), ("", 0, &[1][..]));
    }

    #[test]
    fn the_brokers_own_counts_are_given_as_text() {
        let mut table = FieldTable::default();
        table.insert("x-delivery-count".into(), AMQPValue::LongLongInt(3));
        table.insert("x-death".into(), AMQPValue::FieldArray(vec![].into()));
        let delivered = Message::delivered(&BasicProperties::default().with_headers(table), vec![]);
        assert_eq!(delivered.headers, [("x-delivery-count".to_owned(), "3".to_owned())]);
    }

    #[test]
    fn each_limit_is_reached_and_not_passed() {
        assert!(message().fits());
        assert!(Message { id: "x".repeat(255), ..message() }.fits());
        assert!(!Message { id: "x".repeat(256), ..message() }.fits());
        assert!(Message { body: vec![0; MESSAGE_BYTES_MAX].into(), ..message() }.fits());
        assert!(!Message { body: vec![0; MESSAGE_BYTES_MAX + 1].into(), ..message() }.fits());
        let header = |name: usize, value: usize| vec![("n".repeat(name), "v".repeat(value))];
        assert!(Message { headers: header(8, HEADER_BYTES_MAX - 14), ..message() }.fits());
        assert!(!Message { headers: header(8, HEADER_BYTES_MAX - 13), ..message() }.fits());
        assert!(!Message { headers: header(256, 1), ..message() }.fits());
    }
}
