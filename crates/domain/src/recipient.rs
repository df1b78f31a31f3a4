//! What is known of an address on one source: whether mail to it is likely to arrive, and whether it is wanted.
//!
//! Bounced and complained are sticky and keep their earliest time; unsubscribing is the last writer's by event
//! time, and on a tie the unsubscribe wins (fail on the side of not writing to people). Order-free.

use crate::{EventKind, NotificationType};
use jiff::Timestamp;
use std::collections::BTreeMap;

/// The worst that is known of an address, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    Ok,
    Unsubscribed,
    Bounced,
    Complained,
}

impl Standing {
    pub const ALL: [Self; 4] = [Self::Ok, Self::Unsubscribed, Self::Bounced, Self::Complained];

    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|standing| standing.as_str() == text)
    }

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

/// What a fact changed: the standing of the address, or its word on one group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StandingChange {
    /// `None`: the address itself.
    pub group: Option<Group>,
    pub standing: Standing,
    pub previous: Standing,
}

impl StandingChange {
    /// What it is told as.
    #[must_use]
    pub fn told_as(self) -> NotificationType {
        if self.standing > self.previous {
            NotificationType::RecipientSuppressed
        } else {
            NotificationType::RecipientResubscribed
        }
    }
}

impl Recipient {
    /// Folds one fact in. Returns the change if there is one: what only confirms, or is older than what is known,
    /// changes nothing.
    pub fn apply(&mut self, fact: &RecipientFact) -> Option<StandingChange> {
        let mark = || Mark { at: fact.at, reason: fact.reason.clone() };
        let (previous, ..) = self.standing();
        match fact.kind {
            EventKind::Bounce => keep_earliest(&mut self.bounced, mark()),
            EventKind::SpamReport => keep_earliest(&mut self.complained, mark()),
            EventKind::Unsubscribe => {
                let word = Subscription { at: fact.at, unsubscribed: true };
                self.unsubscribed = self.unsubscribed.max(Some(word));
            }
            EventKind::GroupUnsubscribe | EventKind::GroupResubscribe => {
                // Without its group the event says nothing that could be kept.
                return fact.group.and_then(|group| self.apply_to_group(fact, group));
            }
            _ => {}
        }
        let (standing, ..) = self.standing();
        (standing != previous).then_some(StandingChange { group: None, standing, previous })
    }

    fn apply_to_group(&mut self, fact: &RecipientFact, group: Group) -> Option<StandingChange> {
        let word = Subscription { at: fact.at, unsubscribed: fact.kind == EventKind::GroupUnsubscribe };
        let known = self.groups.get(&group).copied();
        let last = known.map_or(word, |known| known.max(word));
        self.groups.insert(group, last);
        // A first word that says "subscribed again" takes back an unsubscribe that was never seen here.
        let before = known.map_or(!last.unsubscribed, |known| known.unsubscribed);
        let standing = |unsubscribed| if unsubscribed { Standing::Unsubscribed } else { Standing::Ok };
        (last.unsubscribed != before).then_some(StandingChange {
            group: Some(group),
            standing: standing(last.unsubscribed),
            previous: standing(before),
        })
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
mod tests;
