//! What is known of an address on one source: whether mail to it is likely to arrive, and whether it is wanted.
//!
//! Bounced and complained are sticky and keep their earliest time; unsubscribing is the last writer's by event
//! time, and on a tie the unsubscribe wins (fail on the side of not writing to people). Order-free.

use crate::EventKind;
use jiff::Timestamp;
use std::collections::BTreeMap;

/// The worst that is known of an address, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    Ok,
    Unsubscribed,
    Bounced,
    Complained,
}

impl Standing {
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Unsubscribed => "unsubscribed",
            Self::Bounced => "bounced",
            Self::Complained => "complained",
        }
    }
}

/// Earliest time of a sticky fact, with the reason that event gave.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mark {
    pub at: Timestamp,
    pub reason: Option<String>,
}

/// Last word on a subscription. The field order is the rule: later wins, then "unsubscribed" wins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Subscription {
    pub at: Timestamp,
    pub unsubscribed: bool,
}

/// Number of an unsubscribe group (`asm_group_id`).
pub type Group = i64;

/// One event's word about an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecipientFact {
    pub kind: EventKind,
    pub at: Timestamp,
    pub reason: Option<String>,
    pub group: Option<Group>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recipient {
    pub bounced: Option<Mark>,
    pub complained: Option<Mark>,
    pub unsubscribed: Option<Subscription>,
    pub groups: BTreeMap<Group, Subscription>,
}

impl RecipientFact {
    /// Whether an event of this kind says anything lasting about its address. `Blocked` and `Dropped` do not.
    #[must_use]
    pub const fn concerns(kind: EventKind) -> bool {
        matches!(
            kind,
            EventKind::Bounce
                | EventKind::SpamReport
                | EventKind::Unsubscribe
                | EventKind::GroupUnsubscribe
                | EventKind::GroupResubscribe
        )
    }
}

impl Recipient {
    pub fn apply(&mut self, fact: &RecipientFact) {
        let mark = || Mark { at: fact.at, reason: fact.reason.clone() };
        match fact.kind {
            EventKind::Bounce => keep_earliest(&mut self.bounced, mark()),
            EventKind::SpamReport => keep_earliest(&mut self.complained, mark()),
            EventKind::Unsubscribe => {
                let word = Subscription { at: fact.at, unsubscribed: true };
                self.unsubscribed = self.unsubscribed.max(Some(word));
            }
            EventKind::GroupUnsubscribe | EventKind::GroupResubscribe => {
                // Without its group the event says nothing that could be kept.
                if let Some(group) = fact.group {
                    let unsubscribed = fact.kind == EventKind::GroupUnsubscribe;
                    let word = Subscription { at: fact.at, unsubscribed };
                    self.groups.entry(group).and_modify(|known| *known = word.max(*known)).or_insert(word);
                }
            }
            _ => {}
        }
    }

    /// The standing, since when, and the reason of the event that gave it.
    #[must_use]
    pub fn standing(&self) -> (Standing, Option<Timestamp>, Option<&str>) {
        if let Some(mark) = &self.complained {
            return (Standing::Complained, Some(mark.at), mark.reason.as_deref());
        }
        if let Some(mark) = &self.bounced {
            return (Standing::Bounced, Some(mark.at), mark.reason.as_deref());
        }
        match self.unsubscribed {
            Some(word) if word.unsubscribed => (Standing::Unsubscribed, Some(word.at), None),
            _ => (Standing::Ok, None, None),
        }
    }
}

fn keep_earliest(known: &mut Option<Mark>, mark: Mark) {
    match known {
        Some(earliest) if *earliest <= mark => {}
        _ => *known = Some(mark),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_700_000_000 + second).unwrap()
    }

    fn fact(kind: EventKind, second: i64, group: Option<Group>) -> RecipientFact {
        RecipientFact { kind, at: at(second), reason: None, group }
    }

    fn fold(facts: &[RecipientFact]) -> Recipient {
        let mut recipient = Recipient::default();
        facts.iter().for_each(|fact| recipient.apply(fact));
        recipient
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
        let word = fold(&[
            fact(EventKind::GroupUnsubscribe, 5, Some(9)),
            fact(EventKind::GroupResubscribe, 5, Some(9)),
        ]);
        assert!(word.groups[&9].unsubscribed);
        let later = fold(&[
            fact(EventKind::GroupResubscribe, 6, Some(9)),
            fact(EventKind::GroupUnsubscribe, 5, Some(9)),
        ]);
        assert!(!later.groups[&9].unsubscribed);
    }
}
