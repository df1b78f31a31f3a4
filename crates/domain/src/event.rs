//! One event as the hierarchy sees it: its kind, its time, its key, and what it says about a failure.
//! Which JSON becomes which kind is decided in `wire::sendgrid`.

use crate::{CorrelatedBy, EventKey, Origin, Rank};
use jiff::Timestamp;

/// What happened, after normalisation of SendGrid's names.
///
/// `Blocked` is what SendGrid sends as `bounce` with `type: "blocked"`: not delivered this time, address not bad.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EventKind {
    Processed,
    Deferred,
    Delivered,
    Blocked,
    Dropped,
    Bounce,
    Open,
    Click,
    SpamReport,
    Unsubscribe,
    GroupUnsubscribe,
    GroupResubscribe,
    AccountStatusChange,
    /// A name that SendGrid's documentation does not have. Stored and counted, concludes nothing.
    Unknown,
}

impl EventKind {
    /// Every kind, in the order of the documentation's tables.
    pub const ALL: [Self; 14] = [
        Self::Processed,
        Self::Deferred,
        Self::Delivered,
        Self::Blocked,
        Self::Dropped,
        Self::Bounce,
        Self::Open,
        Self::Click,
        Self::SpamReport,
        Self::Unsubscribe,
        Self::GroupUnsubscribe,
        Self::GroupResubscribe,
        Self::AccountStatusChange,
        Self::Unknown,
    ];

    /// SendGrid's name for it. `Blocked` and `Bounce` share one; an unknown event's own name is kept beside it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Processed => "processed",
            Self::Deferred => "deferred",
            Self::Delivered => "delivered",
            Self::Blocked | Self::Bounce => "bounce",
            Self::Dropped => "dropped",
            Self::Open => "open",
            Self::Click => "click",
            Self::SpamReport => "spamreport",
            Self::Unsubscribe => "unsubscribe",
            Self::GroupUnsubscribe => "group_unsubscribe",
            Self::GroupResubscribe => "group_resubscribe",
            Self::AccountStatusChange => "account_status_change",
            Self::Unknown => "unknown",
        }
    }
}

/// Position of an event among the events of one transaction: by time, then rank, then name, then key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventOrder {
    pub at: Timestamp,
    pub rank: Option<Rank>,
    pub name: &'static str,
    pub key: EventKey,
}

/// What a source wants done with opens that SendGrid marks as a machine's (`sg_machine_open`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MachineOpens {
    /// An open like any other, marked `machine_open` where it is told.
    #[default]
    Count,
    /// Stored and counted; moves no status and tells nobody.
    Ignore,
}

impl MachineOpens {
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Count => "count",
            Self::Ignore => "ignore",
        }
    }

    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "count" => Some(Self::Count),
            "ignore" => Some(Self::Ignore),
            _ => None,
        }
    }
}

/// Why an event was stored without any conclusion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IgnoreReason {
    UnknownEvent,
    MachineOpen,
}

impl IgnoreReason {
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::UnknownEvent => "unknown_event",
            Self::MachineOpen => "machine_open",
        }
    }

    /// Whether an event of this kind is ignored under the source's policy, known before anything is looked up.
    #[must_use]
    pub fn of(kind: EventKind, machine_open: bool, policy: MachineOpens) -> Option<Self> {
        match (kind, policy) {
            (EventKind::Unknown, _) => Some(Self::UnknownEvent),
            (EventKind::Open, MachineOpens::Ignore) if machine_open => Some(Self::MachineOpen),
            _ => None,
        }
    }
}

/// How a new (not duplicate, not quarantined) event ended in the ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Applied,
    /// Its rank is below the message's status when it is applied: folded in, told to nobody.
    Stale,
    Ignored(IgnoreReason),
}

/// Why a message was not delivered, from an event of rank 40.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Failure {
    /// Remote-controlled free text, or SendGrid's own reason on `dropped`.
    pub reason: Option<String>,
    /// Enhanced status code or bare SMTP code, as sent.
    pub smtp_status: Option<String>,
    /// SendGrid's `bounce_classification`; an open set.
    pub classification: Option<String>,
    /// How the event was attached to its message, if it did not name it.
    pub correlated_by: Option<CorrelatedBy>,
}

/// One event that concerns a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageEvent {
    pub kind: EventKind,
    /// SendGrid's own time of the event.
    pub at: Timestamp,
    /// First key, or the natural key where there is no `sg_event_id`.
    pub key: EventKey,
    pub origin: Origin,
    pub machine_open: bool,
    /// Present on the kinds of rank 40.
    pub failure: Option<Failure>,
    /// The text of a JSON object, opaque here.
    pub custom_args: Option<String>,
    pub categories: Option<Vec<String>>,
}

impl MessageEvent {
    #[must_use]
    pub fn order(&self) -> EventOrder {
        EventOrder { at: self.at, rank: Rank::of(self.kind), name: self.kind.name(), key: self.key }
    }
}
