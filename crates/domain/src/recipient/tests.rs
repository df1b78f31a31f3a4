//! What each fact does to a standing, then the laws of it by enumeration of small worlds.

use super::*;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_700_000_000 + second).unwrap()
}

fn fact(kind: EventKind, second: i64, group: Option<Group>) -> RecipientFact {
    RecipientFact { kind, at: at(second), reason: None, group }
}

fn fold(facts: &[RecipientFact]) -> Recipient {
    let mut recipient = Recipient::default();
    for fact in facts {
        recipient.apply(fact);
    }
    recipient
}

fn changes(facts: &[RecipientFact]) -> Vec<Option<StandingChange>> {
    let mut recipient = Recipient::default();
    facts.iter().map(|fact| recipient.apply(fact)).collect()
}

#[test]
fn every_pair_of_facts_commutes_and_repeats_harmlessly() {
    let mut facts = Vec::new();
    for kind in EventKind::ALL {
        for second in [0, 1] {
            facts.extend([None, Some(1), Some(2)].map(|group| fact(kind, second, group)));
        }
    }
    for a in &facts {
        for b in &facts {
            let once = fold(&[a.clone(), b.clone()]);
            assert_eq!(once, fold(&[b.clone(), a.clone()]), "{a:?} {b:?}");
            assert_eq!(once, fold(&[a.clone(), b.clone(), a.clone()]), "{a:?} {b:?}");
        }
    }
}

#[test]
fn blocked_and_dropped_leave_the_address_alone() {
    let recipient = fold(&[fact(EventKind::Blocked, 0, None), fact(EventKind::Dropped, 1, None)]);
    assert_eq!(recipient.standing(), (Standing::Ok, None, None));
}

#[test]
fn a_complaint_outweighs_a_bounce_and_a_bounce_an_unsubscribe() {
    let facts = [EventKind::Unsubscribe, EventKind::Bounce, EventKind::SpamReport];
    let facts = facts.map(|kind| fact(kind, 0, None));
    let standings = (1..=3).map(|n| fold(&facts[..n]).standing().0).collect::<Vec<_>>();
    assert_eq!(standings, [Standing::Unsubscribed, Standing::Bounced, Standing::Complained]);
}

#[test]
fn unsubscribing_wins_a_tie_within_its_group() {
    let word =
        fold(&[fact(EventKind::GroupUnsubscribe, 5, Some(9)), fact(EventKind::GroupResubscribe, 5, Some(9))]);
    assert!(word.groups[&9].unsubscribed);
    let later =
        fold(&[fact(EventKind::GroupResubscribe, 6, Some(9)), fact(EventKind::GroupUnsubscribe, 5, Some(9))]);
    assert!(!later.groups[&9].unsubscribed);
}

#[test]
fn what_changes_the_standing_is_said_and_what_confirms_it_is_not() {
    let facts = [
        fact(EventKind::Blocked, 0, None),
        fact(EventKind::Unsubscribe, 1, None),
        fact(EventKind::Bounce, 2, None),
        fact(EventKind::Bounce, 1, None),
        fact(EventKind::SpamReport, 3, None),
        fact(EventKind::Unsubscribe, 4, None),
    ];
    let change = |previous, standing| Some(StandingChange { group: None, standing, previous });
    let expected = [
        None,
        change(Standing::Ok, Standing::Unsubscribed),
        change(Standing::Unsubscribed, Standing::Bounced),
        None,
        change(Standing::Bounced, Standing::Complained),
        None,
    ];
    assert_eq!(changes(&facts), expected);
    assert!(expected.iter().flatten().all(|c| c.told_as() == NotificationType::RecipientSuppressed));
}

#[test]
fn each_group_changes_by_itself_and_an_older_word_changes_nothing() {
    let facts = [
        fact(EventKind::GroupUnsubscribe, 5, Some(9)),
        fact(EventKind::GroupUnsubscribe, 6, Some(9)),
        fact(EventKind::GroupResubscribe, 5, Some(9)),
        fact(EventKind::GroupResubscribe, 7, Some(9)),
        fact(EventKind::GroupResubscribe, 1, Some(4)),
    ];
    let told: Vec<_> =
        changes(&facts).into_iter().map(|change| change.map(|c| (c.group, c.told_as()))).collect();
    let suppressed = NotificationType::RecipientSuppressed;
    let resubscribed = NotificationType::RecipientResubscribed;
    let expected = [
        Some((Some(9), suppressed)),
        None,
        None,
        Some((Some(9), resubscribed)),
        Some((Some(4), resubscribed)),
    ];
    assert_eq!(told, expected);
}

/// Facts of every kind that counts, at two times, about the address and two groups; and some that say nothing. Each
/// has a reason of its own.
fn alphabet() -> Vec<RecipientFact> {
    let mut facts = vec![fact(EventKind::Blocked, 0, None), fact(EventKind::GroupUnsubscribe, 0, None)];
    for second in [0, 1] {
        facts.extend(
            [EventKind::Bounce, EventKind::SpamReport, EventKind::Unsubscribe]
                .map(|kind| fact(kind, second, None)),
        );
        for group in [1, 2] {
            facts.extend(
                [EventKind::GroupUnsubscribe, EventKind::GroupResubscribe]
                    .map(|kind| fact(kind, second, Some(group))),
            );
        }
    }
    for (fact, number) in facts.iter_mut().zip(0..) {
        fact.reason = Some(format!("reason {number}"));
    }
    facts
}

