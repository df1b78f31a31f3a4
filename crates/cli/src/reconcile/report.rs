//! What came of a comparison, as scripts and people read it. Keys may be added, never renamed or removed.

use super::suppressions::Suppressions;
use crate::failure::Failure;
use crate::output::{self, plain};
use serde::Serialize;

/// Most rows that are named; the rest is counted.
const NAMED_MAX: usize = 100;

#[derive(Debug, Serialize)]
pub(super) struct Document<'a> {
    pub source: &'a str,
    /// Facts that happened from `from` until before `to`.
    pub from: String,
    pub to: String,
    /// `activity` or `logs`.
    pub api: &'static str,
    /// Messages accepted from this time on are looked at; null: of any age.
    pub accepted_from: Option<String>,
    /// Every message was asked for, whatever the list says of it.
    pub thorough: bool,
    /// Facts, by the webhook's names, that are not looked for in the middle of a message that is whole otherwise.
    pub not_looked_for: &'static [&'static str],
    /// Facts, by the webhook's names, that are looked for there only where SendGrid put the recipient on its suppression list in
    /// that time, and has not taken it off again.
    pub looked_for_in_lists: &'static [&'static str],
    pub dry_run: bool,
    /// Listed by the records; one that has a new event meanwhile may be counted again.
    pub messages: i64,
    /// Facts; those of a message that is counted again, again. Each is known, recovered, missing,
    /// withheld or quarantined.
    pub found: i64,
    pub known: i64,
    pub recovered: i64,
    /// What a run that is no dry run would recover.
    pub missing: i64,
    /// Rows and facts that cannot be attributed or mapped, or are held in the quarantine; the first of this run by name.
    pub unknown: i64,
    pub unknown_rows: &'a [Unknown],
    /// Of the unknown: opens that are not given to a source that ignores machines, because nobody says who opened.
    pub withheld: i64,
    /// Of the unknown: facts that were given to the workers and are held in the quarantine.
    pub quarantined: i64,
    /// Seconds of which the records hold more messages than they list.
    pub overfull: i64,
    /// False: messages had new events faster than they were listed, and those that moved on last were not seen.
    pub caught_up: bool,
    pub suppressions: Option<&'a Suppressions>,
    pub requests: i64,
    /// It goes on with a run that was interrupted; the numbers are those of both.
    pub resumed: bool,
}

/// What could not be compared, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Unknown {
    /// SendGrid's id of the message, if it has one.
    pub message: Option<String>,
    pub reason: String,
}

/// A bounded list of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Unknowns(Vec<Unknown>);

impl Unknowns {
    pub(super) fn add(&mut self, unknown: Unknown) {
        if self.0.len() < NAMED_MAX {
            self.0.push(unknown);
        }
    }

    pub(super) fn named(&self) -> &[Unknown] {
        &self.0
    }
}

pub(super) fn text(document: &Document<'_>) -> String {
    let mut table = output::table(&["source", document.source]);
    let mut rows = vec![
        ("from", document.from.clone()),
        ("to", document.to.clone()),
        ("records", document.api.to_owned()),
        ("messages", document.messages.to_string()),
        ("facts found", document.found.to_string()),
        ("  known", document.known.to_string()),
        ("  recovered", document.recovered.to_string()),
    ];
    if document.dry_run {
        rows.push(("  missing", document.missing.to_string()));
    }
    rows.push(("unknown", document.unknown.to_string()));
    if document.withheld > 0 {
        rows.push(("  withheld", document.withheld.to_string()));
    }
    if document.quarantined > 0 {
        rows.push(("  quarantined", document.quarantined.to_string()));
    }
    rows.push(("requests", document.requests.to_string()));
    for (name, value) in rows {
        table.add_row([name, &value]);
    }
    let mut parts = vec![table.trim_fmt()];
    if !document.unknown_rows.is_empty() {
        parts.push(unknowns(document));
    }
    parts.extend(unseen(document));
    if document.dry_run {
        parts.push("A dry run: nothing was recovered.".to_owned());
    }
    if document.resumed {
        parts.push(
            "It went on where an earlier run was interrupted; the numbers are those of both.".to_owned(),
        );
    }
    parts.extend(document.suppressions.map(Suppressions::text));
    parts.join("\n\n")
}

/// What this run did not look for.
fn unseen(document: &Document<'_>) -> Vec<String> {
    let accepted = document.accepted_from.as_ref().map(|accepted| {
        format!("Messages accepted before {accepted} were not looked at: Email Logs does not list them by what happened later.")
    });
    let passed_over = (!document.not_looked_for.is_empty()).then(|| {
        format!(
            "Not looked for in the middle of messages that are whole otherwise: {}; and {} only where SendGrid put the \
             recipient on its list in that time. --thorough looks for all.",
            document.not_looked_for.join(", "),
            document.looked_for_in_lists.join(", ")
        )
    });
    accepted.into_iter().chain(passed_over).collect()
}

