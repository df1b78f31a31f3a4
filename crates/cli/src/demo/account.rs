//! Accounting: what the generator was promised against what the ledger has and what the consumer was told.
//!
//! Nothing that counts as lost is taken from the ledger's word. Elements are lost if a POST was answered 204 and its
//! batch lacks them; notifications are lost if the naive reference expects them and the consumer did not take them.

use super::receiver::{Received, Told};
use super::reference::{self, Expectation, Fact, Message};
use super::sender::Accepted;
use serde::Serialize;
use std::collections::{BTreeMap, HashMap};
use store::look::Batch;
use uuid::Uuid;

const FAILED: &str = "message.failed";

/// The sums that are printed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Account {
    /// POSTs answered 204, and the elements in them by the generator's own list.
    pub posts: u64,
    pub events: u64,
    pub applied: i64,
    pub stale: i64,
    pub ignored: i64,
    pub duplicate: i64,
    pub quarantined: i64,
    /// Notifications taken by the consumer, each counted once.
    pub delivered: u64,
    pub lost: u64,
    /// Elements that accepted POSTs had and the ledger has not.
    pub lost_elements: u64,
    /// Notifications that were expected and not taken.
    pub lost_notifications: u64,
    /// What contradicts the reference: a notification that may not be told, or is told twice under two ids, a failure
    /// that is not the right one, a last one that is not what the message came to; and recipients that stand elsewhere.
    pub contradictions: u64,
}

/// Adds everything up.
pub(crate) fn account(accepted: &[Accepted], ledger: &HashMap<Uuid, Batch>, received: &Received) -> Account {
    let mut account = Account { posts: accepted.len() as u64, ..Account::default() };
    for post in accepted {
        account.events += post.planned.elements;
        let stored = ledger.get(&post.batch);
        let recorded = stored.map_or(0, |batch| u64::try_from(batch.elements).unwrap_or_default());
        account.lost_elements += post.planned.elements.saturating_sub(recorded);
        if let Some(batch) = stored {
            account.applied += i64::from(batch.applied);
            account.stale += i64::from(batch.stale);
            account.ignored += i64::from(batch.ignored);
            account.duplicate += i64::from(batch.duplicate);
            account.quarantined += i64::from(batch.quarantined);
        }
    }
    account.delivered = received.told.len() as u64;
    let told = by_message(received);
    let expected = expected(accepted);
    for (message, expectation) in &expected {
        let told = told.get(message).map_or(&[][..], Vec::as_slice);
        account.lost_notifications += missing(expectation, told) as u64;
        account.contradictions += contradictions(expectation, told) as u64;
    }
    // Told about a message that nobody sent anything about.
    account.contradictions += told.keys().filter(|message| !expected.contains_key(*message)).count() as u64;
    account.lost = account.lost_elements + account.lost_notifications;
    account
}

/// How many of the recipients that the accepted events speak of do not stand where the reference has them. Nothing is
/// kept of those who stand well.
pub(crate) fn misjudged(accepted: &[Accepted], found: &BTreeMap<String, &'static str>) -> u64 {
    let expected = reference::standings(&facts(accepted));
    let wrong =
        |(address, standing): &(String, &str)| found.get(address).copied().unwrap_or("ok") != *standing;
    expected.into_iter().filter(wrong).count() as u64
}

/// What the reference expects of everything that was accepted.
pub(crate) fn expected(accepted: &[Accepted]) -> BTreeMap<Message, Expectation> {
    reference::expectations(&facts(accepted))
}

pub(crate) fn facts(accepted: &[Accepted]) -> Vec<Fact> {
    accepted.iter().flat_map(|post| post.planned.facts.iter().cloned()).collect()
}

fn by_message(received: &Received) -> BTreeMap<Message, Vec<&Told>> {
    let mut messages: BTreeMap<Message, Vec<&Told>> = BTreeMap::new();
    for told in received.told.values() {
        messages.entry((told.sg_message_id.clone(), told.recipient.clone())).or_default().push(told);
    }
    for told in messages.values_mut() {
        told.sort_by_key(|told| told.sequence);
    }
    messages
}

fn missing(expectation: &Expectation, told: &[&Told]) -> usize {
    expectation.must.iter().filter(|kind| !told.iter().any(|told| told.kind == **kind)).count()
}

