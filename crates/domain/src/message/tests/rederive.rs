//! Messages worked out again: healthy ones, mended ones, and what either may tell.

use super::*;

#[test]
fn working_healthy_messages_out_again_changes_nothing_and_tells_nobody() {
    let events = alphabet();
    for policy in [MachineOpens::Count, MachineOpens::Ignore] {
        for first in 0..events.len() {
            for second in 0..events.len() {
                for third in 0..events.len() {
                    let mut world = World::default();
                    for index in [first, second, third] {
                        world.receive(index, &events[index], policy, NotificationTypes::BY_DEFAULT);
                    }
                    let seen = (0..events.len()).filter(|index| world.seen & (1 << index) != 0);
                    let mut stored: Vec<_> = seen.map(|index| events[index].clone()).collect();
                    stored.sort_by_key(MessageEvent::order);
                    let again = world.message.rederive(&stored, policy, NotificationTypes::BY_DEFAULT);
                    assert_eq!((&again.message, again.notices.len()), (&world.message, 0), "{stored:?}");
                    assert_eq!(again.outcomes.len(), stored.len());
                }
            }
        }
    }
}

#[test]
fn a_status_that_was_wrong_falls_silently_and_rises_aloud() {
    let (delivered, bounce) =
        (event(EventKind::Delivered, false, EARLY, 1), event(EventKind::Bounce, false, LATE, 2));
    let open = event(EventKind::Open, false, LATE, 3);
    let all: NotificationTypes = NotificationType::ALL.into_iter().collect();
    let mut known = Message::default();
    known.apply(&delivered, MachineOpens::Count, all);
    known.apply(&open, MachineOpens::Count, all);

    let fallen = known.rederive(std::slice::from_ref(&delivered), MachineOpens::Count, all);
    assert_eq!((fallen.message.status, fallen.notices.len()), (Status::Delivered, 0));
    assert_eq!((fallen.message.told, fallen.message.sequence), (known.told, known.sequence));

    let mut known = Message::default();
    known.apply(&delivered, MachineOpens::Count, all);
    let complaint = event(EventKind::SpamReport, false, EARLY, 4);
    let risen = known.rederive(&[delivered, complaint, bounce], MachineOpens::Count, all);
    let told: Vec<_> =
        risen.notices.iter().map(|(_, notice)| (notice.kind, notice.sequence, notice.status)).collect();
    let bounced = Status::Bounced;
    assert_eq!(told, [(NotificationType::Failed, 2, bounced), (NotificationType::Complained, 3, bounced)]);
}

/// A message as it may be known: events folded in some order, while endpoints asked for some of the types.
struct Known {
    message: Message,
    seen: u32,
}

/// Every sequence of up to `longest` of `events`, under every choice of types beyond the default ones.
fn every_known(events: &[MessageEvent], longest: usize) -> Vec<Known> {
    let asked_for: Vec<_> = NotificationType::ALL
        .into_iter()
        .filter(|kind| kind.is_about_a_message() && !NotificationTypes::BY_DEFAULT.contains(*kind))
        .collect();
    let mut known = Vec::new();
    for choice in 0_u32..1 << asked_for.len() {
        let chosen = asked_for.iter().zip(0..).filter(|(_, bit)| choice & (1 << bit) != 0);
        let wanted = chosen.fold(NotificationTypes::BY_DEFAULT, |types, (kind, _)| types.with(*kind));
        grow(events, &World::default(), longest, wanted, &mut known);
    }
    known
}

fn grow(
    events: &[MessageEvent],
    world: &World,
    left: usize,
    wanted: NotificationTypes,
    known: &mut Vec<Known>,
) {
    known.push(Known { message: world.message.clone(), seen: world.seen });
    if left == 0 {
        return;
    }
    for (index, event) in events.iter().enumerate().filter(|(index, _)| world.seen & (1 << index) == 0) {
        let mut next = world.clone();
        next.receive(index, event, MachineOpens::Count, wanted);
        grow(events, &next, left - 1, wanted, known);
    }
}