/// A recipient, the facts it has taken in, and what each of them was told as.
#[derive(Clone, Default)]
struct World {
    recipient: Recipient,
    seen: Vec<RecipientFact>,
    told: Vec<StandingChange>,
}

impl World {
    fn receive(&mut self, fact: &RecipientFact) {
        self.told.extend(self.recipient.apply(fact));
        self.seen.push(fact.clone());
    }

    /// What a consumer knows that keeps the last word on the address (`None`) or on a group.
    fn last_told(&self, group: Option<Group>) -> Option<Standing> {
        self.told.iter().rev().find(|change| change.group == group).map(|change| change.standing)
    }

    fn assert_lawful(&self) {
        let (standing, ..) = self.recipient.standing();
        assert_eq!(self.last_told(None).unwrap_or(Standing::Ok), standing, "{:?}", self.told);
        let mut known = Standing::Ok;
        for change in self.told.iter().filter(|change| change.group.is_none()) {
            assert_eq!(change.previous, known, "a step was not told: {:?}", self.told);
            assert!(change.standing > known, "an address recovered by itself: {:?}", self.told);
            known = change.standing;
        }
        for (group, word) in &self.recipient.groups {
            let expected = if word.unsubscribed { Standing::Unsubscribed } else { Standing::Ok };
            assert_eq!(self.last_told(Some(*group)), Some(expected), "{:?}", self.told);
            let told: Vec<_> = self.told.iter().filter(|change| change.group == Some(*group)).collect();
            let chained = told.windows(2).all(|pair| pair[0].standing == pair[1].previous);
            assert!(chained && told.iter().all(|change| change.standing != change.previous), "{told:?}");
        }
        for change in &self.told {
            let expected = match change.standing {
                Standing::Ok => NotificationType::RecipientResubscribed,
                _ => NotificationType::RecipientSuppressed,
            };
            assert_eq!(change.told_as(), expected, "{change:?}");
        }
        for fact in &self.seen {
            assert_eq!(self.recipient.clone().apply(fact), None, "told twice of {fact:?}");
        }
    }
}

/// What the rules say of a *set* of facts, computed without the fold.
fn reference(seen: &[RecipientFact]) -> (Standing, Option<Timestamp>, Option<&str>) {
    let earliest = |kind| {
        let of_kind = seen.iter().filter(|fact| fact.kind == kind);
        of_kind.map(|fact| (fact.at, fact.reason.as_deref())).min()
    };
    if let Some((at, reason)) = earliest(EventKind::SpamReport) {
        return (Standing::Complained, Some(at), reason);
    }
    if let Some((at, reason)) = earliest(EventKind::Bounce) {
        return (Standing::Bounced, Some(at), reason);
    }
    let unsubscribes = seen.iter().filter(|fact| fact.kind == EventKind::Unsubscribe);
    match unsubscribes.map(|fact| fact.at).max() {
        Some(at) => (Standing::Unsubscribed, Some(at), None),
        None => (Standing::Ok, None, None),
    }
}

#[test]
fn every_order_of_up_to_five_facts_ends_alike_and_is_told_lawfully() {
    let facts = alphabet();
    let mut ends = std::collections::HashMap::new();
    every_order(&facts, &World::default(), 0, 5, &mut |world, seen| {
        world.assert_lawful();
        assert_eq!(world.recipient.standing(), reference(&world.seen));
        let end = ends.entry(seen).or_insert_with(|| world.recipient.clone());
        assert_eq!(*end, world.recipient, "order changed the recipient");
    });
    // Every set of up to five of the sixteen facts.
    assert_eq!(ends.len(), 1 + 16 + 120 + 560 + 1_820 + 4_368);
}

fn every_order(
    facts: &[RecipientFact],
    world: &World,
    seen: u32,
    left: usize,
    check: &mut impl FnMut(&World, u32),
) {
    check(world, seen);
    if left == 0 {
        return;
    }
    for (index, fact) in facts.iter().enumerate().filter(|(index, _)| seen & (1 << index) == 0) {
        let mut next = world.clone();
        next.receive(fact);
        every_order(facts, &next, seen | 1 << index, left - 1, check);
    }
}

#[test]
fn arrival_order_changes_which_steps_are_told_but_never_the_last_word() {
    let facts = [fact(EventKind::Unsubscribe, 0, None), fact(EventKind::Bounce, 1, None)];
    let mut told = Vec::new();
    for order in [[0, 1], [1, 0]] {
        let mut world = World::default();
        order.into_iter().for_each(|index| world.receive(&facts[index]));
        told.push(world.told.iter().map(|change| change.standing).collect::<Vec<_>>());
    }
    assert_eq!(told, [vec![Standing::Unsubscribed, Standing::Bounced], vec![Standing::Bounced]]);
}
