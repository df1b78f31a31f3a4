//! How long a lease lasts, and until when it may be used.
//!
//! A lease outlives the request that is made under it: it lasts as long as a delivery may wait for its turn, the longest
//! time of a request to its endpoint, and a margin in which the end is recorded; and a request begins only while the last
//! two are left. By construction, and asserted when the process starts.

use jiff::Timestamp;
use std::time::Duration;

/// How long a leased delivery may wait for its turn. Short, because what has happened since (the endpoint was paused, a
/// secret was cut off, a limit lowered) does not reach it any more.
const START_WITHIN: Duration = Duration::from_secs(2);
/// For recording the end, and for clocks that differ.
const MARGIN: Duration = Duration::from_secs(10);
/// The longest that an endpoint may ask for.
pub(crate) const TIMEOUT_MAX: Duration = Duration::from_secs(60);

/// The times of leases and requests.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Terms {
    default_timeout: Duration,
}

impl Terms {
    /// `default_timeout` is for endpoints that do not say how long a request may take.
    ///
    /// # Panics
    /// If a request could outlast its lease.
    pub(crate) fn new(default_timeout: Duration) -> Self {
        assert!(default_timeout <= TIMEOUT_MAX, "no timeout is longer than the longest");
        let terms = Self { default_timeout };
        for timeout in [None, Some(TIMEOUT_MAX)] {
            let leased_at = Timestamp::UNIX_EPOCH;
            let until = terms.lease_until(leased_at, timeout);
            let latest_end = leased_at + START_WITHIN + terms.timeout(timeout) + MARGIN;
            assert!(until >= latest_end, "a lease outlives its request");
        }
        terms
    }

    /// Of one request to an endpoint that asks for `timeout`: connecting, headers and body.
    pub(crate) fn timeout(self, timeout: Option<Duration>) -> Duration {
        timeout.unwrap_or(self.default_timeout).min(TIMEOUT_MAX)
    }

    /// When a lease ends that begins now.
    pub(crate) fn lease_until(self, now: Timestamp, timeout: Option<Duration>) -> Timestamp {
        now.saturating_add(START_WITHIN + self.timeout(timeout) + MARGIN).unwrap_or(Timestamp::MAX)
    }

    /// Whether a request that begins now ends, and can be recorded, before the lease does. The endpoint may have asked for
    /// another time when the lease began.
    pub(crate) fn may_begin(self, now: Timestamp, lease_until: Timestamp, timeout: Option<Duration>) -> bool {
        now.checked_add(self.timeout(timeout) + MARGIN).is_ok_and(|end| end <= lease_until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEFAULT: Duration = Duration::from_secs(15);

    #[test]
    fn a_request_begins_only_if_it_can_end_before_its_lease_does() {
        let (terms, leased_at) = (Terms::new(DEFAULT), Timestamp::UNIX_EPOCH);
        for timeout in [None, Some(Duration::from_secs(1)), Some(TIMEOUT_MAX)] {
            let until = terms.lease_until(leased_at, timeout);
            assert!(terms.may_begin(leased_at, until, timeout));
            assert!(terms.may_begin(leased_at + START_WITHIN, until, timeout));
            assert!(!terms.may_begin(leased_at + START_WITHIN + Duration::from_millis(1), until, timeout));
            assert!(!terms.may_begin(until, until, timeout));
            assert!(!terms.may_begin(Timestamp::MAX, until, timeout));
        }
    }

    #[test]
    fn an_endpoint_that_asks_for_more_time_than_it_was_leased_with_has_to_be_leased_again() {
        let (terms, leased_at) = (Terms::new(DEFAULT), Timestamp::UNIX_EPOCH);
        let until = terms.lease_until(leased_at, None);
        assert!(!terms.may_begin(leased_at, until, Some(TIMEOUT_MAX)));
        assert!(terms.may_begin(leased_at + START_WITHIN, until, Some(Duration::from_secs(5))));
    }

    #[test]
    fn no_request_takes_longer_than_the_longest() {
        assert_eq!(Terms::new(DEFAULT).timeout(None), DEFAULT);
        assert_eq!(Terms::new(DEFAULT).timeout(Some(Duration::from_secs(3_600))), TIMEOUT_MAX);
    }
}
