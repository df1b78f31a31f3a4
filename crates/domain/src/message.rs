//! The fold: one event after another into what is known of a message, and what that makes worth telling.
//!
//! Owns the laws that consumers rely on. For every arrival order: the status is the maximum by
//! [`Precedence`], facts are minima, counts are counts; each notification type is told at most once, sequences have
//! no gaps, `message.seen` is always preceded by `message.delivered`, and the status told never goes back.
//! Relies on the caller for two things: an event is folded once (dedupe by key), and the row is locked meanwhile.

use crate::{
    EventKind, EventOrder, Failure, IgnoreReason, MachineOpens, MessageEvent, Notice, NotificationType,
    NotificationTypes, Origin, Outcome, Precedence, Rank, Status,
};
use jiff::Timestamp;

mod rederive;

#[cfg(test)]
mod tests;

pub use rederive::Rederived;

/// First times of things. Each a minimum, so order-free; `delivered_at` is never implied by an open.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    pub processed_at: Option<Timestamp>,
    pub delivered_at: Option<Timestamp>,
    pub failed_at: Option<Timestamp>,
    pub opened_at: Option<Timestamp>,
    pub clicked_at: Option<Timestamp>,
    pub complained_at: Option<Timestamp>,
    pub unsubscribed_at: Option<Timestamp>,
    /// Time of the latest event of any kind; the one maximum here.
    pub latest_event_at: Option<Timestamp>,
}

/// How often things happened. `opens` and `machine_opens` are disjoint.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub opens: u32,
    pub machine_opens: u32,
    pub clicks: u32,
    pub deferrals: u32,
}

/// A value together with the event it was taken from, which decides whether another event's replaces it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sourced<T> {
    pub order: EventOrder,
    pub value: T,
}

/// Everything known of one message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Message {
    pub status: Status,
    /// The greatest event so far, which gave `status`. Absent while only facts are known.
    pub leading: Option<Precedence>,
    pub facts: Facts,
    pub counts: Counts,
    /// How many events were folded in, ignored opens of machines included: whether the stored ones are still all there.
    pub events: u32,
    /// How many of them were recovered from SendGrid's records. While there are none, nothing that the webhook tells is
    /// looked for among them; see [`crate::origin`].
    pub reconciled: u32,
    /// Of the greatest event of rank 40, with the status that event stands for.
    pub failure: Option<Sourced<(Status, Failure)>>,
    /// Of the earliest event that has any.
    pub custom_args: Option<Sourced<String>>,
    /// Of the earliest event that has any.
    pub categories: Option<Sourced<Vec<String>>>,
    /// What has been told; outlives the events that caused it.
    pub told: NotificationTypes,
    /// Sequence of the last notification told; 0 before the first.
    pub sequence: u32,
}

/// What applying one event did, beside changing the message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Applied {
    pub outcome: Outcome,
    /// In the order they are to be told.
    pub notices: Vec<Notice>,
}

impl Message {
    /// Folds one event in. `wanted` are the types worth creating: those told by default and those asked for.
    pub fn apply(
        &mut self,
        event: &MessageEvent,
        policy: MachineOpens,
        wanted: NotificationTypes,
    ) -> Applied {
        if let Some(reason) = IgnoreReason::of(event.kind, event.machine_open, policy) {
            if reason == IgnoreReason::MachineOpen {
                self.gain(event);
                self.counts.machine_opens += 1;
            }
            return Applied { outcome: Outcome::Ignored(reason), notices: Vec::new() };
        }
        let first_complaint = event.kind == EventKind::SpamReport && self.facts.complained_at.is_none();
        let first_unsubscribe = unsubscribes(event.kind) && self.facts.unsubscribed_at.is_none();
        self.gain(event);
        self.count(event);
        self.note_times(event);
        self.keep_sourced(event);

        // An open after a click is news of its own; only the steps before receipt can be overtaken.
        let stale =
            Rank::of(event.kind).is_some_and(|rank| rank <= Rank::FAILED && rank < self.status.rank());
        let previous = self.status;
        self.lead(event);
        let mut telling = Telling { message: self, event, previous, wanted, notices: Vec::new() };
        telling.moves();
        if first_complaint {
            telling.tell(NotificationType::Complained, false);
        }
        if first_unsubscribe {
            telling.tell(NotificationType::Unsubscribed, false);
        }
        let notices = telling.notices;
        Applied { outcome: if stale { Outcome::Stale } else { Outcome::Applied }, notices }
    }

