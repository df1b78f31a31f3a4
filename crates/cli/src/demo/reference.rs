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
}

/// For each message the facts mention, what has to be told in the end. A fact that names no message says something about
/// its recipient only.
pub(crate) fn expectations(facts: &[Fact]) -> BTreeMap<Message, Expectation> {
    let mut messages: BTreeMap<Message, Vec<&Fact>> = BTreeMap::new();
    for fact in facts {
        if let Some(id) = &fact.sg_message_id {
            messages.entry((id.clone(), fact.email.clone())).or_default().push(fact);
        }
    }
    messages.into_iter().map(|(message, happened)| (message, expectation(&happened))).collect()
}

fn expectation(happened: &[&Fact]) -> Expectation {
    let has = |event: &str| happened.iter().any(|fact| fact.event == event);
    let failures: Vec<&&Fact> =
        happened.iter().filter(|fact| matches!(fact.event, "bounce" | "dropped")).collect();
    let failed = failures.iter().max_by_key(|fact| fact.at).map(|fact| match (fact.event, fact.blocked) {
        ("dropped", _) => "dropped",
        (_, true) => "blocked",
        _ => "bounced",
    });
    let (delivered, failure, seen) = ("message.delivered", "message.failed", "message.seen");
    let overtaken = |told: &[&'static str]| told.iter().copied().collect::<BTreeSet<_>>();
    if has("click") || has("open") {
        return Expectation {
            status: if has("click") { "clicked" } else { "opened" },
            must: [delivered, seen].into(),
            may: if failed.is_some() { overtaken(&[failure]) } else { BTreeSet::new() },
            last: Some(seen),
        };
    }
    if let Some(status) = failed {
        let may = if has("delivered") { overtaken(&[delivered]) } else { BTreeSet::new() };
        return Expectation { status, must: [failure].into(), may, last: Some(failure) };
    }
    if has("delivered") {
        let must = [delivered].into();
        return Expectation { status: "delivered", must, may: BTreeSet::new(), last: Some(delivered) };
    }
    let status = match (has("deferred"), has("processed")) {
        (true, _) => "deferred",
        (_, true) => "processed",
        _ => "unknown",
    };
    Expectation { status, ..Expectation::default() }
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
    fn a_bounce_without_ids_is_about_its_recipient_only() {
        let told = only(&[fact("m", "delivered", 1), fact("", "bounce", 9)]);
        assert_eq!((told.status, told.last), ("delivered", Some("message.delivered")));
    }

    #[test]
    fn what_is_not_told_by_default_is_not_expected() {
        let told = only(&[fact("m", "processed", 1), fact("m", "deferred", 2), fact("m", "spamreport", 3)]);
        assert_eq!((told.status, told.must.len(), told.last), ("deferred", 0, None));
    }
}
