//! Queries of Email Activity, in the few forms that are needed.

use jiff::{SignedDuration, Timestamp};
use std::fmt;

/// A condition on messages, in SendGrid's language.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query(String);

impl Query {
    /// Messages whose last event lies within these times, both included. SendGrid knows whole seconds: the first is
    /// rounded down, the last up.
    #[must_use]
    pub fn last_event_between(first: Timestamp, last: Timestamp) -> Self {
        let (first, last) = (seconds(first), seconds_up(last));
        Self(format!("last_event_time BETWEEN TIMESTAMP \"{first}\" AND TIMESTAMP \"{last}\""))
    }

    /// Messages whose id begins like this: what `POST /v3/mail/send` returned as `X-Message-Id` finds the messages of all
    /// its recipients. `_` stands for any one character there, so the caller looks at what was found once more. `None` for
    /// what is no beginning of an id.
    #[must_use]
    pub fn message_id_begins(prefix: &str) -> Option<Self> {
        let plain = prefix.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
        (plain && !prefix.is_empty()).then(|| Self(format!("msg_id LIKE '{prefix}%'")))
    }

    /// Messages to this address. `None` for what cannot be written between quotes.
    #[must_use]
    pub fn to_email(address: &str) -> Option<Self> {
        let plain = !address.chars().any(|c| c.is_control() || matches!(c, '"' | '\\'));
        (plain && !address.is_empty()).then(|| Self(format!("to_email=\"{address}\"")))
    }

    /// Both conditions.
    #[must_use]
    pub fn and(&self, other: &Self) -> Self {
        Self(format!("{self} AND {other}"))
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Query {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// Without a fraction, as in all of SendGrid's examples.
pub(crate) fn seconds(at: Timestamp) -> Timestamp {
    let part = i64::from(at.subsec_nanosecond());
    // Before 1970 the part is negative.
    let down = if part < 0 { part + 1_000_000_000 } else { part };
    at.checked_sub(SignedDuration::from_nanos(down)).unwrap_or(at)
}

pub(crate) fn seconds_up(at: Timestamp) -> Timestamp {
    let down = seconds(at);
    if down == at { at } else { down.checked_add(SignedDuration::from_secs(1)).unwrap_or(down) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn times_are_whole_seconds_that_leave_nothing_out() {
        let query = Query::last_event_between(at("2026-11-22T04:00:00.9Z"), at("2026-11-22T04:59:59.1Z"));
        assert_eq!(
            query.as_str(),
            "last_event_time BETWEEN TIMESTAMP \"2026-11-22T04:00:00Z\" AND TIMESTAMP \"2026-11-22T05:00:00Z\""
        );
        assert_eq!(seconds(at("1969-12-31T23:59:59.5Z")), at("1969-12-31T23:59:59Z"));
        assert_eq!(seconds_up(at("2026-11-22T04:00:00Z")), at("2026-11-22T04:00:00Z"));
    }

    #[test]
    fn nothing_that_is_asked_about_can_become_a_part_of_the_question() {
        assert_eq!(Query::message_id_begins("ABC-d_1.f").unwrap().as_str(), "msg_id LIKE 'ABC-d_1.f%'");
        for bad in ["", "a'", "a%", "a b", "a\"", "é"] {
            assert_eq!(Query::message_id_begins(bad), None, "{bad}");
        }
        let both =
            Query::to_email("o'brien@example.com").unwrap().and(&Query::message_id_begins("A").unwrap());
        assert_eq!(both.as_str(), "to_email=\"o'brien@example.com\" AND msg_id LIKE 'A%'");
        for bad in ["", "a\"b@example.com", "a\\@example.com", "a\n@example.com"] {
            assert_eq!(Query::to_email(bad), None, "{bad}");
        }
    }
}
