//! Whatever the rules of messages and recipients can decide to tell, rendered and held against the schema.

use crate::contract::Contract;
use crate::examples;
use domain::{
    EventKey, EventKind, Failure, MachineOpens, Message, MessageEvent, Notice, NotificationType,
    NotificationTypes, Origin, Rank, Recipient, RecipientFact,
};
use jiff::Timestamp;
use std::collections::{BTreeSet, HashSet};
use wire::notification::{Body, Standing, render};

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_700_000_000 + second).unwrap()
}

/// One event of each kind, a machine's open beside a person's; early and late by turns, so that ranks and times disagree.
fn events() -> Vec<MessageEvent> {
    let kinds = EventKind::ALL.into_iter().map(|kind| (kind, false)).chain([(EventKind::Open, true)]);
    let event = |((kind, machine_open), number): ((EventKind, bool), u8)| MessageEvent {
        kind,
        at: at(i64::from(number % 2)),
        key: EventKey([number; 16]),
        origin: Origin::Webhook,
        machine_open,
        failure: (Rank::of(kind) == Some(Rank::FAILED)).then(Failure::default),
        custom_args: None,
        categories: None,
    };
    kinds.zip(0..).map(event).collect()
}

/// Every body that was decided on, each once.
struct Told {
    contract: Contract,
    bodies: HashSet<Vec<u8>>,
}

impl Told {
    fn nothing_yet() -> Self {
        Self { contract: Contract::closed(), bodies: HashSet::new() }
    }

    fn hold(&mut self, body: &Body<'_>) {
        let bytes = render(body);
        if !self.bodies.contains(&bytes) {
            let sent = serde_json::from_slice(&bytes).unwrap();
            self.contract.check(&sent).unwrap_or_else(|error| panic!("{sent:#}\n{error}"));
            self.bodies.insert(bytes);
        }
    }

    fn hold_notice(&mut self, message: &Message, notice: &Notice) {
        let like = examples::all().into_iter().find(|body| body.kind == notice.kind).unwrap();
        let failure = message.failure.as_ref().filter(|_| notice.kind == NotificationType::Failed);
        let failure = failure.map(|failure| (failure.value.0, &failure.value.1));
        assert!(
            failure.is_none_or(|(kind, _)| kind == notice.status),
            "failed as {failure:?}, told {notice:?}"
        );
        self.hold(&Body {
            status: Some(notice.status),
            previous_status: Some(notice.previous_status),
            sequence: Some(notice.sequence),
            implied: notice.implied,
            machine_open: notice.machine_open,
            failure,
            ..like
        });
    }

    fn kinds(&self) -> BTreeSet<String> {
        let types = self.bodies.iter().map(|body| serde_json::from_slice::<serde_json::Value>(body).unwrap());
        types.map(|body| body["type"].as_str().unwrap().to_owned()).collect()
    }
}

/// Folds every order of up to `left` more of the events, and gives each message on the way to `visit`.
fn every_order(
    message: &Message,
    folded: &mut Vec<usize>,
    left: usize,
    policy: MachineOpens,
    told: &mut Told,
    visit: &mut impl FnMut(&Message, &mut Told),
) {
    visit(message, told);
    for (index, event) in events().iter().enumerate().filter(|_| left > 0) {
        if folded.contains(&index) {
            continue;
        }
        let mut next = message.clone();
        for notice in next.apply(event, policy, all()).notices {
            told.hold_notice(&next, &notice);
        }
        folded.push(index);
        every_order(&next, folded, left - 1, policy, told, visit);
        folded.pop();
    }
}

fn all() -> NotificationTypes {
    NotificationType::ALL.into_iter().collect()
}

#[test]
fn every_order_of_up_to_four_events_tells_what_the_schema_says() {
    let mut told = Told::nothing_yet();
    for policy in [MachineOpens::Count, MachineOpens::Ignore] {
        every_order(&Message::default(), &mut Vec::new(), 4, policy, &mut told, &mut |_, _| {});
    }
    let of_messages = NotificationType::ALL.into_iter().filter(|kind| kind.is_about_a_message());
    assert_eq!(told.kinds(), of_messages.map(|kind| kind.as_str().to_owned()).collect());
}

#[test]
fn messages_worked_out_again_tell_what_the_schema_says_then_and_later() {
    let mut told = Told::nothing_yet();
    let events = events();
    let policy = MachineOpens::Count;
    every_order(&Message::default(), &mut Vec::new(), 2, policy, &mut told, &mut |known, told| {
        for first in 0..events.len() {
            for second in first..events.len() {
                let mut stored = vec![events[first].clone()];
                stored.extend((second != first).then(|| events[second].clone()));
                stored.sort_by_key(MessageEvent::order);
                let again = known.rederive(&stored, policy, all());
                for (_, notice) in &again.notices {
                    told.hold_notice(&again.message, notice);
                }
                for event in &events {
                    let mut later = again.message.clone();
                    for notice in later.apply(event, policy, all()).notices {
                        told.hold_notice(&later, &notice);
                    }
                }
            }
        }
    });
}

#[test]
fn every_change_of_a_standing_is_told_as_the_schema_says() {
    let mut told = Told::nothing_yet();
    let mut facts = Vec::new();
    for kind in EventKind::ALL {
        for (second, group) in [(0, None), (0, Some(7)), (1, Some(7)), (0, Some(i64::MIN))] {
            facts.push(RecipientFact { kind, at: at(second), reason: None, group });
        }
    }
    for first in &facts {
        for second in &facts {
            let mut recipient = Recipient::default();
            for change in [first, second].into_iter().filter_map(|fact| recipient.apply(fact)) {
                let like = examples::all().into_iter().find(|body| body.kind == change.told_as()).unwrap();
                told.hold(&Body { standing: Some(Standing { change, reason: Some("said so") }), ..like });
            }
        }
    }
    assert_eq!(told.kinds().len(), 2);
}
