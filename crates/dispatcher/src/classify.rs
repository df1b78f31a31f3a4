//! How an attempt can end, in closed sets of words. What follows from it is in [`crate::verdict`].

use jiff::Timestamp;

/// How an attempt ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// A whole answer arrived.
    Answered {
        status: u16,
        /// When its `Retry-After` asks to be asked again, if it can be read.
        come_again: Option<Timestamp>,
    },
    /// The consumer could not be reached or did not answer as HTTP wants it.
    Unanswered(Trouble),
    /// Nothing was sent, and the reason is on our side.
    Unsent(Obstacle),
}

/// Why there is no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    Dns,
    Connect,
    ConnectTimeout,
    Tls,
    /// Connected, and no status line in time.
    Timeout,
    /// The connection ended before a status line.
    Closed,
    /// What came is not HTTP/1.1.
    Protocol,
    /// This process had to stop first.
    Abandoned,
}

/// Why nothing was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Obstacle {
    /// The URL, or every address that its host resolves to, is refused by the guard.
    Refused,
    /// The stored URL or allowed networks cannot be read.
    BadEndpoint,
    /// One of the endpoint's own headers does not open, or is one that only we may set.
    BadHeader,
    /// The endpoint has no secret that is not expired.
    NoSecret,
    /// A secret does not open, or is none of its scheme.
    BadSecret,
    /// The notification is gone.
    NoBody,
    /// No HTTP client could be made, e.g. for want of root certificates.
    NoClient,
    /// Leased so much more often than its schedule has attempts that something must be wrong with it.
    LeasedTooOften,
}

impl Trouble {
    pub const ALL: [Self; 8] = [
        Self::Dns,
        Self::Connect,
        Self::ConnectTimeout,
        Self::Tls,
        Self::Timeout,
        Self::Closed,
        Self::Protocol,
        Self::Abandoned,
    ];

    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Dns => "dns",
            Self::Connect => "connect",
            Self::ConnectTimeout => "connect_timeout",
            Self::Tls => "tls",
            Self::Timeout => "timeout",
            Self::Closed => "closed",
            Self::Protocol => "protocol",
            Self::Abandoned => "abandoned",
        }
    }
}

impl Obstacle {
    pub const ALL: [Self; 8] = [
        Self::Refused,
        Self::BadEndpoint,
        Self::BadHeader,
        Self::NoSecret,
        Self::BadSecret,
        Self::NoBody,
        Self::NoClient,
        Self::LeasedTooOften,
    ];

    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Refused => "refused",
            Self::BadEndpoint => "bad_endpoint",
            Self::BadHeader => "bad_header",
            Self::NoSecret => "no_secret",
            Self::BadSecret => "bad_secret",
            Self::NoBody => "no_body",
            Self::NoClient => "no_client",
            Self::LeasedTooOften => "leased_too_often",
        }
    }
}

/// The four words under which attempts are stored and counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Delivered,
    Rejected,
    Unanswered,
    Unsent,
}

impl Outcome {
    pub const ALL: [Self; 4] = [Self::Delivered, Self::Rejected, Self::Unanswered, Self::Unsent];

    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Delivered => "delivered",
            Self::Rejected => "rejected",
            Self::Unanswered => "unanswered",
            Self::Unsent => "unsent",
        }
    }
}

impl End {
    /// An answer that does not say when to come again.
    #[must_use]
    pub const fn answered(status: u16) -> Self {
        Self::Answered { status, come_again: None }
    }

    #[must_use]
    pub const fn outcome(self) -> Outcome {
        match self {
            Self::Answered { status: 200..=299, .. } => Outcome::Delivered,
            Self::Answered { .. } => Outcome::Rejected,
            Self::Unanswered(_) => Outcome::Unanswered,
            Self::Unsent(_) => Outcome::Unsent,
        }
    }

    /// Class of the error, where there was no answer.
    #[must_use]
    pub const fn error(self) -> Option<&'static str> {
        match self {
            Self::Answered { .. } => None,
            Self::Unanswered(trouble) => Some(trouble.as_str()),
            Self::Unsent(obstacle) => Some(obstacle.as_str()),
        }
    }

    #[must_use]
    pub const fn http_status(self) -> Option<u16> {
        match self {
            Self::Answered { status, .. } => Some(status),
            Self::Unanswered(_) | Self::Unsent(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_2xx_is_a_delivery() {
        for status in 100..=599 {
            let delivered = End::answered(status).outcome() == Outcome::Delivered;
            assert_eq!(delivered, (200..300).contains(&status), "{status}");
        }
    }

    #[test]
    fn a_stored_attempt_has_a_status_or_an_error_and_never_both() {
        for end in [End::answered(200), End::Unanswered(Trouble::Dns), End::Unsent(Obstacle::NoSecret)] {
            assert_ne!(end.http_status().is_some(), end.error().is_some(), "{end:?}");
        }
    }
}
