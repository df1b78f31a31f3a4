//! What an attempt's end means: delivered, to be tried again, or given up.
//!
//! Pure. A whole answer with a 2xx status is the consumer's word that it has the notification. Everything else is a
//! failure: also 3xx, which is never followed, since a redirect would lead past the guard. Only what this process cut off
//! itself is nobody's failure: it is due again at once, whichever attempt it was.

use domain::retry;
use jiff::Timestamp;
use store::delivery::Verdict;

/// Most times that one delivery is leased and sent. The schedule ends before; beyond it leads only what leaves no verdict:
/// a process that died or was cut off, a request that panicked, an end that the database refuses. A handful of those
/// may be bad luck. More would be for ever.
pub const LEASES_MAX: usize = retry::SCHEDULE.len() + 5;

/// How an attempt ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// A status line arrived.
    Answered(u16),
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
    /// The endpoint has no secret that is not expired.
    NoSecret,
    /// A secret does not open with this process's key, or is none.
    BadSecret,
    /// The notification is gone.
    NoBody,
    /// No HTTP client could be made, e.g. for want of root certificates.
    NoClient,
    /// Leased more often than [`LEASES_MAX`].
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
    pub const ALL: [Self; 7] = [
        Self::Refused,
        Self::BadEndpoint,
        Self::NoSecret,
        Self::BadSecret,
        Self::NoBody,
        Self::NoClient,
        Self::LeasedTooOften,
    ];

    /// Whether attempt number `attempt` (from 1) may not be made any more.
    #[must_use]
    pub fn of_number(attempt: u16) -> Option<Self> {
        (usize::from(attempt) > LEASES_MAX).then_some(Self::LeasedTooOften)
    }

    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Refused => "refused",
            Self::BadEndpoint => "bad_endpoint",
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
    #[must_use]
    pub const fn outcome(self) -> Outcome {
        match self {
            Self::Answered(200..=299) => Outcome::Delivered,
            Self::Answered(_) => Outcome::Rejected,
            Self::Unanswered(_) => Outcome::Unanswered,
            Self::Unsent(_) => Outcome::Unsent,
        }
    }

    /// Class of the error, where there was no answer.
    #[must_use]
    pub const fn error(self) -> Option<&'static str> {
        match self {
            Self::Answered(_) => None,
            Self::Unanswered(trouble) => Some(trouble.as_str()),
            Self::Unsent(obstacle) => Some(obstacle.as_str()),
        }
    }

    #[must_use]
    pub const fn http_status(self) -> Option<u16> {
        match self {
            Self::Answered(status) => Some(status),
            Self::Unanswered(_) | Self::Unsent(_) => None,
        }
    }

    /// What becomes of the delivery after its attempt number `attempt` (from 1). `chance` is uniform in `0.0..=1.0`.
    #[must_use]
    pub fn verdict(self, attempt: u16, now: Timestamp, chance: f64) -> Verdict {
        match self {
            Self::Answered(200..=299) => Verdict::Delivered,
            Self::Unanswered(Trouble::Abandoned) => Verdict::Retry { at: now },
            Self::Answered(_) | Self::Unanswered(_) | Self::Unsent(_) => {
                let wait = retry::wait_after(u32::from(attempt), chance);
                let next = wait.and_then(|wait| now.checked_add(wait).ok());
                next.map_or(Verdict::Exhausted, |at| Verdict::Retry { at })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;

    #[test]
    fn only_a_2xx_is_a_delivery() {
        for status in 100..=599 {
            let delivered = End::Answered(status).outcome() == Outcome::Delivered;
            assert_eq!(delivered, (200..300).contains(&status), "{status}");
        }
        assert_eq!(End::Answered(204).verdict(3, NOW, 0.5), Verdict::Delivered);
    }

    #[test]
    fn a_redirect_and_our_own_faults_are_tried_again_on_schedule() {
        let ends = [End::Answered(301), End::Answered(410), End::Unanswered(Trouble::Tls)];
        for end in ends.into_iter().chain(Obstacle::ALL.map(End::Unsent)) {
            let at = NOW + Duration::from_secs(5);
            assert_eq!(end.verdict(1, NOW, 0.5), Verdict::Retry { at }, "{end:?}");
        }
    }

    #[test]
    fn the_tenth_failure_is_the_last() {
        let failed = End::Unanswered(Trouble::Connect);
        assert!(matches!(failed.verdict(9, NOW, 0.5), Verdict::Retry { .. }));
        assert_eq!(failed.verdict(10, NOW, 0.5), Verdict::Exhausted);
        assert_eq!(failed.verdict(u16::MAX, NOW, 0.5), Verdict::Exhausted);
    }

    #[test]
    fn what_our_own_end_cut_off_is_due_at_once_and_never_given_up() {
        for attempt in [1, 9, 10, 11, u16::MAX] {
            let verdict = End::Unanswered(Trouble::Abandoned).verdict(attempt, NOW, 0.5);
            assert_eq!(verdict, Verdict::Retry { at: NOW }, "{attempt}");
        }
    }

    #[test]
    fn a_delivery_whose_ends_are_lost_is_leased_a_few_times_beyond_the_schedule_and_then_given_up() {
        let sent = (1..=u16::MAX).take_while(|attempt| Obstacle::of_number(*attempt).is_none()).count();
        assert_eq!(sent, 15);
        assert_eq!(End::Unsent(Obstacle::LeasedTooOften).verdict(16, NOW, 0.5), Verdict::Exhausted);
    }

    #[test]
    fn a_stored_attempt_has_a_status_or_an_error_and_never_both() {
        for end in [End::Answered(200), End::Unanswered(Trouble::Dns), End::Unsent(Obstacle::NoSecret)] {
            assert_ne!(end.http_status().is_some(), end.error().is_some(), "{end:?}");
        }
    }
}
