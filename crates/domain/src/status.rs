//! The hierarchy: which status an event proves, and which of two events wins.
//!
//! A message's status is that of its greatest event under [`Precedence`]: a maximum, so arrival order, batching,
//! repetition and the number of workers cannot change it.

use crate::{EventKey, EventKind, NotificationType};
use jiff::Timestamp;

/// Height in the hierarchy. Gaps leave room; the numbers are stored and must not change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Rank(pub i16);

impl Rank {
    pub const PROCESSED: Self = Self(10);
    pub const DEFERRED: Self = Self(20);
    pub const DELIVERED: Self = Self(30);
    /// Overrides `delivered` (asynchronous bounces are real) and is overridden by proof of receipt.
    pub const FAILED: Self = Self(40);
    pub const OPENED: Self = Self(50);
    pub const CLICKED: Self = Self(60);

    /// The rank an event of this kind gives its message; `None` for facts that change no status.
    #[must_use]
    pub const fn of(kind: EventKind) -> Option<Self> {
        match kind {
            EventKind::Processed => Some(Self::PROCESSED),
            EventKind::Deferred => Some(Self::DEFERRED),
            EventKind::Delivered => Some(Self::DELIVERED),
            EventKind::Blocked | EventKind::Dropped | EventKind::Bounce => Some(Self::FAILED),
            EventKind::Open => Some(Self::OPENED),
            EventKind::Click => Some(Self::CLICKED),
            EventKind::SpamReport
            | EventKind::Unsubscribe
            | EventKind::GroupUnsubscribe
            | EventKind::GroupResubscribe
            | EventKind::AccountStatusChange
            | EventKind::Unknown => None,
        }
    }
}

/// Where a message stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Status {
    /// Only facts so far: a spam report, an unsubscribe.
    #[default]
    Unknown,
    Processed,
    Deferred,
    Delivered,
    Blocked,
    Dropped,
    Bounced,
    Opened,
    Clicked,
}

impl Status {
    pub const ALL: [Self; 9] = [
        Self::Unknown,
        Self::Processed,
        Self::Deferred,
        Self::Delivered,
        Self::Blocked,
        Self::Dropped,
        Self::Bounced,
        Self::Opened,
        Self::Clicked,
    ];

    /// The status an event of this kind proves; `None` for facts.
    #[must_use]
    pub const fn of(kind: EventKind) -> Option<Self> {
        match kind {
            EventKind::Processed => Some(Self::Processed),
            EventKind::Deferred => Some(Self::Deferred),
            EventKind::Delivered => Some(Self::Delivered),
            EventKind::Blocked => Some(Self::Blocked),
            EventKind::Dropped => Some(Self::Dropped),
            EventKind::Bounce => Some(Self::Bounced),
            EventKind::Open => Some(Self::Opened),
            EventKind::Click => Some(Self::Clicked),
            _ => None,
        }
    }

    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Processed => "processed",
            Self::Deferred => "deferred",
            Self::Delivered => "delivered",
            Self::Blocked => "blocked",
            Self::Dropped => "dropped",
            Self::Bounced => "bounced",
            Self::Opened => "opened",
            Self::Clicked => "clicked",
        }
    }

    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == text)
    }

    #[must_use]
    pub const fn rank(self) -> Rank {
        match self {
            Self::Unknown => Rank(0),
            Self::Processed => Rank::PROCESSED,
            Self::Deferred => Rank::DEFERRED,
            Self::Delivered => Rank::DELIVERED,
            Self::Blocked | Self::Dropped | Self::Bounced => Rank::FAILED,
            Self::Opened => Rank::OPENED,
            Self::Clicked => Rank::CLICKED,
        }
    }

    /// The type, among those told by default, that stands for this status: what a consumer was last told if it
    /// was told everything.
    #[must_use]
    pub const fn told_as(self) -> Option<NotificationType> {
        match self {
            Self::Unknown | Self::Processed | Self::Deferred => None,
            Self::Delivered => Some(NotificationType::Delivered),
            Self::Blocked | Self::Dropped | Self::Bounced => Some(NotificationType::Failed),
            Self::Opened | Self::Clicked => Some(NotificationType::Seen),
        }
    }
}

/// What decides between two events of a message: the greater one gives the status.
///
/// The field order *is* the rule (derived comparison). Time breaks ties of rank, because SendGrid's clock is the
/// only one both events share; name and key make the order total where SendGrid's one-second clock ties.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Precedence {
    pub rank: Rank,
    pub at: Timestamp,
    pub name: &'static str,
    pub key: EventKey,
}
