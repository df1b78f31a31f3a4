//! The rule by examples, then its law by enumeration: whatever is lost, whatever is recovered, and in which order and
//! company it comes, a message ends as if nothing had been lost.

use super::*;
use crate::{
    Counts, EventKey, EventKind, Facts, MachineOpens, Message, MessageEvent, NotificationTypes, Status,
};

const START: i64 = 1_700_000_000;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(START + second).unwrap()
}

fn sighting(origin: Origin, batch: u128, name: &'static str, second: i64) -> Sighting<'static> {
    Sighting { name, at: at(second), origin, batch }
}

#[test]
fn one_event_is_one_within_a_second_in_both_directions() {
    let told = |second| sighting(Origin::Webhook, 1, "open", second);
    let recovered = |second| sighting(Origin::Reconcile, 2, "open", second);
    for (second, one) in [(-2, false), (-1, true), (0, true), (1, true), (2, false)] {
        assert_eq!(recovered(second).repeats(&told(0)), one, "{second}");
        assert_eq!(told(second).repeats(&recovered(0)), one, "{second}");
    }
}

#[test]
fn two_words_of_the_webhook_are_compared_by_their_keys_alone() {
    assert!(!sighting(Origin::Webhook, 1, "open", 0).repeats(&sighting(Origin::Webhook, 2, "open", 0)));
}

#[test]
fn other_names_and_what_one_list_of_records_tells_apart_are_not_one() {
    let recovered = sighting(Origin::Reconcile, 2, "open", 0);
    assert!(!recovered.repeats(&sighting(Origin::Webhook, 1, "click", 0)));
    assert!(!recovered.repeats(&sighting(Origin::Reconcile, 2, "open", 1)), "of one batch");
    assert!(recovered.repeats(&sighting(Origin::Reconcile, 3, "open", 1)), "of two");
}

#[test]
fn of_what_comes_together_the_webhooks_own_word_stays() {
    let together = [
        sighting(Origin::Reconcile, 9, "open", 0),
        sighting(Origin::Reconcile, 9, "open", 40),
        sighting(Origin::Webhook, 10, "open", 1),
        sighting(Origin::Webhook, 10, "open", 80),
        sighting(Origin::Reconcile, 8, "open", 80),
        sighting(Origin::Reconcile, 8, "open", 41),
    ];
    assert_eq!(repeats(&together, |_| false), [true, true, false, false, true, false]);
    // What is known itself hides nothing: it is not stored.
    assert_eq!(repeats(&together, |position| position == 2), [false, true, true, false, true, false]);
}

/// A message, and what is stored of its events.
#[derive(Clone, Default)]
struct World {
    message: Message,
    keys: Vec<EventKey>,
    stored: Vec<Sighting<'static>>,
}

/// One batch: its number, where it came from, what it says.
type Batch = (u128, Origin, Vec<(EventKind, i64)>);

impl World {
    /// What a worker does with batches that it takes together.
    fn receive(&mut self, window: &[&Batch]) {
        let mut events = Vec::new();
        for (batch, origin, said) in window {
            for (place, (kind, second)) in said.iter().enumerate() {
                let key = key(*kind, *second, *origin, *batch, place);
                if !self.keys.contains(&key) {
                    self.keys.push(key);
                    events.push((
                        event(*kind, *second, key, *origin),
                        sighting(*origin, *batch, kind.name(), *second),
                    ));
                }
            }
        }
        let together: Vec<_> = events.iter().map(|(_, sighting)| *sighting).collect();
        let stored = self.stored.clone();
        let known = |position: usize| stored.iter().any(|known| together[position].repeats(known));
        let repeats = repeats(&together, known);
        let mut new: Vec<_> = events.into_iter().zip(repeats).collect();
        new.sort_by_key(|((event, _), _)| event.order());
        for ((event, sighting), repeats) in new {
            if repeats {
                // It is taken back, so its key is free again.
                self.keys.retain(|key| *key != event.key);
            } else {
                self.message.apply(&event, MachineOpens::Count, NotificationTypes::BY_DEFAULT);
                self.stored.push(sighting);
            }
        }
    }

    fn outcome(&self) -> (Status, Counts, NotificationTypes, u32) {
        let message = &self.message;
        (message.status, message.counts, message.told, message.events)
    }
}

fn event(kind: EventKind, second: i64, key: EventKey, origin: Origin) -> MessageEvent {
    MessageEvent {
        kind,
        at: at(second),
        key,
        origin,
        machine_open: false,
        failure: None,
        custom_args: None,
        categories: None,
    }
}

/// Of the webhook by its id, which is its batch's here: each tells one. Recovered by what it says and where it stands.
fn key(kind: EventKind, second: i64, origin: Origin, batch: u128, place: usize) -> EventKey {
    let its_own = match origin {
        Origin::Webhook => u8::try_from(batch),
        Origin::Reconcile => u8::try_from(place),
    };
    let mut key = [kind as u8; 16];
    key[0] = origin as u8;
    key[1..9].copy_from_slice(&second.to_be_bytes());
    key[9] = its_own.unwrap();
    EventKey(key)
}

/// Every order of `0..count`.
fn orders(count: usize) -> Vec<Vec<usize>> {
    if count == 0 {
        return vec![Vec::new()];
    }
    let mut all = Vec::new();
    for order in orders(count - 1) {
        for place in 0..count {
            let mut order = order.clone();
            order.insert(place, count - 1);
            all.push(order);
        }
    }
    all
}

/// Every way to take `arrivals` in windows, as batches are gathered.
fn windows<'b>(arrivals: &[&'b Batch]) -> Vec<Vec<Vec<&'b Batch>>> {
    let cuts = arrivals.len().saturating_sub(1);
    (0..1_u32 << cuts)
        .map(|mask| {
            let mut windows = vec![vec![arrivals[0]]];
            for (position, batch) in arrivals.iter().enumerate().skip(1) {
                if mask & (1 << (position - 1)) == 0 {
                    windows.push(Vec::new());
                }
                windows.last_mut().unwrap().push(*batch);
            }
            windows
        })
        .collect()
}