fn contradictions(expectation: &Expectation, told: &[&Told]) -> usize {
    let allowed = |kind: &str| expectation.must.contains(kind) || expectation.may.contains(kind);
    let uncalled = told.iter().filter(|told| !allowed(&told.kind)).count();
    let twice = told
        .iter()
        .enumerate()
        .filter(|(at, one)| told[..*at].iter().any(|before| before.kind == one.kind))
        .count();
    let out_of_step = told.windows(2).filter(|pair| pair[0].sequence >= pair[1].sequence).count();
    let complete = missing(expectation, told) == 0;
    let wrong_end = complete && told.last().map(|told| told.kind.as_str()) != expectation.last;
    let wrong_failures = told.iter().filter(|told| is_wrong_failure(expectation, told)).count();
    uncalled + twice + out_of_step + usize::from(wrong_end) + wrong_failures
}

/// A failure that is the last word about its message has to be the right one, and say how it came to it.
fn is_wrong_failure(expectation: &Expectation, told: &Told) -> bool {
    told.kind == FAILED
        && (told.correlated_by.as_deref() != expectation.correlated_by
            || (expectation.last == Some(FAILED) && told.status != expectation.status))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(kind: &str, sequence: u64) -> Told {
        Told {
            sg_message_id: "m".to_owned(),
            recipient: "a".to_owned(),
            kind: kind.to_owned(),
            status: String::new(),
            sequence,
            correlated_by: None,
        }
    }

    fn opened_after_a_bounce() -> Expectation {
        Expectation {
            status: "opened",
            must: ["message.delivered", "message.seen"].into(),
            may: ["message.failed"].into(),
            last: Some("message.seen"),
            correlated_by: None,
        }
    }

    #[test]
    fn a_bounce_that_names_no_message_has_to_say_how_it_was_found() {
        let expectation = Expectation {
            status: "bounced",
            must: ["message.delivered", FAILED].into(),
            last: Some(FAILED),
            correlated_by: Some("recipient"),
            ..Expectation::default()
        };
        let by = |by: Option<&str>| by.map(str::to_owned);
        let delivered = told("message.delivered", 1);
        let right =
            Told { status: "bounced".to_owned(), correlated_by: by(Some("recipient")), ..told(FAILED, 2) };
        assert_eq!(contradictions(&expectation, &[&delivered, &right]), 0);
        for wrong in [
            Told { correlated_by: None, ..right.clone() },
            Told { correlated_by: by(Some("smtp_id")), ..right.clone() },
            Told { status: "blocked".to_owned(), ..right },
        ] {
            assert_eq!(contradictions(&expectation, &[&delivered, &wrong]), 1, "{wrong:?}");
        }
    }

    #[test]
    fn a_recipient_that_stands_elsewhere_is_found() {
        let fact = Fact {
            sg_message_id: None,
            email: "a@example.com".to_owned(),
            event: "bounce",
            blocked: false,
            at: 1,
        };
        let planned = super::super::scenario::Planned { body: Vec::new(), elements: 1, facts: vec![fact] };
        let accepted = [Accepted { batch: Uuid::nil(), planned }];
        let standing = |standing| [("a@example.com".to_owned(), standing)].into();
        assert_eq!(misjudged(&accepted, &standing("bounced")), 0);
        assert_eq!(misjudged(&accepted, &standing("complained")), 1);
        assert_eq!(misjudged(&accepted, &BTreeMap::new()), 1);
    }

    #[test]
    fn what_must_come_is_missed_and_what_may_come_is_not() {
        let expectation = opened_after_a_bounce();
        assert_eq!(missing(&expectation, &[]), 2);
        let (delivered, seen) = (told("message.delivered", 1), told("message.seen", 2));
        assert_eq!(missing(&expectation, &[&delivered, &seen]), 0);
        assert_eq!(contradictions(&expectation, &[&delivered, &seen]), 0);
    }

    #[test]
    fn repeats_strangers_and_wrong_ends_are_contradictions() {
        let expectation = opened_after_a_bounce();
        let (delivered, seen) = (told("message.delivered", 1), told("message.seen", 2));
        let (again, stranger, late) =
            (told("message.seen", 3), told("message.clicked", 3), told("message.failed", 3));
        for wrong in [&again, &stranger, &late] {
            assert!(contradictions(&expectation, &[&delivered, &seen, wrong]) > 0, "{wrong:?}");
        }
    }

    #[test]
    fn an_accepted_batch_that_the_ledger_lacks_is_lost_whole() {
        let planned = super::super::scenario::Planned { body: Vec::new(), elements: 7, facts: Vec::new() };
        let accepted = [Accepted { batch: Uuid::nil(), planned }];
        let account = account(&accepted, &HashMap::new(), &Received::default());
        assert_eq!((account.posts, account.events, account.lost), (1, 7, 7));
    }
}
