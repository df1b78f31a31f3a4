//! The outbound facts: which exist, which are told unasked, and what one of them says.

use crate::Status;
use jiff::Timestamp;

/// A type of notification. Of those about a message at most one is ever created per message; the others are told of
/// each event that changes a recipient's standing or the account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NotificationType {
    Processed,
    Deferred,
    Delivered,
    Failed,
    Seen,
    Clicked,
    Complained,
    Unsubscribed,
    RecipientSuppressed,
    RecipientResubscribed,
    AccountStatusChanged,
}

impl NotificationType {
    pub const ALL: [Self; 11] = [
        Self::Processed,
        Self::Deferred,
        Self::Delivered,
        Self::Failed,
        Self::Seen,
        Self::Clicked,
        Self::Complained,
        Self::Unsubscribed,
        Self::RecipientSuppressed,
        Self::RecipientResubscribed,
        Self::AccountStatusChanged,
    ];

    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Processed => "message.processed",
            Self::Deferred => "message.deferred",
            Self::Delivered => "message.delivered",
            Self::Failed => "message.failed",
            Self::Seen => "message.seen",
            Self::Clicked => "message.clicked",
            Self::Complained => "message.complained",
            Self::Unsubscribed => "message.unsubscribed",
            Self::RecipientSuppressed => "recipient.suppressed",
            Self::RecipientResubscribed => "recipient.resubscribed",
            Self::AccountStatusChanged => "account.status_changed",
        }
    }

    /// Whether it is told in the sequence of a message. The others are keyed by their event and have no sequence.
    #[must_use]
    pub const fn is_about_a_message(self) -> bool {
        !matches!(self, Self::RecipientSuppressed | Self::RecipientResubscribed | Self::AccountStatusChanged)
    }

    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }
}

/// A set of notification types, stored in a message row as its bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct NotificationTypes(u16);

impl NotificationTypes {
    pub const NONE: Self = Self(0);
    /// Told to every endpoint that does not say otherwise.
    pub const BY_DEFAULT: Self = Self::NONE
        .with(NotificationType::Delivered)
        .with(NotificationType::Failed)
        .with(NotificationType::Seen);

    /// Bits as stored. Their positions must not change: rows outlive releases.
    #[must_use]
    pub const fn from_bits(bits: u16) -> Self {
        Self(bits)
    }

    #[must_use]
    pub const fn bits(self) -> u16 {
        self.0
    }

    #[must_use]
    pub const fn with(self, kind: NotificationType) -> Self {
        Self(self.0 | Self::bit(kind))
    }

    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    #[must_use]
    pub const fn contains(self, kind: NotificationType) -> bool {
        self.0 & Self::bit(kind) != 0
    }

    const fn bit(kind: NotificationType) -> u16 {
        match kind {
            NotificationType::Processed => 1,
            NotificationType::Deferred => 1 << 1,
            NotificationType::Delivered => 1 << 2,
            NotificationType::Failed => 1 << 3,
            NotificationType::Seen => 1 << 4,
            NotificationType::Clicked => 1 << 5,
            NotificationType::Complained => 1 << 6,
            NotificationType::Unsubscribed => 1 << 7,
            NotificationType::RecipientSuppressed => 1 << 8,
            NotificationType::RecipientResubscribed => 1 << 9,
            NotificationType::AccountStatusChanged => 1 << 10,
        }
    }
}

impl FromIterator<NotificationType> for NotificationTypes {
    fn from_iter<I: IntoIterator<Item = NotificationType>>(kinds: I) -> Self {
        kinds.into_iter().fold(Self::NONE, Self::with)
    }
}

/// A notification about a message that is decided on: what to tell, not yet rendered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    pub kind: NotificationType,
    /// 1, 2, 3 … per message, without gaps.
    pub sequence: u32,
    /// The message's status after the event, so that a consumer which stores it never goes back.
    pub status: Status,
    pub previous_status: Status,
    /// `message.delivered` concluded from an open or a click.
    pub implied: bool,
    pub machine_open: bool,
    /// The event's own time.
    pub occurred_at: Timestamp,
}