/// One event of each kind, early and late by turns.
fn one_of_each() -> Vec<MessageEvent> {
    let kinds = KINDS.into_iter().zip(0..);
    kinds
        .map(|((kind, machine_open), id)| {
            event(kind, machine_open, if id % 2 == 0 { LATE } else { EARLY }, id)
        })
        .collect()
}

fn in_order(events: &[MessageEvent], set: u32) -> Vec<MessageEvent> {
    let chosen = events.iter().enumerate().filter(|(index, _)| set & (1 << index) != 0);
    let mut chosen: Vec<_> = chosen.map(|(_, event)| event.clone()).collect();
    chosen.sort_by_key(MessageEvent::order);
    chosen
}

#[test]
fn whatever_was_told_of_it_the_same_events_tell_nothing_more() {
    let events = one_of_each();
    let all: NotificationTypes = NotificationType::ALL.into_iter().collect();
    for known in every_known(&events, 3) {
        let again = known.message.rederive(&in_order(&events, known.seen), MachineOpens::Count, all);
        assert_eq!((again.message, again.notices), (known.message, Vec::new()));
    }
}

#[test]
fn whatever_was_told_of_it_other_events_tell_what_is_new_and_lawful() {
    let events = one_of_each();
    let all: NotificationTypes = NotificationType::ALL.into_iter().collect();
    let sets: Vec<_> = (0_u32..1 << events.len()).filter(|set| set.count_ones() <= 2).collect();
    let stored: Vec<_> = sets
        .iter()
        .map(|set| {
            let world =
                fold(&events, (0..events.len()).filter(|index| set & (1 << index) != 0), MachineOpens::Count);
            (in_order(&events, *set), world.settled())
        })
        .collect();
    for known in every_known(&events, 2) {
        for (stored, settled) in &stored {
            let again = known.message.rederive(stored, MachineOpens::Count, all);
            assert_lawful(&known.message, stored, &again);
            let settled_again = Message { told: NotificationTypes::NONE, sequence: 0, ..again.message };
            assert_eq!(settled_again, *settled, "what was known before changed what the events say");
        }
    }
}

fn assert_lawful(known: &Message, stored: &[MessageEvent], again: &Rederived) {
    let message = &again.message;
    for (cause, notice) in &again.notices {
        let event = &stored[*cause];
        assert_eq!((notice.occurred_at, notice.machine_open), (event.at, event.machine_open), "{notice:?}");
        assert_eq!((notice.status, notice.previous_status), (message.status, known.status), "{notice:?}");
    }
    let notices: Vec<_> = again.notices.iter().map(|(_, notice)| notice).collect();
    let kinds: NotificationTypes = notices.iter().map(|notice| notice.kind).collect();
    assert_eq!(kinds.bits().count_ones() as usize, notices.len(), "a type told twice: {notices:?}");
    assert_eq!(kinds.bits() & known.told.bits(), 0, "a type told again: {notices:?}");
    assert_eq!(message.told, known.told.union(kinds), "told is what was told, and nothing else");
    let sequences = notices.iter().map(|notice| notice.sequence);
    assert!(sequences.eq(known.sequence + 1..=message.sequence), "a gap: {notices:?}");

    let rises = message.status.rank() > known.status.rank();
    let facts = [NotificationType::Complained, NotificationType::Unsubscribed];
    let moves = notices.iter().any(|notice| !facts.contains(&notice.kind));
    assert!(rises || !moves, "told without a rise: {notices:?}");
    if rises && let Some(stands_for) = message.status.told_as() {
        assert!(message.told.contains(stands_for), "a rise to {:?} was told to nobody", message.status);
    }
    let position = |kind| notices.iter().position(|notice| notice.kind == kind);
    if let Some(seen) = position(NotificationType::Seen) {
        let delivered = position(NotificationType::Delivered);
        let before = known.told.contains(NotificationType::Delivered);
        assert!(before || delivered.is_some_and(|delivered| delivered < seen), "{notices:?}");
    }
}
