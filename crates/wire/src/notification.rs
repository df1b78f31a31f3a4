//! The body of a notification and its lasting id. Rendered once, when the fact is recorded; what is stored are the
//! bytes that are sent and signed at every attempt.

mod trial;

pub use trial::{TEST_TYPE, test_body, webhook_id_of_test};

use crate::hash::FieldHash;
use crate::{hex, key};
use domain::{
    CorrelatedBy, EventKey, Failure, MessageKey, NotificationType, SourceId, StandingChange, Status,
};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::value::RawValue;

/// How much of a reason is told. Reasons are written by remote servers and can be of any length.
pub const REASON_BYTES_MAX: usize = 2048;

/// Room for what most notifications come to, so that the text is rarely moved while it grows.
const TYPICAL_BYTES: usize = 768;

/// How a recipient's standing changed, and the reason that the event gave.
#[derive(Clone, Copy, Debug)]
pub struct Standing<'a> {
    pub change: StandingChange,
    pub reason: Option<&'a str>,
}

/// Everything a notification says.
#[derive(Clone, Copy, Debug)]
pub struct Body<'a> {
    pub kind: NotificationType,
    /// The source's name.
    pub source: &'a str,
    /// Absent where the event names no message.
    pub sg_message_id: Option<&'a str>,
    /// Empty stands for absent, as it does in a message's key.
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
    /// On facts about a recipient; left out elsewhere.
    pub standing: Option<Standing<'a>>,
    /// SendGrid's word (`type`) on facts about the account; left out elsewhere.
    pub account_status: Option<&'a str>,
}

#[derive(Serialize)]
struct Rendered<'a> {
    r#type: &'static str,
    timestamp: &'a str,
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
    occurred_at: &'a str,
    received_at: String,
    failure: Option<RenderedFailure<'a>>,
    categories: Option<&'a [String]>,
    custom_args: Option<CustomArgs<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    standing: Option<RenderedStanding<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    account: Option<RenderedAccount<'a>>,
}

#[derive(Serialize)]
struct RenderedFailure<'a> {
    kind: &'static str,
    reason: Option<&'a str>,
    reason_truncated: bool,
    smtp_status: Option<&'a str>,
    classification: Option<&'a str>,
    correlated_by: Option<&'static str>,
}

#[derive(Serialize)]
struct RenderedStanding<'a> {
    current: &'static str,
    previous: &'static str,
    /// Null: of the address itself.
    group_id: Option<i64>,
    reason: Option<&'a str>,
    reason_truncated: bool,
}

#[derive(Serialize)]
struct RenderedAccount<'a> {
    status: Option<&'a str>,
}

/// The sender's object as it is. What is no JSON (which no reader of ours produces) is told as a string, so that the
/// body is JSON whatever the database holds.
#[derive(Serialize)]
#[serde(untagged)]
enum CustomArgs<'a> {
    Json(&'a RawValue),
    Text(&'a str),
}

/// The body's bytes: one JSON object, keys in a fixed order, absent values null. What consumers may rely on is said in
/// `schema/notification.schema.json`; tests hold every body to it.
#[must_use]
pub fn render(body: &Body<'_>) -> Vec<u8> {
    let occurred_at = body.occurred_at.to_string();
    let rendered = Rendered {
        r#type: body.kind.as_str(),
        timestamp: &occurred_at,
        data: Data {
            source: body.source,
            message_id: body.sg_message_id.map(key::message_id),
            sg_message_id: body.sg_message_id,
            recipient: body.recipient.filter(|address| !address.is_empty()),
            status: body.status.map(Status::as_str),
            previous_status: body.previous_status.map(Status::as_str),
            sequence: body.sequence,
            implied: body.implied,
            machine_open: body.machine_open,
            occurred_at: &occurred_at,
            received_at: body.received_at.to_string(),
            failure: body.failure.map(|(kind, failure)| render_failure(kind, failure)),
            categories: body.categories,
            custom_args: body.custom_args.map(|text| match serde_json::from_str(text) {
                Ok(json) => CustomArgs::Json(json),
                Err(_) => CustomArgs::Text(text),
            }),
            standing: body.standing.map(render_standing),
            account: (body.kind == NotificationType::AccountStatusChanged)
                .then_some(RenderedAccount { status: body.account_status }),
        },
    };
    let mut json = Vec::with_capacity(TYPICAL_BYTES);
    serde_json::to_writer(&mut json, &rendered)
        .expect("string keys and no fallible field: nothing in it can fail to serialise");
    json
}

fn render_failure(kind: Status, failure: &Failure) -> RenderedFailure<'_> {
    let (reason, reason_truncated) = cut(failure.reason.as_deref());
    RenderedFailure {
        kind: kind.as_str(),
        reason,
        reason_truncated,
        smtp_status: failure.smtp_status.as_deref(),
        classification: failure.classification.as_deref(),
        correlated_by: failure.correlated_by.map(CorrelatedBy::as_str),
    }
}

fn render_standing(standing: Standing<'_>) -> RenderedStanding<'_> {
    let (reason, reason_truncated) = cut(standing.reason);
    RenderedStanding {
        current: standing.change.standing.as_str(),
        previous: standing.change.previous.as_str(),
        group_id: standing.change.group,
        reason,
        reason_truncated,
    }
}

/// As much of a reason as is told, and whether that is not all.
fn cut(reason: Option<&str>) -> (Option<&str>, bool) {
    let told = reason.map(|text| text.split_at(text.floor_char_boundary(REASON_BYTES_MAX)).0);
    (told, told.map(str::len) != reason.map(str::len))
}

/// The same fact has the same id for ever, also after a restore from backup.
#[must_use]
pub fn webhook_id(source: SourceId, message: MessageKey, kind: NotificationType) -> [u8; 16] {
    FieldHash::new("webhook").number(source.0.into()).bytes(&message.0).text(kind.as_str()).finish()
}

/// The id of a fact that is keyed by its event.
#[must_use]
pub fn webhook_id_of_event(source: SourceId, event: EventKey, kind: NotificationType) -> [u8; 16] {
    FieldHash::new("webhook of event").number(source.0.into()).bytes(&event.0).text(kind.as_str()).finish()
}

/// `webhook-id` as consumers see it. Has no dot, which the signature's layout forbids.
#[must_use]
pub fn webhook_id_text(id: &[u8; 16]) -> String {
    format!("msg_{}", hex::encode(id))
}

#[cfg(test)]
mod tests;