fn unknowns(document: &Document<'_>) -> String {
    let mut table = output::table(&["unknown", "why"]);
    for one in document.unknown_rows {
        table.add_row([one.message.as_deref().map_or_else(|| "-".to_owned(), plain), plain(&one.reason)]);
    }
    table.trim_fmt()
}

/// Whether everything was seen, and everything that was missing is recovered.
pub(super) fn verdict(document: &Document<'_>) -> Result<(), Failure> {
    let Document { overfull, quarantined, .. } = document;
    if *quarantined > 0 {
        return Err(Failure::failed(format!("{quarantined} facts are held in the quarantine")).next(
            format!(
                "see why with `sendstate quarantine list --source {}`, then release them",
                document.source
            ),
        ));
    }
    if !document.caught_up {
        return Err(Failure::failed(
            "messages have new events faster than SendGrid lists them: those that moved on last were not compared",
        )
        .next("run the same again: it goes on from there"));
    }
    if *overfull > 0 {
        let what = format!(
            "{overfull} seconds have more messages than SendGrid lists at once: not all of them were compared"
        );
        return Err(Failure::failed(what)
            .next("SendGrid's export of activity as CSV has them all; what was seen is compared"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document() -> Document<'static> {
        Document {
            source: "main",
            from: "2026-03-01T00:00:00Z".to_owned(),
            to: "2026-03-02T00:00:00Z".to_owned(),
            api: "activity",
            accepted_from: None,
            thorough: false,
            not_looked_for: &["deferred"],
            looked_for_in_lists: &["bounce"],
            dry_run: false,
            messages: 12,
            found: 40,
            known: 37,
            recovered: 3,
            missing: 0,
            unknown: 0,
            unknown_rows: &[],
            withheld: 0,
            quarantined: 0,
            overfull: 0,
            caught_up: true,
            suppressions: None,
            requests: 5,
            resumed: false,
        }
    }

    #[test]
    fn scripts_find_every_number_under_its_name() {
        let json = serde_json::to_value(document()).unwrap();
        for (name, value) in
            [("messages", 12), ("found", 40), ("known", 37), ("recovered", 3), ("requests", 5)]
        {
            assert_eq!(json[name], value, "{name}");
        }
        assert!(json["suppressions"].is_null() && json["resumed"] == false && json["unknown"] == 0);
    }

    #[test]
    fn people_are_told_why_something_is_unknown_and_that_a_dry_run_was_one() {
        let rows =
            [Unknown { message: Some("abc\u{1b}".to_owned()), reason: "it says no address".to_owned() }];
        let shown =
            text(&Document { dry_run: true, missing: 9, unknown_rows: &rows, resumed: true, ..document() });
        for part in ["abc\u{FFFD}", "no address", "nothing was recovered", "missing", "interrupted"] {
            assert!(shown.contains(part), "{part}: {shown}");
        }
    }

    #[test]
    fn what_could_not_be_seen_is_a_failed_check() {
        assert_eq!(verdict(&document()), Ok(()));
        assert_eq!(verdict(&Document { unknown: 7, ..document() }), Ok(()));
        assert_eq!(verdict(&Document { overfull: 2, ..document() }).unwrap_err().code, 1);
        assert_eq!(verdict(&Document { caught_up: false, ..document() }).unwrap_err().code, 1);
    }

    #[test]
    fn what_is_held_in_the_quarantine_is_a_failed_check_that_says_where_to_look() {
        let held = Document { unknown: 9, quarantined: 7, ..document() };
        let failure = verdict(&held).unwrap_err();
        assert_eq!(failure.code, 1);
        assert!(failure.to_string().contains("7 facts") && failure.to_string().contains("--source main"));
        assert!(text(&held).contains("quarantined") && !text(&document()).contains("quarantined"));
    }

    #[test]
    fn people_are_told_what_was_not_looked_for() {
        let shown = text(&document());
        for part in ["deferred", "bounce only where", "--thorough"] {
            assert!(shown.contains(part), "{part}: {shown}");
        }
        let accepted_from = Some("2026-02-26T00:00:00Z".to_owned());
        let logs = text(&Document { accepted_from, thorough: true, not_looked_for: &[], ..document() });
        assert!(logs.contains("before 2026-02-26T00:00:00Z") && !logs.contains("--thorough"), "{logs}");
    }

    #[test]
    fn the_list_of_what_is_unknown_is_bounded() {
        let mut unknowns = Unknowns::default();
        for number in 0..500 {
            unknowns.add(Unknown { message: Some(number.to_string()), reason: String::new() });
        }
        assert_eq!(unknowns.named().len(), NAMED_MAX);
    }
}
