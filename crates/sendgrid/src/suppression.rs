//! Suppression lists (tsg_suppressions_v3): addresses that SendGrid will not, or did not, send to, and since when.
//!
//! They know addresses only, no messages. A list is read page by page; an address that is removed while it is being read
//! moves the rest up by one, so that a page may begin too late. Therefore each begins with the last row of the one before:
//! whoever finds no row there that was seen before has missed some, and goes back.

use crate::client::{Call, Client, Family};
use crate::error::Error;
use crate::lenient::{Object, objects, text, time};
use jiff::Timestamp;
use serde_json::Value;

/// Rows of one page; what SendGrid allows at most.
pub const PAGE_ROWS: u64 = 500;

/// One of SendGrid's lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum List {
    Bounces,
    /// Refused once; SendGrid sends to them again.
    Blocks,
    InvalidEmails,
    SpamReports,
    /// Unsubscribed from everything.
    Unsubscribes,
}

impl List {
    pub const ALL: [Self; 5] =
        [Self::Bounces, Self::Blocks, Self::InvalidEmails, Self::SpamReports, Self::Unsubscribes];

    /// Its name in SendGrid's paths.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Bounces => "bounces",
            Self::Blocks => "blocks",
            Self::InvalidEmails => "invalid_emails",
            Self::SpamReports => "spam_reports",
            Self::Unsubscribes => "unsubscribes",
        }
    }
}

/// One address of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suppressed {
    pub email: String,
    pub created_at: Option<Timestamp>,
    pub reason: Option<String>,
    /// Of a bounce or a block: its enhanced status code.
    pub status: Option<String>,
    pub ip: Option<String>,
}

/// Only what was put on the list within these times, both included; `None` is no bound.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Span {
    pub first: Option<Timestamp>,
    pub last: Option<Timestamp>,
}

/// A part of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SuppressedPage {
    pub rows: Vec<Suppressed>,
    /// Elements without an address.
    pub unreadable: usize,
    /// Where the next page begins: with the last row of this one. `None` after the last page.
    pub next: Option<u64>,
}

impl Client {
    /// One page of a list, from the row number `offset` on.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn suppressed(&self, list: List, span: Span, offset: u64) -> Result<SuppressedPage, Error> {
        let mut call = Call::get(&["v3", "suppression", list.as_str()]).family(Family::Suppressions);
        call = call.query("limit", &PAGE_ROWS.to_string()).query("offset", &offset.to_string());
        for (name, at) in [("start_time", span.first), ("end_time", span.last)] {
            if let Some(at) = at {
                call = call.query(name, &at.as_second().to_string());
            }
        }
        let answer = self.call(call).await?;
        read(&answer.json()?, offset).ok_or_else(|| answer.unreadable("it is no list"))
    }
}

fn read(body: &Value, offset: u64) -> Option<SuppressedPage> {
    let returned = body.as_array().map_or(0, Vec::len);
    let (listed, strange) = objects(Some(body))?;
    let rows: Vec<_> = listed.iter().filter_map(|object| row(object)).collect();
    let unreadable = listed.len() - rows.len() + strange;
    let returned = u64::try_from(returned).unwrap_or(u64::MAX);
    let next = (returned >= PAGE_ROWS).then(|| offset.saturating_add(returned - 1));
    Some(SuppressedPage { rows, unreadable, next })
}

fn row(object: &Object) -> Option<Suppressed> {
    Some(Suppressed {
        email: text(object, "email")?,
        created_at: time(object, "created"),
        reason: text(object, "reason"),
        status: text(object, "status"),
        ip: text(object, "ip"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn rows_are_read_and_those_without_an_address_counted() {
        let page = read(
            &json!([
                { "created": 1_443_651_125, "email": "a@example.com", "reason": "550 5.1.1", "status": "5.1.1" },
                { "created": "1443651125", "email": "b@example.com", "ip": "192.0.2.1", "reason": null },
                { "created": 1 }, {}, "odd",
            ]),
            1_000,
        );
        let page = page.unwrap();
        assert_eq!((page.rows.len(), page.unreadable, page.next), (2, 2, None));
        assert_eq!(page.rows[0].created_at, page.rows[1].created_at);
        assert_eq!((page.rows[1].reason.as_deref(), page.rows[1].ip.as_deref()), (None, Some("192.0.2.1")));
    }

    #[test]
    fn a_full_page_leads_to_the_next_which_begins_with_its_last_row() {
        let full = |rows| read(&json!(vec![json!({ "email": "a@example.com" }); rows]), 500).unwrap().next;
        assert_eq!([full(499), full(500), full(501)], [None, Some(999), Some(1_000)]);
    }

    #[test]
    fn what_is_no_list_is_not_taken_for_an_empty_one() {
        assert_eq!(read(&json!({ "errors": [] }), 0), None);
        assert_eq!(read(&json!([]), 0).map(|page| page.rows.len()), Some(0));
        assert_eq!(read(&json!(null), 0).map(|page| page.rows.len()), Some(0));
    }
}
