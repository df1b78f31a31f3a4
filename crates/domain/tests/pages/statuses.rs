//! The hierarchy of statuses, and what each event does to each of them.

use crate::table::{Column, assert_shown, merge, render};
use domain::{
    EventKey, EventKind, MachineOpens, Message, MessageEvent, Notice, NotificationType, NotificationTypes,
    Origin, Outcome, Status,
};
use jiff::Timestamp;

/// How a message came to its status, in an ordinary life. Where it matters which steps went before, there are several.
const LIVES: [(Status, &[EventKind]); 10] = [
    (Status::Unknown, &[]),
    (Status::Processed, &[EventKind::Processed]),
    (Status::Deferred, &[EventKind::Processed, EventKind::Deferred]),
    (Status::Delivered, &[EventKind::Processed, EventKind::Delivered]),
    (Status::Blocked, &[EventKind::Processed, EventKind::Blocked]),
    (Status::Dropped, &[EventKind::Dropped]),
    (Status::Bounced, &[EventKind::Processed, EventKind::Bounce]),
    (Status::Bounced, &[EventKind::Processed, EventKind::Delivered, EventKind::Bounce]),
    (Status::Opened, &[EventKind::Processed, EventKind::Delivered, EventKind::Open]),
    (Status::Clicked, &[EventKind::Processed, EventKind::Delivered, EventKind::Open, EventKind::Click]),
];

/// An event that reaches a message, with what its source does with opens by machines.
#[derive(Clone, Copy)]
struct Arriving {
    kind: EventKind,
    machine: Option<MachineOpens>,
}

impl Arriving {
    fn every() -> impl Iterator<Item = Self> {
        let message = |kind: &EventKind| !matches!(kind, EventKind::AccountStatusChange | EventKind::Unknown);
        EventKind::ALL.into_iter().filter(message).flat_map(|kind| {
            let by_people = [Self { kind, machine: None }];
            let by_machines = [MachineOpens::Count, MachineOpens::Ignore];
            let by_machines = by_machines.map(|policy| Self { kind, machine: Some(policy) });
            by_people.into_iter().chain(by_machines.into_iter().filter(move |_| kind == EventKind::Open))
        })
    }

    fn label(self) -> String {
        let detail = match (self.kind, self.machine) {
            (EventKind::Blocked, _) => " (type `blocked`)",
            (EventKind::Bounce, _) => " (any other)",
            (_, Some(MachineOpens::Count)) => " (by a machine, counted)",
            (_, Some(MachineOpens::Ignore)) => " (by a machine, ignored)",
            (_, None) => "",
        };
        format!("`{}`{detail}", self.kind.name())
    }
}

fn event(kind: EventKind, machine_open: bool, number: u8) -> MessageEvent {
    MessageEvent {
        kind,
        at: Timestamp::from_second(1_700_000_000 + i64::from(number)).unwrap(),
        key: EventKey([number; 16]),
        origin: Origin::Webhook,
        machine_open,
        failure: None,
        custom_args: None,
        categories: None,
    }
}

/// A message after its life, one event a second.
fn lived(life: &[EventKind], wanted: NotificationTypes) -> Message {
    let mut message = Message::default();
    for (kind, number) in life.iter().zip(0..) {
        message.apply(&event(*kind, false, number), MachineOpens::Count, wanted);
    }
    message
}

/// What comes of an event that arrives last and happened last.
fn cell(life: &[EventKind], arriving: Arriving) -> String {
    let all: NotificationTypes = NotificationType::ALL.into_iter().collect();
    let policy = arriving.machine.unwrap_or_default();
    let event = event(arriving.kind, arriving.machine.is_some(), 10);
    let [asked_for, by_default] = [all, NotificationTypes::BY_DEFAULT].map(|wanted| {
        let mut message = lived(life, wanted);
        let before = message.status;
        let applied = message.apply(&event, policy, wanted);
        (before, message.status, applied)
    });
    let (before, after, applied) = asked_for;
    let of_default = |notice: &&Notice| NotificationTypes::BY_DEFAULT.contains(notice.kind);
    let told = |notices: &[Notice]| notices.iter().filter(of_default).map(|n| n.kind).collect::<Vec<_>>();
    assert_eq!(
        told(&applied.notices),
        told(&by_default.2.notices),
        "asking for more changes what is told anyway"
    );

    let mut says: Vec<String> = match applied.outcome {
        Outcome::Stale => vec!["stale".to_owned()],
        Outcome::Ignored(_) => vec!["ignored".to_owned()],
        Outcome::Applied if after != before => vec![format!("→ {}", after.as_str())],
        Outcome::Applied => Vec::new(),
    };
    says.extend(applied.notices.iter().map(|notice| {
        let implied = if notice.implied { "*" } else { "" };
        let name = format!("+{}{implied}", notice.kind.as_str().trim_start_matches("message."));
        if of_default(&notice) { name } else { format!("({name})") }
    }));
    if says.is_empty() { "·".to_owned() } else { says.join(" ") }
}

fn code(text: &str) -> String {
    format!("`{text}`")
}

fn column(label: &str, cells: impl IntoIterator<Item = String>) -> Column {
    Column { labels: vec![label.to_owned()], cells: cells.into_iter().collect() }
}

#[test]
fn the_page_shows_the_ranks() {
    let from = |status: Status| {
        let proving = Arriving::every().filter(move |one| one.machine.is_none());
        let proving = proving.filter(|one| Status::of(one.kind) == Some(status)).map(Arriving::label);
        proving.collect::<Vec<_>>().join(", ")
    };
    let told_as = |status: Status| status.told_as().map_or_else(String::new, |kind| code(kind.as_str()));
    let table = render(&[
        column("rank", Status::ALL.map(|status| status.rank().0.to_string())),
        column("status", Status::ALL.map(|status| code(status.as_str()))),
        column("from the event", Status::ALL.map(from)),
        column("stands for it, of the types told by default", Status::ALL.map(told_as)),
    ]);
    assert_shown("ranks", &table);
}

#[test]
fn the_page_shows_every_transition_and_what_is_told_of_it() {
    for status in Status::ALL {
        assert!(LIVES.iter().any(|(lived, _)| *lived == status), "no row for {status:?}");
    }
    for (status, life) in LIVES {
        assert_eq!(lived(life, NotificationTypes::BY_DEFAULT).status, status, "{life:?}");
    }
    let by = |life: &[EventKind]| {
        let written = life.iter().map(|kind| match kind {
            EventKind::Blocked => "bounce of type blocked",
            kind => kind.name(),
        });
        if life.is_empty() { "nothing yet".to_owned() } else { written.collect::<Vec<_>>().join(", ") }
    };
    let arriving = Arriving::every()
        .map(|arriving| column(&arriving.label(), LIVES.map(|(_, life)| cell(life, arriving))));
    let mut columns = vec![
        column("before", LIVES.map(|(status, _)| code(status.as_str()))),
        column("reached by", LIVES.map(|(_, life)| by(life))),
    ];
    columns.extend(merge(arriving));
    assert_shown("transitions", &render(&columns));
}
