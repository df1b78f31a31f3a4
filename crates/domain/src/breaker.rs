//! When to leave an endpoint alone for a while, and when to give up on it until a person looks.
//!
//! A breaker opens after failures in a row, or at once when the endpoint itself says that it is too much; while it is open
//! nothing is sent, so that waiting costs no delivery an attempt. When its time is over one request is let through: a
//! success closes it, a failure opens it for longer. Pure: time and chance are arguments; where the state is kept, and that
//! one process changes it at a time, is the caller's.

use jiff::{SignedDuration, Timestamp};
use std::time::Duration;

/// Failures in a row that open it.
pub const FAILURES: u32 = 10;

/// How long it is open for the first time, and at most.
pub const OPEN_FIRST: Duration = Duration::from_secs(5);
pub const OPEN_LONGEST: Duration = Duration::from_secs(300);

/// One that says it is too much is left alone for so small a part of that.
const OVERLOADED_SHARE: u32 = 5;

/// An endpoint that has only failed for this long is disabled; what it is owed is held.
pub const DISABLED_AFTER: SignedDuration = SignedDuration::from_hours(5 * 24);

/// How one request to an endpoint ended, as far as its health goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Health {
    Success,
    Failure,
    /// It asks to be left alone (429, 502, 503, 504), until then if it says when.
    Overloaded {
        until: Option<Timestamp>,
    },
}

/// What is remembered of an endpoint.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Breaker {
    /// In a row, since the last success.
    pub failures: u32,
    /// The first of them.
    pub failing_since: Option<Timestamp>,
    /// Times in a row that it opened.
    pub openings: u32,
    /// Open until then; from then on half open. `None`: closed.
    pub open_until: Option<Timestamp>,
}

impl Breaker {
    /// Whether there is nothing to remember.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        *self == Self::default()
    }

    /// Adds the end of a request. `chance` is uniform in `0.0..=1.0` and spreads the probes of many endpoints.
    pub fn add(&mut self, health: Health, now: Timestamp, chance: f64) {
        let until = match health {
            // One that was under way when it opened says nothing of what the endpoint can bear now.
            Health::Success if self.open_until.is_some_and(|until| until > now) => {
                (self.failures, self.failing_since) = (0, None);
                return;
            }
            Health::Success => {
                *self = Self::default();
                return;
            }
            Health::Failure => None,
            Health::Overloaded { until } => until,
        };
        self.failures = self.failures.saturating_add(1);
        self.failing_since = Some(self.failing_since.map_or(now, |since| since.min(now)));
        // Requests that were under way when it opened say nothing new.
        if self.open_until.is_some_and(|until| until > now) {
            return;
        }
        let half_open = self.open_until.is_some();
        if half_open || self.failures >= FAILURES || matches!(health, Health::Overloaded { .. }) {
            // It answers, so it is asked again sooner than one that does not.
            let share = if matches!(health, Health::Overloaded { .. }) { OVERLOADED_SHARE } else { 1 };
            let wait = open_for(self.openings, chance) / share;
            let longest = now.saturating_add(OPEN_LONGEST).unwrap_or(now);
            let asked = until.map_or(now, |until| until.min(longest));
            self.openings = self.openings.saturating_add(1);
            self.open_until = Some(now.saturating_add(wait).unwrap_or(now).max(asked));
        }
    }

    /// Whether it has only failed for so long that a person has to look.
    #[must_use]
    pub fn is_hopeless(&self, now: Timestamp) -> bool {
        // A quiet endpoint that failed once and five days later once more has not been asked enough to say so.
        self.failures >= FAILURES
            && self.failing_since.is_some_and(|since| now.duration_since(since) >= DISABLED_AFTER)
    }
}

/// Doubles from [`OPEN_FIRST`] to [`OPEN_LONGEST`], less up to a fifth by chance.
fn open_for(openings: u32, chance: f64) -> Duration {
    let doubled = OPEN_FIRST.saturating_mul(1 << openings.min(16)).min(OPEN_LONGEST);
    doubled.mul_f64(1.0 - chance.clamp(0.0, 1.0) / 5.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_700_000_000 + second).unwrap()
    }

    fn failed(times: u32) -> Breaker {
        let mut breaker = Breaker::default();
        (0..times).for_each(|_| breaker.add(Health::Failure, at(0), 0.0));
        breaker
    }

    #[test]
    fn ten_failures_in_a_row_open_it_and_one_success_closes_it() {
        assert_eq!(failed(9).open_until, None);
        let mut open = failed(10);
        assert_eq!(open.open_until, Some(at(5)));
        open.add(Health::Success, at(1), 0.0);
        assert_eq!(
            (open.open_until, open.failing_since),
            (Some(at(5)), None),
            "it was under way when it opened"
        );
        open.add(Health::Success, at(5), 0.0);
        assert!(open.is_closed());
    }

    #[test]
    fn a_failed_probe_opens_it_for_twice_as_long_up_to_five_minutes() {
        let mut breaker = failed(10);
        let mut lengths = Vec::new();
        for _ in 0..8 {
            let now = breaker.open_until.unwrap();
            breaker.add(Health::Failure, now, 0.0);
            lengths.push(breaker.open_until.unwrap().duration_since(now).as_secs());
        }
        assert_eq!(lengths, [10, 20, 40, 80, 160, 300, 300, 300]);
    }

    #[test]
    fn what_was_under_way_when_it_opened_does_not_open_it_further() {
        let mut breaker = failed(10);
        (0..50).for_each(|_| breaker.add(Health::Failure, at(3), 0.0));
        assert_eq!((breaker.open_until, breaker.openings), (Some(at(5)), 1));
    }

    #[test]
    fn an_endpoint_that_says_it_is_too_much_is_left_alone_at_once_and_as_long_as_it_says() {
        for (asked, until) in [(None, 1), (Some(2), 2), (Some(60), 60), (Some(86_400), 300)] {
            let mut breaker = Breaker::default();
            breaker.add(Health::Overloaded { until: asked.map(at) }, at(0), 0.0);
            assert_eq!(breaker.open_until, Some(at(until)), "{asked:?}");
        }
    }

    #[test]
    fn five_days_of_failures_only_are_hopeless() {
        let mut breaker = failed(10);
        let days = |days: i64| at(days * 24 * 60 * 60);
        assert!(!breaker.is_hopeless(days(5) - SignedDuration::from_secs(1)));
        assert!(breaker.is_hopeless(days(5)));
        assert!(!failed(9).is_hopeless(days(6)), "it was not asked often enough");
        breaker.add(Health::Success, days(4), 0.0);
        breaker.add(Health::Failure, days(5), 0.0);
        assert!(!breaker.is_hopeless(days(6)));
    }

    #[test]
    fn chance_only_shortens_and_by_a_fifth_at_most() {
        for chance in [-1.0, 0.0, 0.5, 1.0, 9.0] {
            let mut breaker = failed(9);
            breaker.add(Health::Failure, at(0), chance);
            let open = breaker.open_until.unwrap().duration_since(at(0));
            assert!(open <= SignedDuration::from_secs(5) && open >= SignedDuration::from_secs(4), "{open:?}");
        }
    }
}