fn times(facts: &Facts) -> [Option<Timestamp>; 6] {
    let Facts { processed_at, delivered_at, failed_at, opened_at, clicked_at, latest_event_at, .. } = *facts;
    [processed_at, delivered_at, failed_at, opened_at, clicked_at, latest_event_at]
}

/// Whether the same facts are known of both, at times that differ by `within` at most.
fn agree(one: &Facts, other: &Facts, within: SignedDuration) -> bool {
    times(one).into_iter().zip(times(other)).all(|pair| match pair {
        (Some(one), Some(other)) => one.duration_since(other).abs() <= within,
        (one, other) => one == other,
    })
}

/// Lives of one message in which no two events of a name are near each other, and one with two opens that look alike.
fn lives() -> [Vec<(EventKind, i64)>; 4] {
    use EventKind::{Blocked, Bounce, Click, Deferred, Delivered, Open, Processed};
    [
        vec![(Processed, 0), (Delivered, 0), (Open, 1), (Open, 9)],
        vec![(Processed, 0), (Deferred, 5), (Deferred, 50), (Blocked, 90)],
        vec![(Delivered, 4), (Bounce, 5), (Open, 5), (Click, 6)],
        vec![(Processed, 0), (Open, 5), (Delivered, 0), (Open, 5)],
    ]
}

/// Whether one of two that look alike is lost alone. Then the price is paid that the module names: it may be taken for the
/// other.
fn parts_a_pair(life: &[(EventKind, i64)], lost: u32) -> bool {
    let is_lost = |position: usize| lost & (1 << position) != 0;
    let alike = |one: usize| (0..one).filter(move |other| life[*other] == life[one]);
    (0..life.len()).any(|one| alike(one).any(|other| is_lost(one) != is_lost(other)))
}

#[test]
fn a_message_ends_the_same_whatever_is_lost_recovered_late_repeated_and_in_any_order_and_company() {
    for life in lives() {
        for offset in [-1, 0, 1] {
            let told: Vec<Batch> =
                life.iter().zip(10..).map(|(said, batch)| (batch, Origin::Webhook, vec![*said])).collect();
            let records: Vec<_> = life.iter().map(|(kind, second)| (*kind, second + offset)).collect();
            // Two runs over the same records, which need not list them in the same places.
            let recovered = [(1, records.clone()), (20, records.into_iter().rev().collect())]
                .map(|(batch, records)| (batch, Origin::Reconcile, records));
            let mut whole = World::default();
            told.iter().for_each(|batch| whole.receive(&[batch]));
            assert_eq!(whole.message.events as usize, life.len(), "each is an event of its own");
            for lost in (0..1_u32 << told.len()).filter(|lost| !parts_a_pair(&life, *lost)) {
                let arrivals: Vec<&Batch> = told
                    .iter()
                    .enumerate()
                    .filter(|(position, _)| lost & (1 << position) == 0)
                    .map(|(_, batch)| batch)
                    .chain(&recovered)
                    .collect();
                for order in orders(arrivals.len()) {
                    let arrivals: Vec<&Batch> = order.iter().map(|position| arrivals[*position]).collect();
                    for windows in windows(&arrivals) {
                        hold(&whole, &windows, SignedDuration::from_secs(offset.abs()));
                    }
                }
            }
        }
    }
}

fn hold(whole: &World, windows: &[Vec<&Batch>], within: SignedDuration) {
    let mut world = World::default();
    for window in windows {
        world.receive(window);
    }
    let once = world.clone();
    // Everything again: SendGrid repeats, and so may whoever reconciles.
    windows.iter().for_each(|window| world.receive(window));
    assert_eq!(world.message, once.message, "a repeat changed something: {windows:?}");
    let (status, counts, told, events) = world.outcome();
    let expected = whole.outcome();
    assert_eq!((status, counts, events), (expected.0, expected.1, expected.3), "{windows:?}");
    // Which overtaken steps were told may depend on the order, as without anything lost.
    assert_eq!(told.bits() & !expected.2.bits(), 0, "told what nobody would have been told: {windows:?}");
    assert!(agree(&world.message.facts, &whole.message.facts, within), "{windows:?}");
    let synthetic = world.stored.iter().filter(|one| one.origin == Origin::Reconcile).count();
    assert_eq!(world.message.reconciled as usize, synthetic, "what the row says is there to look for");
}
