//! What an attempt's end means: for the delivery, and for the endpoint's health.
//!
//! Pure. A whole answer with a 2xx status is the consumer's word that it has the notification. Everything else is a
//! failure: also 3xx, which is never followed, since a redirect would lead past the guard. A failure costs one of the
//! attempts that the endpoint's schedule has, with three exceptions. Who answers 429 or 503 and says when to come again is
//! asked again then, within the bounds of `domain::retry`. Who answers 410 wants nothing more: the endpoint is disabled,
//! which holds what it is owed. And what this process cut off itself is nobody's failure and due again at once. None of the
//! three costs an attempt.

use crate::classify::{End, Obstacle, Trouble};
use domain::breaker::Health;
use domain::retry::{self, ASKED_LONGEST, ASKED_MAX, ASKED_WITHIN};
use jiff::Timestamp;
use std::time::Duration;
use store::delivery::Verdict;

/// Most times that one delivery is leased and sent beyond its schedule. That ends before; beyond it leads only what leaves
/// no verdict: a process that died or was cut off, a request that panicked, an end that the database refuses. A handful of
/// those may be bad luck. More would be for ever.
const LEASES_BEYOND: usize = 5;

/// The least that `Retry-After` puts off, whatever it says: a date that has passed must not become a tight loop.
const ASKED_SHORTEST: Duration = Duration::from_secs(1);
/// Share by which such a wait is stretched by chance, and the most of it: all that was put off together should not come
/// back together, and never before it was asked to.
const ASKED_JITTER: f64 = 0.1;
const ASKED_JITTER_MAX: Duration = Duration::from_secs(10);

/// The consumer wants nothing more, for good (RFC 9110, "410 Gone").
const GONE: u16 = 410;
/// Statuses of which `Retry-After` is heeded.
const TOO_MANY_REQUESTS: u16 = 429;
const UNAVAILABLE: u16 = 503;

/// What is known of a delivery besides how its attempt ended.
#[derive(Clone, Copy, Debug)]
pub struct Trial<'a> {
    /// Number of the attempt, from 1.
    pub attempt: u16,
    /// Attempts before it that cost nothing.
    pub waits: u16,
    pub created_at: Timestamp,
    /// The endpoint's: waits before each attempt.
    pub schedule: &'a [Duration],
}

impl Trial<'_> {
    /// Attempts that count, with this one.
    fn counted(&self) -> u16 {
        self.attempt.saturating_sub(self.waits)
    }

    /// Why this attempt may not be made any more, if so.
    #[must_use]
    pub fn obstacle(&self) -> Option<Obstacle> {
        let most = self.schedule.len() + LEASES_BEYOND;
        (usize::from(self.counted()) > most).then_some(Obstacle::LeasedTooOften)
    }

    fn by_schedule(&self, now: Timestamp, chance: f64) -> Verdict {
        let wait = retry::wait_after(self.schedule, u32::from(self.counted()), chance);
        let next = wait.and_then(|wait| now.checked_add(wait).ok());
        next.map_or(Verdict::Exhausted, |at| Verdict::Retry { at })
    }

    fn as_asked(&self, until: Timestamp, now: Timestamp, chance: f64) -> Verdict {
        let asked = Duration::try_from(until.duration_since(now)).unwrap_or_default();
        let asked = asked.clamp(ASKED_SHORTEST, ASKED_LONGEST);
        let jitter = asked.mul_f64(ASKED_JITTER * chance.clamp(0.0, 1.0)).min(ASKED_JITTER_MAX);
        let within = self.created_at.saturating_add(ASKED_WITHIN).unwrap_or(Timestamp::MAX);
        match now.checked_add(asked + jitter) {
            Ok(at) if self.waits < ASKED_MAX && at <= within => Verdict::Wait { at },
            // It may have been held for long, and this is the first that its consumer says: the schedule is still its own.
            _ if self.waits == 0 => self.by_schedule(now, chance),
            _ => Verdict::Exhausted,
        }
    }
}

impl End {
    /// What becomes of the delivery. `chance` is uniform in `0.0..=1.0`.
    #[must_use]
    pub fn verdict(self, trial: &Trial<'_>, now: Timestamp, chance: f64) -> Verdict {
        match self {
            Self::Answered { status: 200..=299, .. } => Verdict::Delivered,
            Self::Answered { status: GONE, .. } | Self::Unanswered(Trouble::Abandoned) => {
                Verdict::Wait { at: now }
            }
            Self::Answered { status: TOO_MANY_REQUESTS | UNAVAILABLE, come_again: Some(until) } => {
                trial.as_asked(until, now, chance)
            }
            Self::Answered { .. } | Self::Unanswered(_) | Self::Unsent(_) => trial.by_schedule(now, chance),
        }
    }

    /// Whether the consumer wants nothing more, for good.
    #[must_use]
    pub const fn is_gone(self) -> bool {
        matches!(self, Self::Answered { status: GONE, .. })
    }

    /// What it says of the endpoint's health; nothing if nothing was sent, or this process gave up.
    #[must_use]
    pub const fn health(self) -> Option<Health> {
        match self {
            Self::Answered { status: 200..=299, .. } => Some(Health::Success),
            Self::Answered { status: TOO_MANY_REQUESTS | UNAVAILABLE, come_again } => {
                Some(Health::Overloaded { until: come_again })
            }
            // What a proxy says of the server behind it.
            Self::Answered { status: 502 | 504, .. } => Some(Health::Overloaded { until: None }),
            Self::Answered { .. } => Some(Health::Failure),
            Self::Unanswered(Trouble::Abandoned) | Self::Unsent(_) => None,
            Self::Unanswered(_) => Some(Health::Failure),
        }
    }
}

#[cfg(test)]
mod tests;
