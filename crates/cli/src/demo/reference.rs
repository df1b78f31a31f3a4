//! What consumers have to be told, worked out a second time and naively: from the generator's own list of facts, without
//! the pipeline's types, without keys, locks, batches or sequences.
//!
//! Kept apart on purpose. It shares no code with what it judges, and says less: arrival order decides whether a step that
//! was overtaken is told, so there are notifications that must come and notifications that may.

use std::collections::{BTreeMap, BTreeSet};

/// Something that happened to a mail, as the generator knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fact {
    /// None where the event does not say.
    pub sg_message_id: Option<String>,
    pub email: String,
    /// `event` on the wire.
    pub event: &'static str,
    /// `type: "blocked"` on a bounce.
    pub blocked: bool,
    /// Unix seconds.
    pub at: i64,
}

/// A message: (`sg_message_id`, address).
pub(crate) type Message = (String, String);

/// What is to be told about one message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Expectation {
    /// Where the message ends up, e.g. `bounced`.
    pub status: &'static str,
    pub must: BTreeSet<&'static str>,
    pub may: BTreeSet<&'static str>,
    /// The type that has to come last.
    pub last: Option<&'static str>,
    /// How a failure has to say that it came to its message, where it did not name it.
    pub correlated_by: Option<&'static str>,
}

/// How long before a bounce by mail its message may have been delivered.
const DELIVERED_WITHIN_S: i64 = 7 * 24 * 60 * 60;

/// For each message the facts mention, what has to be told in the end. A bounce that names no message is of the one mail
/// to its address that was delivered by then and has not failed; where there are several or none, it says something
/// about its recipient only.
pub(crate) fn expectations(facts: &[Fact]) -> BTreeMap<Message, Expectation> {
    let mut messages: BTreeMap<Message, Vec<&Fact>> = BTreeMap::new();
    for fact in facts {
        if let Some(id) = &fact.sg_message_id {
            messages.entry((id.clone(), fact.email.clone())).or_default().push(fact);
        }
    }
    for bounce in facts.iter().filter(|fact| fact.sg_message_id.is_none() && fact.event == "bounce") {
        let mut candidates = messages
            .iter_mut()
            .filter(|((_, email), happened)| *email == bounce.email && can_have_bounced(happened, bounce.at));
        if let (Some((_, happened)), None) = (candidates.next(), candidates.next()) {
            happened.push(bounce);
        }
    }
    messages.into_iter().map(|(message, happened)| (message, expectation(&happened))).collect()
}

fn can_have_bounced(happened: &[&Fact], at: i64) -> bool {
    let delivered = happened.iter().filter(|fact| fact.event == "delivered").map(|fact| fact.at).min();
    delivered.is_some_and(|then| (0..=DELIVERED_WITHIN_S).contains(&(at - then)))
        && !happened.iter().any(|fact| is_failure(fact))
}

fn is_failure(fact: &Fact) -> bool {
    matches!(fact.event, "bounce" | "dropped")
}

