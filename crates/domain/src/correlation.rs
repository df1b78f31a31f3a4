//! Which message an event belongs to that does not say so: SendGrid's asynchronous bounces come without any id.
//!
//! Only a certain answer counts: exactly one message, or none. This is the one rule whose result may depend on the order
//! of arrival, because the message may come later; whoever asks keeps the event pending for [`PENDING_FOR`] then.
//!
//! SendGrid's records know which message such a bounce is of. Where it was recovered from them (see [`crate::origin`]) the
//! message has failed already, and the bounce must not be taken for one of another message: it is of that one.

use crate::{EventKind, MessageKey};
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;

/// How long before a bounce its message may have been delivered. An asynchronous bounce comes within days.
pub const DELIVERED_WITHIN: SignedDuration = SignedDuration::from_hours(7 * 24);

/// How long the message of a bounce may take to arrive here after it: SendGrid repeats a batch for a day.
pub const PENDING_FOR: SignedDuration = SignedDuration::from_hours(24);

/// How many days before an event a message may have been first heard of, to be the one that it is about. Covers a month in
/// which sending was scheduled or deferred, and bounds the look: ids are not looked for through all of history.
pub const HEARD_WITHIN_DAYS: i32 = 40;

/// More messages to one address than this on one day, or among the events of one transaction, and a bounce to it can be
/// any of them. Bounds what is read of an address that gets everything.
pub const CROWD: usize = 1_000;

/// How an event without `sg_message_id` came to its message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CorrelatedBy {
    /// It names the `smtp-id` of exactly one message to its recipient.
    SmtpId,
    /// It is a bounce, and one message to its recipient can have bounced.
    Recipient,
}

impl CorrelatedBy {
    pub const ALL: [Self; 2] = [Self::SmtpId, Self::Recipient];

    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SmtpId => "smtp_id",
            Self::Recipient => "recipient",
        }
    }

    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|by| by.as_str() == text)
    }
}

/// Answer to the question which message it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    One(MessageKey),
    /// It may not have arrived yet.
    None,
    /// Two or more: nothing can be concluded, now or later.
    Several,
}

impl Found {
    /// Exactly one, or not.
    pub fn of(keys: impl IntoIterator<Item = MessageKey>) -> Self {
        let mut keys = keys.into_iter();
        match keys.next() {
            None => Self::None,
            Some(first) if keys.all(|other| other == first) => Self::One(first),
            Some(_) => Self::Several,
        }
    }
}

/// What a message to an address has to do with its bounces.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Delivery {
    pub delivered_at: Option<Timestamp>,
    /// Whether it has failed already.
    pub failed: bool,
}

/// The messages to one address on one source.
#[derive(Clone, Debug, Default)]
pub struct Deliveries(BTreeMap<MessageKey, Delivery>);

impl Deliveries {
    /// Adds what is stored of a message.
    pub fn know(&mut self, key: MessageKey, delivery: Delivery) {
        self.0.insert(key, delivery);
    }

    /// Adds an event of a message; events come in the order in which they count.
    pub fn note(&mut self, key: MessageKey, kind: EventKind, at: Timestamp) {
        let known = self.0.entry(key).or_default();
        match kind {
            EventKind::Delivered => {
                known.delivered_at = Some(known.delivered_at.map_or(at, |first| first.min(at)))
            }
            EventKind::Blocked | EventKind::Dropped | EventKind::Bounce => known.failed = true,
            _ => {}
        }
    }

    /// The message that a bounce at this time is of: one of `recovered`, the messages of which that bounce was recovered;
    /// else one that was delivered in the seven days before, and has not failed.
    pub fn bounced(&self, at: Timestamp, recovered: impl IntoIterator<Item = MessageKey>) -> Found {
        match Found::of(recovered) {
            Found::None => self.failing(at),
            known => known,
        }
    }

