//! SendGrid's two records of what happened to messages, as one: what a list says of a message at a glance, and its facts
//! in the webhook's words.
//!
//! Email Activity lists messages by their latest event and says how often each was opened and clicked, so most of them need
//! no second look. Email Logs lists them by when they were accepted and says less, so each is asked for.

use super::element::{self, Details};
use domain::Status;
use jiff::{SignedDuration, Timestamp};
use sendgrid::activity::{self, Query};
use sendgrid::logs::{LogQuery, LogRow};
use sendgrid::{Client, Error, Limit, MessageId, Page};
use std::ops::Range;

/// SendGrid tries to deliver a message for three days, so what delivery there was of a time happened to messages accepted
/// that long before.
const ACCEPTED_BEFORE: SignedDuration = SignedDuration::from_hours(72);

/// Which of the records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Api {
    Activity,
    Logs,
}

/// A message in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Listed {
    pub id: MessageId,
    pub recipient: Option<String>,
    /// By which it is listed.
    pub at: Option<Timestamp>,
    /// `None`: the list says too little to compare.
    pub glance: Option<Glance>,
}

/// What Email Activity says of a message without being asked for its events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Glance {
    pub stage: Stage,
    pub opens: u64,
    pub clicks: u64,
    pub latest: Timestamp,
}

/// How far a message is, in the three steps that Email Activity knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    Processed,
    Delivered,
    NotDelivered,
}

impl Stage {
    /// `None`: only facts that move nothing.
    pub(super) fn of(status: Status) -> Option<Self> {
        match status {
            Status::Unknown => None,
            Status::Processed | Status::Deferred => Some(Self::Processed),
            Status::Delivered | Status::Opened | Status::Clicked => Some(Self::Delivered),
            Status::Blocked | Status::Dropped | Status::Bounced => Some(Self::NotDelivered),
        }
    }
}

impl Api {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Activity => "activity",
            Self::Logs => "logs",
        }
    }

    /// As people call it.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Activity => "Email Activity",
            Self::Logs => "Email Logs",
        }
    }

    /// From when on it has to be read for facts that happened from `from` on.
    pub(super) fn read_from(self, from: Timestamp) -> Timestamp {
        match self {
            Self::Activity => from,
            Self::Logs => from.checked_sub(ACCEPTED_BEFORE).map_or(from, |at| at.max(Timestamp::UNIX_EPOCH)),
        }
    }

    /// The earliest acceptance of the messages whose facts from `from` on it is read for; `None`: of any age.
    pub(super) fn accepted_from(self, from: Timestamp) -> Option<Timestamp> {
        (self == Self::Logs).then(|| self.read_from(from))
    }

    /// The messages of a stretch of whole seconds, the end left out.
    pub(super) async fn list(
        self,
        client: &Client,
        stretch: Range<Timestamp>,
    ) -> Result<Page<Listed>, Error> {
        match self {
            Self::Activity => {
                // Both ends of the question are included.
                let last = stretch.end.checked_sub(SignedDuration::from_secs(1)).unwrap_or(stretch.end);
                let query = Query::last_event_between(stretch.start, last.max(stretch.start));
                Ok(listed(client.activity(&query, Limit::MAX).await?))
            }
            Self::Logs => {
                let query = LogQuery::created_between(stretch.start, stretch.end);
                Ok(listed(client.logs(&query, Limit::MAX).await?))
            }
        }
    }

    /// Whether it has this message.
    pub(super) async fn knows(self, client: &Client, id: &MessageId) -> Result<bool, Error> {
        let answer = match self {
            Self::Activity => client.activity_of(id).await.map(drop),
            Self::Logs => client.log_of(id).await.map(drop),
        };
        match answer {
            Err(Error::NotFound { .. }) => Ok(false),
            answer => answer.map(|()| true),
        }
    }

    /// The facts of a message.
    pub(super) async fn details(
        self,
        client: &Client,
        id: &MessageId,
        named: element::Named<'_>,
    ) -> Result<Details, Error> {
        Ok(match self {
            Self::Activity => element::of_activity(&client.activity_of(id).await?, named),
            Self::Logs => element::of_logs(&client.log_of(id).await?, named),
        })
    }
}

fn listed<T: Into<Listed>>(page: Page<T>) -> Page<Listed> {
    Page { rows: page.rows.into_iter().map(Into::into).collect(), unreadable: page.unreadable }
}

impl From<activity::Row> for Listed {
    fn from(row: activity::Row) -> Self {
        let stage = match row.status {
            activity::Status::Processed => Some(Stage::Processed),
            activity::Status::Delivered => Some(Stage::Delivered),
            activity::Status::NotDelivered => Some(Stage::NotDelivered),
            activity::Status::Other(_) => None,
        };
        let glance = stage.zip(row.last_event_at).map(|(stage, latest)| Glance {
            stage,
            opens: row.opens_count,
            clicks: row.clicks_count,
            latest,
        });
        Self { id: row.msg_id, recipient: row.to_email, at: row.last_event_at, glance }
    }
}

impl From<LogRow> for Listed {
    fn from(row: LogRow) -> Self {
        Self { id: row.sg_message_id, recipient: row.to_email, at: row.created_at, glance: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_700_000_000 + second).unwrap()
    }

    #[test]
    fn the_logs_are_read_from_when_the_oldest_message_on_its_way_was_accepted() {
        assert_eq!(Api::Logs.read_from(at(0)), at(-72 * 3600));
        assert_eq!(Api::Logs.accepted_from(at(0)), Some(at(-72 * 3600)));
        assert_eq!((Api::Activity.read_from(at(0)), Api::Activity.accepted_from(at(0))), (at(0), None));
        assert_eq!(Api::Logs.read_from(Timestamp::UNIX_EPOCH), Timestamp::UNIX_EPOCH);
    }
}