fn expectation(happened: &[&Fact]) -> Expectation {
    let has = |event: &str| happened.iter().any(|fact| fact.event == event);
    let failed = happened.iter().filter(|fact| is_failure(fact)).max_by_key(|fact| fact.at);
    let (delivered, failure, seen) = ("message.delivered", "message.failed", "message.seen");
    let overtaken = |told: &[&'static str]| told.iter().copied().collect::<BTreeSet<_>>();
    if has("click") || has("open") {
        return Expectation {
            status: if has("click") { "clicked" } else { "opened" },
            must: [delivered, seen].into(),
            may: if failed.is_some() { overtaken(&[failure]) } else { BTreeSet::new() },
            last: Some(seen),
            correlated_by: None,
        };
    }
    if let Some(failed) = failed {
        let status = match (failed.event, failed.blocked) {
            ("dropped", _) => "dropped",
            (_, true) => "blocked",
            _ => "bounced",
        };
        let last = Some(failure);
        if failed.sg_message_id.is_none() {
            // It was found by its delivery, so that cannot have been overtaken.
            let must = [delivered, failure].into();
            return Expectation {
                status,
                must,
                last,
                correlated_by: Some("recipient"),
                ..Expectation::default()
            };
        }
        let may = if has("delivered") { overtaken(&[delivered]) } else { BTreeSet::new() };
        return Expectation { status, must: [failure].into(), may, last, correlated_by: None };
    }
    if has("delivered") {
        let must = [delivered].into();
        return Expectation { status: "delivered", must, last: Some(delivered), ..Expectation::default() };
    }
    let status = match (has("deferred"), has("processed")) {
        (true, _) => "deferred",
        (_, true) => "processed",
        _ => "unknown",
    };
    Expectation { status, ..Expectation::default() }
}

/// How each address the facts mention stands in the end: the worst that was said of it, whatever message it was about.
pub(crate) fn standings(facts: &[Fact]) -> BTreeMap<String, &'static str> {
    let mut worst: BTreeMap<String, (u8, &'static str)> = BTreeMap::new();
    for fact in facts {
        let said = match (fact.event, fact.blocked) {
            ("spamreport", _) => (3, "complained"),
            ("bounce", false) => (2, "bounced"),
            ("unsubscribe", _) => (1, "unsubscribed"),
            _ => (0, "ok"),
        };
        let known = worst.entry(fact.email.clone()).or_insert(said);
        *known = said.max(*known);
    }
    worst.into_iter().map(|(email, (_, standing))| (email, standing)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fact(id: &str, event: &'static str, at: i64) -> Fact {
        let sg_message_id = (!id.is_empty()).then(|| id.to_owned());
        Fact { sg_message_id, email: "a@example.com".to_owned(), event, blocked: false, at }
    }

    fn only(facts: &[Fact]) -> Expectation {
        let mut all = expectations(facts);
        assert_eq!(all.len(), 1);
        all.pop_first().unwrap().1
    }

    #[test]
    fn an_open_proves_delivery_whatever_else_was_said() {
        let told = only(&[fact("m", "open", 3), fact("m", "bounce", 2), fact("m", "processed", 1)]);
        assert_eq!(told.status, "opened");
        assert_eq!(told.must, ["message.delivered", "message.seen"].into());
        assert_eq!(told.may, ["message.failed"].into());
        assert_eq!(told.last, Some("message.seen"));
    }

    #[test]
    fn a_late_bounce_overrides_delivery() {
        let told = only(&[fact("m", "delivered", 1), fact("m", "bounce", 9)]);
        assert_eq!((told.status, told.last), ("bounced", Some("message.failed")));
        assert_eq!(told.may, ["message.delivered"].into());
    }

    #[test]
    fn a_bounce_without_ids_is_of_the_one_mail_that_can_have_bounced() {
        let told = only(&[fact("m", "delivered", 1), fact("", "bounce", 9)]);
        assert_eq!((told.status, told.last), ("bounced", Some("message.failed")));
        assert_eq!(told.correlated_by, Some("recipient"));
        assert_eq!(told.must, ["message.delivered", "message.failed"].into());
    }

    #[test]
    fn a_bounce_without_ids_that_could_be_of_two_or_of_none_is_about_its_recipient_only() {
        for facts in [
            vec![fact("m", "delivered", 1), fact("n", "delivered", 2), fact("", "bounce", 9)],
            vec![fact("m", "delivered", 10), fact("", "bounce", 9)],
            vec![fact("m", "delivered", 1), fact("", "bounce", 2 + DELIVERED_WITHIN_S)],
            vec![fact("m", "processed", 1), fact("", "bounce", 9)],
        ] {
            let told = expectations(&facts);
            assert!(told.values().all(|told| told.correlated_by.is_none()), "{told:?}");
            assert!(told.values().all(|told| told.last != Some("message.failed")), "{told:?}");
            assert_eq!(standings(&facts)["a@example.com"], "bounced");
        }
        let failed_before = [fact("m", "delivered", 1), fact("m", "dropped", 2), fact("", "bounce", 9)];
        assert_eq!((only(&failed_before).status, only(&failed_before).correlated_by), ("dropped", None));
    }

    #[test]
    fn the_worst_that_was_said_of_an_address_stands() {
        let standing = |facts: &[Fact]| standings(facts)["a@example.com"];
        assert_eq!(standing(&[fact("m", "open", 1), fact("m", "dropped", 2)]), "ok");
        assert_eq!(standing(&[Fact { blocked: true, ..fact("m", "bounce", 1) }]), "ok");
        assert_eq!(
            standing(&[fact("m", "unsubscribe", 1), fact("m", "group_unsubscribe", 2)]),
            "unsubscribed"
        );
        assert_eq!(standing(&[fact("m", "spamreport", 1), fact("", "bounce", 2)]), "complained");
    }

    #[test]
    fn what_is_not_told_by_default_is_not_expected() {
        let told = only(&[fact("m", "processed", 1), fact("m", "deferred", 2), fact("m", "spamreport", 3)]);
        assert_eq!((told.status, told.must.len(), told.last), ("deferred", 0, None));
    }
}
