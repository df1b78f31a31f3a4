//! Whom SendGrid's suppression lists name in the time asked for. A message to one of them is asked for, however whole it
//! looks: Email Activity counts neither spam reports nor unsubscribes, and an asynchronous bounce need not change what it
//! says of a message that was delivered.
//!
//! What the lists do not have cannot be seen so: deferrals, what was left and joined of groups. Nor is what happened to somebody
//! who was on the list before, since when the entry says, or was taken off it since.

use super::ask::Asker;
use super::lists::{Addresses, Reading};
use super::records::Stage;
use crate::failure::Failure;
use domain::SourceId;
use jiff::{SignedDuration, Timestamp};
use sendgrid::suppression::{List, Span};
use std::ops::Range;

/// Facts that no list and no count tells of. In the middle of a message that is whole otherwise they are not looked for.
pub(super) const NOT_LOOKED_FOR: [&str; 3] = ["deferred", "group_unsubscribe", "group_resubscribe"];

/// Facts that are looked for there only where a list put the recipient down in that time.
pub(super) const LOOKED_FOR_IN_LISTS: [&str; 3] = ["bounce", "spamreport", "unsubscribe"];

/// They say nothing of what Email Activity shows at a glance.
const NEVER_SEEN: [List; 2] = [List::SpamReports, List::Unsubscribes];

/// They do, where the message was not delivered.
const SEEN_UNLESS_DELIVERED: [List; 2] = [List::Bounces, List::Blocks];

/// How far apart an event and the entry in a list may be. Wide, because it costs no more than a few requests.
const APART: SignedDuration = SignedDuration::from_hours(1);

const INSTEAD: &str = "run it again with --thorough, which needs no list";

pub(super) struct Lately(Addresses);

impl Lately {
    pub(super) async fn read(
        asker: &mut Asker,
        source: SourceId,
        span: &Range<Timestamp>,
    ) -> Result<Self, Failure> {
        let span = Span { first: span.start.checked_sub(APART).ok(), last: span.end.checked_add(APART).ok() };
        let mut addresses = Addresses::new(source);
        for list in [NEVER_SEEN, SEEN_UNLESS_DELIVERED].concat() {
            let mut reading = Reading::new(list, span, INSTEAD);
            while reading.next(asker, &mut addresses).await?.is_some() {}
        }
        Ok(Self(addresses))
    }

    /// Whether something may have happened to a message to `recipient` that a glance at it does not show.
    pub(super) fn names(&self, recipient: &str, stage: Stage) -> bool {
        self.0.is_on(recipient, &NEVER_SEEN)
            || (stage == Stage::Delivered && self.0.is_on(recipient, &SEEN_UNLESS_DELIVERED))
    }
}
