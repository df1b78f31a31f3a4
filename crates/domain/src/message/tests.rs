//! The hierarchy as a table, then its laws by enumeration of small worlds.

mod rederive;

use super::*;
use crate::EventKey;

const EARLY: i64 = 1_700_000_000;
const LATE: i64 = EARLY + 60;

/// Every kind that reaches a message, with a machine's open told apart.
const KINDS: [(EventKind, bool); 13] = [
    (EventKind::Processed, false),
    (EventKind::Deferred, false),
    (EventKind::Delivered, false),
    (EventKind::Blocked, false),
    (EventKind::Dropped, false),
    (EventKind::Bounce, false),
    (EventKind::Open, false),
    (EventKind::Open, true),
    (EventKind::Click, false),
    (EventKind::SpamReport, false),
    (EventKind::Unsubscribe, false),
    (EventKind::GroupUnsubscribe, false),
    (EventKind::GroupResubscribe, false),
];

fn event(kind: EventKind, machine_open: bool, second: i64, id: u8) -> MessageEvent {
    MessageEvent {
        kind,
        at: Timestamp::from_second(second).unwrap(),
        key: EventKey([id; 16]),
        origin: Origin::Webhook,
        machine_open,
        failure: (Rank::of(kind) == Some(Rank::FAILED))
            .then(|| Failure { reason: Some(format!("reason {id}")), ..Failure::default() }),
        custom_args: (id % 3 == 1).then(|| format!("{{\"id\":\"{id}\"}}")),
        categories: (id % 4 == 2).then(|| vec![id.to_string()]),
    }
}

/// All kinds at two times, so that ties of time, of rank and of both occur.
fn alphabet() -> Vec<MessageEvent> {
    let mut ids = 0..;
    let mut events = Vec::new();
    for second in [EARLY, LATE] {
        for (kind, machine_open) in KINDS {
            events.push(event(kind, machine_open, second, ids.next().unwrap()));
        }
    }
    events
}

/// A message with the events it has seen, as the store's unique keys remember them.
#[derive(Clone, Default)]
struct World {
    message: Message,
    seen: u32,
    told: Vec<Notice>,
}

impl World {
    fn receive(
        &mut self,
        index: usize,
        event: &MessageEvent,
        policy: MachineOpens,
        wanted: NotificationTypes,
    ) {
        if self.seen & (1 << index) != 0 {
            return;
        }
        self.seen |= 1 << index;
        let applied = self.message.apply(event, policy, wanted);
        self.told.extend(applied.notices);
    }

    /// The message without what arrival order may lawfully change: which overtaken steps were told.
    fn settled(&self) -> Message {
        Message { told: NotificationTypes::NONE, sequence: 0, ..self.message.clone() }
    }

    fn assert_lawful(&self) {
        let told = &self.told;
        let kinds: NotificationTypes = told.iter().map(|notice| notice.kind).collect();
        assert_eq!(kinds.bits().count_ones() as usize, told.len(), "a type told twice: {told:?}");
        assert!(told.iter().zip(1..).all(|(notice, n)| notice.sequence == n), "a gap: {told:?}");
        assert!(told.is_sorted_by_key(|notice| notice.status.rank()), "a status told went back: {told:?}");
        let position = |kind| told.iter().position(|notice| notice.kind == kind);
        if let Some(seen) = position(NotificationType::Seen) {
            let delivered = position(NotificationType::Delivered);
            assert!(delivered.is_some_and(|delivered| delivered < seen), "seen before delivered: {told:?}");
        }
        let last = told.iter().rev().find(|notice| NotificationTypes::BY_DEFAULT.contains(notice.kind));
        assert_eq!(last.map(|notice| notice.kind), self.message.status.told_as(), "{told:?}");
    }
}

fn fold(events: &[MessageEvent], indices: impl IntoIterator<Item = usize>, policy: MachineOpens) -> World {
    let mut world = World::default();
    for index in indices {
        world.receive(index, &events[index], policy, NotificationTypes::BY_DEFAULT);
    }
    world
}

/// What the specification says of a *set* of events, computed without the fold.
fn reference_status(events: &[MessageEvent], seen: u32, policy: MachineOpens) -> Status {
    let mut ranked: Vec<_> = events
        .iter()
        .enumerate()
        .filter(|(index, _)| seen & (1 << index) != 0)
        .map(|(_, event)| event)
        .filter(|event| !(event.machine_open && policy == MachineOpens::Ignore))
        .filter_map(|event| Some((Rank::of(event.kind)?, event.at, event.kind.name(), event.key, event.kind)))
        .collect();
    ranked.sort();
    ranked.last().map_or(Status::Unknown, |(.., kind)| Status::of(*kind).unwrap())
}

#[test]
fn each_kind_alone_gives_its_status() {
    let expected = [
        Status::Processed,
        Status::Deferred,
        Status::Delivered,
        Status::Blocked,
        Status::Dropped,
        Status::Bounced,
        Status::Opened,
        Status::Opened,
        Status::Clicked,
        Status::Unknown,
        Status::Unknown,
        Status::Unknown,
        Status::Unknown,
    ];
    for ((kind, machine_open), status) in KINDS.into_iter().zip(expected) {
        let world = fold(&[event(kind, machine_open, EARLY, 1)], [0], MachineOpens::Count);
        assert_eq!(world.message.status, status, "{kind:?}");
    }
}