    fn failing(&self, at: Timestamp) -> Found {
        if self.0.len() > CROWD {
            return Found::Several;
        }
        let may_have = |delivery: &Delivery| {
            !delivery.failed
                && delivery
                    .delivered_at
                    .is_some_and(|then| then <= at && at.duration_since(then) <= DELIVERED_WITHIN)
        };
        Found::of(self.0.iter().filter(|(_, delivery)| may_have(delivery)).map(|(key, _)| *key))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = 24 * 60 * 60;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_700_000_000 + second).unwrap()
    }

    fn delivered(times: &[i64]) -> Deliveries {
        let mut deliveries = Deliveries::default();
        for (key, time) in (1..).zip(times) {
            deliveries.note(MessageKey([key; 16]), EventKind::Delivered, at(*time));
        }
        deliveries
    }

    #[test]
    fn only_one_message_can_be_it() {
        assert_eq!(delivered(&[]).bounced(at(0), []), Found::None);
        assert_eq!(delivered(&[0]).bounced(at(60), []), Found::One(MessageKey([1; 16])));
        assert_eq!(delivered(&[0, 30]).bounced(at(60), []), Found::Several);
        assert_eq!(
            delivered(&[0, 90]).bounced(at(60), []),
            Found::One(MessageKey([1; 16])),
            "the other came later"
        );
    }

    #[test]
    fn seven_days_to_the_second() {
        for (after, found) in [(0, true), (7 * DAY, true), (7 * DAY + 1, false), (-1, false)] {
            assert_eq!(
                delivered(&[0]).bounced(at(after), []) != Found::None,
                found,
                "{after} s after its delivery"
            );
        }
    }

    #[test]
    fn what_has_failed_or_was_never_delivered_is_no_candidate() {
        for kind in [EventKind::Bounce, EventKind::Blocked, EventKind::Dropped] {
            let mut deliveries = delivered(&[0, 10]);
            deliveries.note(MessageKey([2; 16]), kind, at(20));
            assert_eq!(deliveries.bounced(at(60), []), Found::One(MessageKey([1; 16])), "{kind:?}");
        }
        let mut deliveries = delivered(&[0]);
        deliveries.note(MessageKey([2; 16]), EventKind::Processed, at(1));
        deliveries.note(MessageKey([3; 16]), EventKind::Open, at(2));
        assert_eq!(deliveries.bounced(at(60), []), Found::One(MessageKey([1; 16])));
    }

    #[test]
    fn a_second_bounce_finds_the_next_message_or_nobody() {
        let mut deliveries = delivered(&[0]);
        deliveries.note(MessageKey([1; 16]), EventKind::Bounce, at(60));
        assert_eq!(deliveries.bounced(at(70), []), Found::None);
    }

    #[test]
    fn a_bounce_that_was_recovered_is_of_the_message_it_was_recovered_of_and_of_no_other() {
        let (first, second) = (MessageKey([1; 16]), MessageKey([2; 16]));
        let mut deliveries = delivered(&[0, 10]);
        deliveries.note(first, EventKind::Bounce, at(60));
        assert_eq!(deliveries.bounced(at(60), []), Found::One(second));
        assert_eq!(deliveries.bounced(at(60), [first]), Found::One(first));
        deliveries.note(second, EventKind::Bounce, at(60));
        assert_eq!(deliveries.bounced(at(60), [first, second]), Found::Several);
    }

    #[test]
    fn in_a_crowd_nobody_is_found() {
        let mut deliveries = delivered(&[0]);
        for number in 0..u64::try_from(CROWD).unwrap() {
            let mut key = [9; 16];
            key[..8].copy_from_slice(&number.to_be_bytes());
            deliveries.note(MessageKey(key), EventKind::Processed, at(0));
        }
        assert_eq!(deliveries.bounced(at(60), []), Found::Several);
    }

    #[test]
    fn the_same_message_named_twice_is_one() {
        let key = MessageKey([1; 16]);
        assert_eq!(Found::of([key, key]), Found::One(key));
        assert_eq!(Found::of([key, MessageKey([2; 16])]), Found::Several);
    }
}
