//! The demo told to whoever watches, on stderr.

use super::account::Account;
use super::receiver::Received;
use super::scenario::Scenario;
use super::sender::Sender;
use super::setup::Stage;
use crate::output;
use std::collections::BTreeMap;
use store::look::Quarantined;

pub(crate) fn began(stage: &Stage) {
    say(&format!(
        "source `{}` accepts at {}",
        stage.source_name,
        stage.ingests.iter().map(ToString::to_string).collect::<Vec<_>>().join(" and ")
    ));
    say(&format!("endpoint {} is a consumer at {}", stage.endpoint_id, stage.consumer_url));
}

pub(crate) fn planned(scenario: &Scenario) {
    let elements: u64 = scenario.first.iter().map(|post| post.elements).sum();
    say(&format!(
        "{} mails with lives of every kind: {elements} events in {} POSTs, out of order, {} of them repeated, and some odd",
        scenario.mails.len(),
        scenario.first.len(),
        scenario.repeats
    ));
}

pub(crate) fn sent(sender: &Sender) {
    let answers: Vec<String> =
        sender.answers.iter().map(|(status, count)| format!("{status}: {count}")).collect();
    say(&format!("ingest's answers so far: {}", answers.join(", ")));
}

pub(crate) fn refused(answer: &str) {
    say(&format!("a POST signed by a stranger was answered {answer}"));
}

pub(crate) fn second_part(scenario: &Scenario) {
    let elements: u64 = scenario.second.iter().map(|post| post.elements).sum();
    say(&format!(
        "everything is in the ledger; {elements} more: bounces that name only an address, and a whole POST again"
    ));
}

pub(crate) fn ended(
    account: &Account,
    statuses: &BTreeMap<String, u64>,
    received: &Received,
    scenario: &Scenario,
) {
    let statuses: Vec<String> = statuses.iter().map(|(status, count)| format!("{count} {status}")).collect();
    say(&format!("the mails now stand at: {}", statuses.join(", ")));
    say(&format!(
        "the ledger: {} elements = {} applied + {} stale + {} ignored + {} duplicate + {} quarantined",
        account.events,
        account.applied,
        account.stale,
        account.ignored,
        account.duplicate,
        account.quarantined
    ));
    let mut kinds: BTreeMap<&str, u64> = BTreeMap::new();
    for told in received.told.values() {
        *kinds.entry(told.kind.as_str()).or_default() += 1;
    }
    let kinds: Vec<String> = kinds.iter().map(|(kind, count)| format!("{count} {kind}")).collect();
    let found = received.told.values().filter(|told| told.correlated_by.is_some()).count();
    say(&format!("{found} bounces that named only an address were brought to the one mail they can be of"));
    say(&format!(
        "the consumer verified {} notifications ({}); it turned {} away once and got them again",
        account.delivered,
        kinds.join(", "),
        received.turned_away()
    ));
    if let Some(mail) = scenario.mails.get(4) {
        say(&format!("look at one: sendstate message show {}", mail.message_id));
    }
    if account.contradictions > 0 {
        say(&format!("{} notifications or recipients contradict the reference", account.contradictions));
    }
}

/// What could not be applied is kept whole, and can be looked at.
pub(crate) fn quarantined(held: &[Quarantined], source_name: &str) {
    let mut reasons: BTreeMap<&str, u64> = BTreeMap::new();
    for row in held {
        *reasons.entry(row.reason.as_str()).or_default() += 1;
    }
    let reasons: Vec<String> = reasons.iter().map(|(reason, count)| format!("{count} {reason}")).collect();
    say(&format!("held aside, whole: {}", reasons.join(", ")));
    say(&format!("look through them: sendstate quarantine list --source {source_name}"));
}

fn say(text: &str) {
    output::note(&format!("demo: {text}"));
}
