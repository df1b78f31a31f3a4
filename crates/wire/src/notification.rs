//! The body of a notification and its lasting id. Rendered once, when the fact is recorded; what is stored are the
//! bytes that are sent and signed at every attempt.

use crate::hash::FieldHash;
use crate::{hex, key};
use domain::EventKey;
use domain::{Failure, MessageKey, NotificationType, SourceId, Status};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::value::RawValue;

/// How much of a failure's reason is told. Reasons are written by remote servers and can be of any length.
pub const REASON_BYTES_MAX: usize = 2048;

/// What a notification can be about: a message, or a fact keyed by its event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BodyType {
    Message(NotificationType),
    RecipientSuppressed,
    RecipientResubscribed,
    AccountStatusChanged,
}

impl BodyType {
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Message(kind) => kind.as_str(),
            Self::RecipientSuppressed => "recipient.suppressed",
            Self::RecipientResubscribed => "recipient.resubscribed",
            Self::AccountStatusChanged => "account.status_changed",
        }
    }
}

impl From<NotificationType> for BodyType {
    fn from(kind: NotificationType) -> Self {
        Self::Message(kind)
    }
}

/// Everything a notification says.
#[derive(Clone, Copy, Debug)]
pub struct Body<'a> {
    pub kind: BodyType,
    /// The source's name.
    pub source: &'a str,
    /// Absent where the event names no message.
    pub sg_message_id: Option<&'a str>,
    pub recipient: Option<&'a str>,
    /// The message's status after the event, and before it. Absent on facts about a recipient or the account.
    pub status: Option<Status>,
    pub previous_status: Option<Status>,
    /// Counts the notifications of one message from 1. Absent on facts that are keyed by their event.
    pub sequence: Option<u32>,
    pub implied: bool,
    pub machine_open: bool,
    /// The event's own time; also the notification's `timestamp`.
    pub occurred_at: Timestamp,
    /// When the batch was received.
    pub received_at: Timestamp,
    /// Which of `blocked`, `dropped` and `bounced` it was, and why.
    pub failure: Option<(Status, &'a Failure)>,
    pub categories: Option<&'a [String]>,
    /// The text of a JSON object, as [`Event::custom_args`](crate::sendgrid::Event::custom_args) has it.
    pub custom_args: Option<&'a str>,
}

#[derive(Serialize)]
struct Rendered<'a> {
    r#type: &'static str,
    timestamp: String,
    data: Data<'a>,
}

#[derive(Serialize)]
struct Data<'a> {
    source: &'a str,
    message_id: Option<&'a str>,
    sg_message_id: Option<&'a str>,
    recipient: Option<&'a str>,
    status: Option<&'static str>,
    previous_status: Option<&'static str>,
    sequence: Option<u32>,
    implied: bool,
    machine_open: bool,
    occurred_at: String,
    received_at: String,
    failure: Option<RenderedFailure<'a>>,
    categories: Option<&'a [String]>,
    custom_args: Option<CustomArgs<'a>>,
}

#[derive(Serialize)]
struct RenderedFailure<'a> {
    kind: &'static str,
    reason: Option<&'a str>,
    reason_truncated: bool,
    smtp_status: Option<&'a str>,
    classification: Option<&'a str>,
    correlated_by: Option<&'a str>,
}

/// The sender's object as it is. What is no JSON (which no reader of ours produces) is told as a string, so that the
/// body is JSON whatever the database holds.
#[derive(Serialize)]
#[serde(untagged)]
enum CustomArgs<'a> {
    Json(&'a RawValue),
    Text(&'a str),
}

/// The body's bytes: one JSON object, keys in a fixed order, absent values null.
#[must_use]
pub fn render(body: &Body<'_>) -> Vec<u8> {
    let rendered = Rendered {
        r#type: body.kind.as_str(),
        timestamp: body.occurred_at.to_string(),
        data: Data {
            source: body.source,
            message_id: body.sg_message_id.map(key::message_id),
            sg_message_id: body.sg_message_id,
            recipient: body.recipient,
            status: body.status.map(Status::as_str),
            previous_status: body.previous_status.map(Status::as_str),
            sequence: body.sequence,
            implied: body.implied,
            machine_open: body.machine_open,
            occurred_at: body.occurred_at.to_string(),
            received_at: body.received_at.to_string(),
            failure: body.failure.map(|(kind, failure)| render_failure(kind, failure)),
            categories: body.categories,
            custom_args: body.custom_args.map(|text| match serde_json::from_str(text) {
                Ok(json) => CustomArgs::Json(json),
                Err(_) => CustomArgs::Text(text),
            }),
        },
    };
    serde_json::to_vec(&rendered)
        .expect("string keys and no fallible field: nothing in it can fail to serialise")
}

fn render_failure(kind: Status, failure: &Failure) -> RenderedFailure<'_> {
    let cut = |text: &'_ str| text.floor_char_boundary(REASON_BYTES_MAX);
    let reason = failure.reason.as_deref();
    RenderedFailure {
        kind: kind.as_str(),
        reason: reason.map(|text| text.split_at(cut(text)).0),
        reason_truncated: reason.is_some_and(|text| cut(text) < text.len()),
        smtp_status: failure.smtp_status.as_deref(),
        classification: failure.classification.as_deref(),
        correlated_by: failure.correlated_by.as_deref(),
    }
}

/// The same fact has the same id for ever, also after a restore from backup.
#[must_use]
pub fn webhook_id(source: SourceId, message: MessageKey, kind: NotificationType) -> [u8; 16] {
    FieldHash::new("webhook").number(source.0.into()).bytes(&message.0).text(kind.as_str()).finish()
}

/// The id of a fact that is keyed by its event.
#[must_use]
pub fn webhook_id_of_event(source: SourceId, event: EventKey, kind: BodyType) -> [u8; 16] {
    FieldHash::new("webhook of event").number(source.0.into()).bytes(&event.0).text(kind.as_str()).finish()
}

/// `webhook-id` as consumers see it. Has no dot, which the signature's layout forbids.
#[must_use]
pub fn webhook_id_text(id: &[u8; 16]) -> String {
    format!("msg_{}", hex::encode(id))
}

#[cfg(test)]
mod tests;
