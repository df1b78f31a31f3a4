//! Email Activity (tsg_email_activity_v3): the messages of the last days, and what happened to each.
//!
//! There is no paging. A query returns the first [`Limit`] rows it finds and does not say that there are more, so whoever
//! wants all of them asks for ever shorter stretches of time, until a page is not full. An account has the API only with
//! its paid history; subusers in the EU have none.

mod query;
mod read;

pub use query::Query;
pub(crate) use query::{seconds, seconds_up};

use crate::client::{Call, Client, Family};
use crate::error::Error;
use crate::page::{Limit, MessageId, Page};
use jiff::Timestamp;
use std::collections::BTreeMap;

/// One message to one recipient, in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    pub msg_id: MessageId,
    pub from_email: Option<String>,
    pub to_email: Option<String>,
    pub subject: Option<String>,
    pub status: Status,
    pub opens_count: u64,
    pub clicks_count: u64,
    /// Moves on with every event, so a message may be found twice in stretches read one after the other.
    pub last_event_at: Option<Timestamp>,
}

/// What Email Activity says has become of a message; coarser than its events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Status {
    Processed,
    Delivered,
    NotDelivered,
    /// As SendGrid wrote it; empty when it wrote nothing.
    Other(String),
}

/// One message with its events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    pub msg_id: MessageId,
    pub from_email: Option<String>,
    pub to_email: Option<String>,
    pub subject: Option<String>,
    pub status: Status,
    pub categories: Vec<String>,
    /// What the sender attached; the webhook would have put it beside the event's own fields.
    pub unique_args: BTreeMap<String, String>,
    pub asm_group_id: Option<u64>,
    pub template_id: Option<String>,
    pub outbound_ip: Option<String>,
    /// In SendGrid's order, which is none.
    pub events: Vec<Event>,
    /// Events without a name or a time.
    pub unreadable: usize,
}

/// Something that happened to a message. It has no id and none of the webhook's arguments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    pub name: EventName,
    /// Whole seconds.
    pub at: Timestamp,
    /// Of a bounce, a drop or a deferral.
    pub reason: Option<String>,
    pub attempt: Option<u64>,
    pub url: Option<String>,
    pub bounce_type: Option<BounceType>,
    pub user_agent: Option<String>,
    pub mx_server: Option<String>,
}

/// The webhook calls these `bounce` and, of type `blocked`, `bounce`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BounceType {
    Hard,
    Soft,
    Other(String),
}

/// What happened, by the names of Email Activity.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum EventName {
    Processed,
    Dropped,
    Delivered,
    Deferred,
    Bounced,
    Opened,
    Clicked,
    SpamReport,
    Unsubscribe,
    GroupUnsubscribe,
    GroupResubscribe,
    /// As SendGrid wrote it.
    Other(String),
}

impl EventName {
    const KNOWN: [(Self, &'static str, &'static str); 11] = [
        (Self::Processed, "processed", "processed"),
        (Self::Dropped, "dropped", "dropped"),
        (Self::Delivered, "delivered", "delivered"),
        (Self::Deferred, "deferred", "deferred"),
        (Self::Bounced, "bounced", "bounce"),
        (Self::Opened, "opened", "open"),
        (Self::Clicked, "clicked", "click"),
        (Self::SpamReport, "spam_report", "spamreport"),
        (Self::Unsubscribe, "unsubscribe", "unsubscribe"),
        (Self::GroupUnsubscribe, "group_unsubscribe", "group_unsubscribe"),
        (Self::GroupResubscribe, "group_resubscribe", "group_resubscribe"),
    ];

    #[must_use]
    pub fn named(name: &str) -> Self {
        let known = Self::KNOWN.into_iter().find(|(_, here, _)| *here == name);
        known.map_or_else(|| Self::Other(name.to_owned()), |(event, ..)| event)
    }

    /// The `event` that the webhook would have posted; `None` if that is not known.
    #[must_use]
    pub fn webhook_name(&self) -> Option<&'static str> {
        Self::KNOWN.iter().find(|(event, ..)| event == self).map(|(.., webhook)| *webhook)
    }

    /// As SendGrid wrote it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Other(name) => name,
            known => Self::KNOWN.iter().find(|(event, ..)| event == known).map_or("", |(_, here, _)| here),
        }
    }
}

impl Client {
    /// Messages that match, at most `limit` of them, without a word if there are more: see [`Page::may_hide_more`].
    ///
    /// # Errors
    /// See [`Error`]; [`Error::is_not_available`] when the account has no Email Activity API.
    pub async fn activity(&self, query: &Query, limit: Limit) -> Result<Page<Row>, Error> {
        let call = Call::get(&["v3", "messages"]).family(Family::Activity);
        let call = call.query("query", query.as_str()).query("limit", &limit.rows().to_string());
        let answer = self.call(call).await?;
        read::page(&answer.json()?).ok_or_else(|| answer.unreadable("it has no list `messages`"))
    }

    /// One message with its events.
    ///
    /// # Errors
    /// See [`Error`]; [`Error::NotFound`] when it is unknown or older than the account's history.
    pub async fn activity_of(&self, id: &MessageId) -> Result<Message, Error> {
        let call = Call::get(&["v3", "messages", id.as_str()]).family(Family::Activity);
        let answer = self.call(call).await?;
        read::message(&answer.json()?, id).ok_or_else(|| answer.unreadable("it has no list `events`"))
    }
}
