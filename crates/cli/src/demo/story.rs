//! The demo told to whoever watches, on stderr.

use super::account::Account;
use super::receiver::Received;
use super::scenario::Scenario;
use super::sender::Sender;
use super::setup::Stage;
use crate::output;
use std::collections::BTreeMap;

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
        say(&format!("{} notifications contradict the reference", account.contradictions));
    }
}

fn say(text: &str) {
    output::note(&format!("demo: {text}"));
}
