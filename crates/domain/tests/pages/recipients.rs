//! What each event does to the standing of an address, and to its word on a group.

use crate::table::{Column, assert_shown, merge, render};
use domain::{EventKind, Recipient, RecipientFact, Standing, StandingChange};
use jiff::Timestamp;

const GROUP: i64 = 7;

/// When the facts happened that went before.
const BEFORE: i64 = 1_700_000_000;

const STANDINGS: [(Standing, &[EventKind]); 4] = [
    (Standing::Ok, &[]),
    (Standing::Unsubscribed, &[EventKind::Unsubscribe]),
    (Standing::Bounced, &[EventKind::Bounce]),
    (Standing::Complained, &[EventKind::SpamReport]),
];

fn fact(kind: EventKind, second: i64) -> RecipientFact {
    RecipientFact { kind, at: Timestamp::from_second(second).unwrap(), reason: None, group: Some(GROUP) }
}

fn after(kinds: &[EventKind]) -> Recipient {
    let mut recipient = Recipient::default();
    for kind in kinds {
        recipient.apply(&fact(*kind, BEFORE));
    }
    recipient
}

fn cell(change: Option<StandingChange>) -> String {
    change.map_or_else(
        || "·".to_owned(),
        |change| {
            let told = change.told_as().as_str().trim_start_matches("recipient.");
            format!("→ {} +{told}", change.standing.as_str())
        },
    )
}

fn column(label: &str, cells: impl IntoIterator<Item = String>) -> Column {
    Column { labels: vec![label.to_owned()], cells: cells.into_iter().collect() }
}

#[test]
fn the_page_shows_every_change_of_standing() {
    assert_eq!(STANDINGS.map(|(standing, _)| standing), Standing::ALL);
    for (standing, kinds) in STANDINGS {
        assert_eq!(after(kinds).standing().0, standing, "{kinds:?}");
    }
    let of_the_address =
        |kind: &EventKind| !matches!(kind, EventKind::GroupUnsubscribe | EventKind::GroupResubscribe);
    let arriving = EventKind::ALL.into_iter().filter(of_the_address).map(|kind| {
        let cells = STANDINGS.map(|(_, before)| cell(after(before).apply(&fact(kind, BEFORE + 1))));
        let detail = if kind == EventKind::Bounce { " (not blocked)" } else { "" };
        column(&format!("`{}`{detail}", kind.name()), cells)
    });
    let mut columns = merge(arriving);
    let idle = columns.iter().position(|column| column.cells.iter().all(|cell| cell == "·"));
    let idle = columns.remove(idle.expect("most events leave the address alone"));
    assert!(idle.labels.len() > 2, "{:?}", idle.labels);
    columns.insert(0, column("before", Standing::ALL.map(|standing| format!("`{}`", standing.as_str()))));
    columns.push(Column { labels: vec!["any other".to_owned()], cells: idle.cells });
    assert_shown("standings", &render(&columns));
}

#[test]
fn the_page_shows_every_change_of_a_group() {
    let words = [
        ("nothing heard", None),
        ("unsubscribed", Some(EventKind::GroupUnsubscribe)),
        ("subscribed again", Some(EventKind::GroupResubscribe)),
    ];
    let mut columns = vec![column("before", words.map(|(name, _)| name.to_owned()))];
    for kind in [EventKind::GroupUnsubscribe, EventKind::GroupResubscribe] {
        for (age, second) in [("later", BEFORE + 1), ("the same second", BEFORE), ("earlier", BEFORE - 1)] {
            let cells = words.map(|(_, word)| {
                let mut recipient = after(word.as_slice());
                cell(recipient.apply(&fact(kind, second)))
            });
            columns.push(column(&format!("`{}`, {age}", kind.name()), cells));
        }
    }
    assert_shown("groups", &render(&columns));
}
