//! What a publisher tells about its connection, and what it answers about a message.

use crate::QueueError;
use thiserror::Error;

/// The publishing connection as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PublisherState {
    /// Messages are taken.
    Ready,
    /// The broker is short of memory or disk and reads nothing from publishers: every publish fails at once.
    Blocked,
    /// There is no connection: every publish fails at once.
    Away(AwayReason),
}

impl PublisherState {
    pub(crate) const STARTING: Self = Self::Away(AwayReason::Starting);

    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::Blocked => "blocked",
            Self::Away(_) => "away",
        }
    }
}

/// Why there is no publishing connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AwayReason {
    /// The first connection is being made.
    Starting,
    /// The broker does not answer.
    Unreachable,
    /// Credentials, virtual host or permissions are wrong.
    Denied,
    /// A queue of ours exists with other arguments.
    Conflict,
    /// The broker refused for another reason.
    Refused,
    /// A connection was there and went away.
    Lost,
    /// The broker took messages and confirmed none for too long.
    Unconfirmed,
    /// The queue was gone; the next connection declares it again.
    Unroutable,
    /// This publisher was closed, or shut down after its connection was lost.
    Closed,
}

impl AwayReason {
    /// A few words for a readiness report.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Starting => "connecting to the broker",
            Self::Unreachable => "broker not reachable",
            Self::Denied => "broker denies access",
            Self::Conflict => "queue exists with other arguments",
            Self::Refused => "broker refuses",
            Self::Lost => "connection to the broker lost",
            Self::Unconfirmed => "broker confirms nothing",
            Self::Unroutable => "queue does not exist",
            Self::Closed => "closed",
        }
    }

    pub(super) const fn of(error: &QueueError) -> Self {
        match error {
            QueueError::Unreachable(_) => Self::Unreachable,
            QueueError::Denied(_) => Self::Denied,
            QueueError::Conflict(_) => Self::Conflict,
            QueueError::Missing(_) | QueueError::Refused(_) => Self::Refused,
            QueueError::Ended => Self::Lost,
        }
    }
}

/// Why a message is not known to be in the queue. After `Timeout` and `Unavailable` it may be there all the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum PublishError {
    #[error("no connection to the broker")]
    Unavailable,
    #[error("broker blocks publishers")]
    Blocked,
    #[error("too much is waiting to be published")]
    Overloaded,
    #[error("broker did not confirm in time")]
    Timeout,
    /// A negative confirm: the queue is full, or could not write.
    #[error("broker refused the message")]
    Refused,
    /// The queue does not exist. The connection is replaced for it, and the next one declares the queue again.
    #[error("no queue takes the message")]
    Unroutable,
    /// Over [`MESSAGE_BYTES_MAX`](crate::MESSAGE_BYTES_MAX), [`HEADER_BYTES_MAX`](crate::HEADER_BYTES_MAX) or 255
    /// bytes of id or header name: it will never be taken. Nothing was sent.
    #[error("message is too large")]
    TooLarge,
}

impl PublishError {
    pub const ALL: [Self; 7] = [
        Self::Unavailable,
        Self::Blocked,
        Self::Overloaded,
        Self::Timeout,
        Self::Refused,
        Self::Unroutable,
        Self::TooLarge,
    ];

    /// The label of its metric.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unavailable => "unavailable",
            Self::Blocked => "blocked",
            Self::Overloaded => "overloaded",
            Self::Timeout => "timeout",
            Self::Refused => "refused",
            Self::Unroutable => "unroutable",
            Self::TooLarge => "too_large",
        }
    }
}