/// Rows: the status before; columns: processed, deferred, delivered, failed, opened, clicked arriving after it.
#[test]
fn the_transition_table() {
    const KINDS: [EventKind; 6] = [
        EventKind::Processed,
        EventKind::Deferred,
        EventKind::Delivered,
        EventKind::Bounce,
        EventKind::Open,
        EventKind::Click,
    ];
    const TABLE: [[&str; 6]; 6] = [
        ["processed", "deferred", "delivered", "bounced", "opened", "clicked"],
        ["deferred", "deferred", "delivered", "bounced", "opened", "clicked"],
        ["delivered", "delivered", "delivered", "bounced", "opened", "clicked"],
        ["bounced", "bounced", "bounced", "bounced", "opened", "clicked"],
        ["opened", "opened", "opened", "opened", "opened", "clicked"],
        ["clicked", "clicked", "clicked", "clicked", "clicked", "clicked"],
    ];
    for (before, row) in KINDS.into_iter().zip(TABLE) {
        for (arriving, expected) in KINDS.into_iter().zip(row) {
            let events = [event(before, false, EARLY, 1), event(arriving, false, LATE, 2)];
            let status = fold(&events, [0, 1], MachineOpens::Count).message.status;
            assert_eq!(status.as_str(), expected, "{before:?} then {arriving:?}");
        }
    }
}

#[test]
fn every_sequence_of_up_to_four_is_lawful_and_ends_alike() {
    let events = alphabet();
    for policy in [MachineOpens::Count, MachineOpens::Ignore] {
        let mut settled = std::collections::HashMap::<u32, Message>::new();
        every_sequence(&events, policy, &World::default(), 4, &mut |world| {
            world.assert_lawful();
            let message = world.settled();
            assert_eq!(message.status, reference_status(&events, world.seen, policy));
            let first = settled.entry(world.seen).or_insert_with(|| message.clone());
            assert_eq!(*first, message, "order or repetition changed the message");
        });
        // The empty set and every set of up to four of the 26 events.
        assert_eq!(settled.len(), 1 + 26 + 325 + 2_600 + 14_950);
    }
}

fn every_sequence(
    events: &[MessageEvent],
    policy: MachineOpens,
    world: &World,
    left: usize,
    check: &mut impl FnMut(&World),
) {
    check(world);
    if left == 0 {
        return;
    }
    for (index, event) in events.iter().enumerate() {
        let mut next = world.clone();
        next.receive(index, event, policy, NotificationTypes::BY_DEFAULT);
        every_sequence(events, policy, &next, left - 1, check);
    }
}

#[test]
fn every_permutation_of_six_is_lawful_and_ends_alike() {
    // Six kinds at a time out of thirteen, times alternating: 1,716 sets of 720 permutations.
    let mut sets = 0;
    for mask in 0_u32..1 << KINDS.len() {
        if mask.count_ones() != 6 {
            continue;
        }
        sets += 1;
        let events: Vec<_> = (0..KINDS.len())
            .filter(|kind| mask & (1 << kind) != 0)
            .zip(0..)
            .map(|(kind, id)| {
                let (kind, machine_open) = KINDS[kind];
                event(kind, machine_open, if id % 2 == 0 { LATE } else { EARLY }, id)
            })
            .collect();
        let expected = fold(&events, 0..6, MachineOpens::Count).settled();
        permute(&events, &World::default(), &mut |world| {
            world.assert_lawful();
            assert_eq!(world.settled(), expected, "order changed the message");
        });
    }
    assert_eq!(sets, 1_716);
}

fn permute(events: &[MessageEvent], world: &World, check: &mut impl FnMut(&World)) {
    if world.seen.count_ones() as usize == events.len() {
        return check(world);
    }
    for (index, event) in events.iter().enumerate() {
        if world.seen & (1 << index) == 0 {
            let mut next = world.clone();
            next.receive(index, event, MachineOpens::Count, NotificationTypes::BY_DEFAULT);
            permute(events, &next, check);
        }
    }
}

#[test]
fn asked_for_types_keep_sequences_without_gaps() {
    let all: NotificationTypes = NotificationType::ALL.into_iter().collect();
    let mut world = World::default();
    for (index, event) in alphabet().iter().enumerate() {
        world.receive(index, event, MachineOpens::Count, all);
    }
    world.assert_lawful();
    let told: Vec<_> = world.told.iter().map(|notice| notice.kind.as_str()).collect();
    assert_eq!(
        told,
        [
            "message.processed",
            "message.deferred",
            "message.delivered",
            "message.failed",
            "message.seen",
            "message.clicked",
            "message.complained",
            "message.unsubscribed",
        ]
    );
}

#[test]
fn an_open_before_its_delivered_implies_it_and_the_late_one_is_stale() {
    let mut message = Message::default();
    let open = event(EventKind::Open, false, LATE, 1);
    let told = message.apply(&open, MachineOpens::Count, NotificationTypes::BY_DEFAULT).notices;
    let told: Vec<_> = told.iter().map(|n| (n.kind.as_str(), n.implied, n.status.as_str())).collect();
    assert_eq!(told, [("message.delivered", true, "opened"), ("message.seen", false, "opened")]);
    let delivered = event(EventKind::Delivered, false, EARLY, 2);
    let late = message.apply(&delivered, MachineOpens::Count, NotificationTypes::BY_DEFAULT);
    assert_eq!(late, Applied { outcome: Outcome::Stale, notices: Vec::new() });
    assert_eq!(
        message.facts.delivered_at,
        Some(delivered.at),
        "a stale event's times are folded in all the same"
    );
}

#[test]
fn an_ignored_machine_open_is_counted_and_moves_nothing() {
    let mut message = Message::default();
    let open = event(EventKind::Open, true, EARLY, 1);
    let applied = message.apply(&open, MachineOpens::Ignore, NotificationTypes::BY_DEFAULT);
    assert_eq!(applied.outcome, Outcome::Ignored(IgnoreReason::MachineOpen));
    let counts = Counts { machine_opens: 1, ..Counts::default() };
    let expected = Message { counts, events: 1, ..Message::default() };
    assert_eq!(message, expected);
}
