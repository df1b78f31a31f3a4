//! The front page's table of statuses and its table of what consumers are told.

use crate::table::{code_spans, rows_after};
use domain::{
    EventKey, EventKind, MachineOpens, Message, MessageEvent, NotificationType, NotificationTypes, Origin,
    Rank, Status,
};
use jiff::Timestamp;

const PAGE: &str = include_str!("../../../../README.md");

/// What an event of this kind, alone, proves beside its own status: which steps below are told all the same.
fn also_proves(kind: EventKind) -> Vec<&'static str> {
    let event = MessageEvent {
        kind,
        at: Timestamp::UNIX_EPOCH,
        key: EventKey([0; 16]),
        origin: Origin::Webhook,
        machine_open: false,
        failure: None,
        custom_args: None,
        categories: None,
    };
    let mut message = Message::default();
    let told = message.apply(&event, MachineOpens::Count, NotificationTypes::BY_DEFAULT).notices;
    let below = [(NotificationType::Delivered, Status::Delivered), (NotificationType::Seen, Status::Opened)];
    let proven = below.into_iter().filter(|(kind, status)| {
        message.status.rank() > status.rank() && told.iter().any(|notice| notice.kind == *kind)
    });
    proven.map(|(_, status)| status.as_str()).collect()
}

/// How the page writes an event: SendGrid's name, and the type that tells a block from a bounce.
fn written(kind: EventKind) -> Vec<&'static str> {
    if kind == EventKind::Blocked { vec![kind.name(), Status::Blocked.as_str()] } else { vec![kind.name()] }
}

#[test]
fn the_front_page_has_the_hierarchy_of_the_code() {
    let mut ranks: Vec<Rank> = Status::ALL.map(Status::rank).to_vec();
    ranks.dedup();
    let expected: Vec<_> = ranks
        .into_iter()
        .map(|rank| {
            let statuses = Status::ALL.into_iter().filter(|status| status.rank() == rank);
            let statuses: Vec<_> = statuses.map(Status::as_str).collect();
            let kinds = EventKind::ALL.into_iter().filter(|kind| Rank::of(*kind) == Some(rank));
            let proves = kinds.clone().flat_map(also_proves).collect::<Vec<_>>().join(", ");
            (rank.0.to_string(), statuses, kinds.flat_map(written).collect::<Vec<_>>(), proves)
        })
        .collect();
    let shown: Vec<_> = rows_after(PAGE, "## The status")
        .into_iter()
        .map(|row| (row[0].to_owned(), code_spans(row[1]), code_spans(row[2]), row[3].to_owned()))
        .collect();
    assert_eq!(shown, expected, "left: README.md; right: the code");
}

#[test]
fn the_front_page_names_every_type_and_what_is_told_unasked() {
    let mut shown = Vec::new();
    for row in rows_after(PAGE, "## What you are told") {
        let by_default = row[2] == "by default";
        assert!(by_default || row[2].contains("`endpoint add --types`"), "told when? {row:?}");
        shown.extend(code_spans(row[0]).into_iter().map(|kind| (kind, by_default)));
    }
    let told =
        NotificationType::ALL.map(|kind| (kind.as_str(), NotificationTypes::BY_DEFAULT.contains(kind)));
    let mut expected = told.to_vec();
    shown.sort_unstable();
    expected.sort_unstable();
    assert_eq!(shown, expected, "left: README.md; right: the code");
}
