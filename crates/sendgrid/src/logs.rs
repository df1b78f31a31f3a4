//! Email Logs (tsg_logs_v3), the newer of the two records: events as the webhook posts them, with their `sg_event_id`.
//!
//! Not every account has it; [`Error::is_not_available`] says so. Like Email Activity it does not page and does not say
//! when it leaves something out. A message is found by when it was accepted, not by when something happened to it last,
//! and shows its latest hundred events.

mod read;

use crate::activity::{seconds, seconds_up};
use crate::client::{Call, Client, Family};
use crate::error::Error;
use crate::page::{Limit, MessageId, Page};
use jiff::Timestamp;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::fmt;

/// How many events of a message are shown.
pub const EVENTS_MAX: usize = 100;

/// One message to one recipient, in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogRow {
    pub sg_message_id: MessageId,
    pub from_email: Option<String>,
    pub to_email: Option<String>,
    pub subject: Option<String>,
    pub status: LogStatus,
    pub reason: Option<String>,
    /// When SendGrid accepted it.
    pub created_at: Option<Timestamp>,
}

/// What Email Logs says has become of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LogStatus {
    Processed,
    Delivered,
    Deferred,
    Dropped,
    Bounced,
    Blocked,
    /// As SendGrid wrote it; empty when it wrote nothing.
    Other(String),
}

/// One message with its events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogMessage {
    pub sg_message_id: MessageId,
    pub from_email: Option<String>,
    pub to_email: Option<String>,
    pub subject: Option<String>,
    pub status: LogStatus,
    pub categories: Vec<String>,
    /// What the sender attached; the webhook would have put it beside the event's own fields.
    pub custom_args: BTreeMap<String, String>,
    /// At most [`EVENTS_MAX`], the latest.
    pub events: Vec<LogEvent>,
    /// Events without a name or a time.
    pub unreadable: usize,
}

/// One event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogEvent {
    /// As the webhook names it; also `received` and `cancel_drop`, which the webhook does not post.
    pub event: String,
    pub at: Timestamp,
    pub sg_event_id: Option<String>,
    /// The whole of it, in the webhook's shape but for `custom_args`, which it keeps apart.
    pub element: Map<String, Value>,
}

/// Which messages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogQuery(String);

impl LogQuery {
    /// Messages that SendGrid accepted from `first` on and before `end`, in whole seconds: `first` is rounded down, `end`
    /// up.
    #[must_use]
    pub fn created_between(first: Timestamp, end: Timestamp) -> Self {
        let (first, end) = (seconds(first), seconds_up(end));
        Self(format!(
            "sg_message_id_created_at >= TIMESTAMP \"{first}\" AND sg_message_id_created_at < TIMESTAMP \"{end}\""
        ))
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for LogQuery {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl Client {
    /// Messages that match, at most `limit` of them, without a word if there are more: see [`Page::may_hide_more`].
    ///
    /// # Errors
    /// See [`Error`]; [`Error::is_not_available`] when the account has no Email Logs.
    pub async fn logs(&self, query: &LogQuery, limit: Limit) -> Result<Page<LogRow>, Error> {
        let body = json!({ "query": query.as_str(), "limit": limit.rows() });
        let call = Call::post(&["v3", "logs"]).family(Family::Logs).body(body);
        let answer = self.call(call).await?;
        read::page(&answer.json()?).ok_or_else(|| answer.unreadable("it has no list `messages`"))
    }

    /// One message with its latest events.
    ///
    /// # Errors
    /// See [`Error`]; [`Error::NotFound`] when it is unknown, too old, or the account has no Email Logs.
    pub async fn log_of(&self, id: &MessageId) -> Result<LogMessage, Error> {
        let answer = self.call(Call::get(&["v3", "logs", id.as_str()]).family(Family::Logs)).await?;
        read::message(&answer.json()?, id).ok_or_else(|| answer.unreadable("it has no list `events`"))
    }
}