    fn gain(&mut self, event: &MessageEvent) {
        self.events += 1;
        if event.origin == Origin::Reconcile {
            self.reconciled += 1;
        }
    }

    fn count(&mut self, event: &MessageEvent) {
        match event.kind {
            EventKind::Open if event.machine_open => self.counts.machine_opens += 1,
            EventKind::Open => self.counts.opens += 1,
            EventKind::Click => self.counts.clicks += 1,
            EventKind::Deferred => self.counts.deferrals += 1,
            _ => {}
        }
    }

    fn note_times(&mut self, event: &MessageEvent) {
        let facts = &mut self.facts;
        let first = match event.kind {
            EventKind::Processed => Some(&mut facts.processed_at),
            EventKind::Delivered => Some(&mut facts.delivered_at),
            EventKind::Blocked | EventKind::Dropped | EventKind::Bounce => Some(&mut facts.failed_at),
            EventKind::Open => Some(&mut facts.opened_at),
            EventKind::Click => Some(&mut facts.clicked_at),
            EventKind::SpamReport => Some(&mut facts.complained_at),
            EventKind::Unsubscribe | EventKind::GroupUnsubscribe => Some(&mut facts.unsubscribed_at),
            EventKind::Deferred
            | EventKind::GroupResubscribe
            | EventKind::AccountStatusChange
            | EventKind::Unknown => None,
        };
        if let Some(first) = first {
            *first = Some(first.map_or(event.at, |known| known.min(event.at)));
        }
        facts.latest_event_at = facts.latest_event_at.max(Some(event.at));
    }

    fn keep_sourced(&mut self, event: &MessageEvent) {
        let order = event.order();
        if let Some(args) = &event.custom_args
            && self.custom_args.as_ref().is_none_or(|known| order < known.order)
        {
            self.custom_args = Some(Sourced { order, value: args.clone() });
        }
        if let Some(categories) = &event.categories
            && self.categories.as_ref().is_none_or(|known| order < known.order)
        {
            self.categories = Some(Sourced { order, value: categories.clone() });
        }
        if Rank::of(event.kind) == Some(Rank::FAILED)
            && self.failure.as_ref().is_none_or(|known| order > known.order)
        {
            let status = Status::of(event.kind).unwrap_or_default();
            let failure = event.failure.clone().unwrap_or_default();
            self.failure = Some(Sourced { order, value: (status, failure) });
        }
    }

    fn lead(&mut self, event: &MessageEvent) {
        let (Some(rank), Some(status)) = (Rank::of(event.kind), Status::of(event.kind)) else { return };
        let challenger = Precedence { rank, at: event.at, name: event.kind.name(), key: event.key };
        if self.leading.is_none_or(|leading| challenger > leading) {
            self.leading = Some(challenger);
            self.status = status;
        }
    }
}

const fn unsubscribes(kind: EventKind) -> bool {
    matches!(kind, EventKind::Unsubscribe | EventKind::GroupUnsubscribe)
}

/// Deciding what one event makes worth telling.
struct Telling<'a> {
    message: &'a mut Message,
    event: &'a MessageEvent,
    previous: Status,
    wanted: NotificationTypes,
    notices: Vec<Notice>,
}

impl Telling<'_> {
    /// Only a move *up* notifies: another event of the same rank may change the status's name, never its height.
    fn moves(&mut self) {
        if self.message.status.rank() <= self.previous.rank() {
            return;
        }
        match self.message.status {
            Status::Unknown => {}
            Status::Processed => self.tell(NotificationType::Processed, false),
            Status::Deferred => self.tell(NotificationType::Deferred, false),
            Status::Delivered => self.tell(NotificationType::Delivered, false),
            Status::Blocked | Status::Dropped | Status::Bounced => self.tell(NotificationType::Failed, false),
            Status::Opened => self.seen(),
            Status::Clicked => {
                self.seen();
                self.tell(NotificationType::Clicked, false);
            }
        }
    }

    fn seen(&mut self) {
        self.tell(NotificationType::Delivered, true);
        self.tell(NotificationType::Seen, false);
    }

    fn tell(&mut self, kind: NotificationType, implied: bool) {
        if self.message.told.contains(kind) || !self.wanted.contains(kind) {
            return;
        }
        self.message.told = self.message.told.with(kind);
        self.message.sequence += 1;
        self.notices.push(Notice {
            kind,
            sequence: self.message.sequence,
            status: self.message.status,
            previous_status: self.previous,
            implied,
            machine_open: self.event.machine_open,
            occurred_at: self.event.at,
        });
    }
}
