//! How long to wait before trying again: doubling up to a ceiling, and spread by chance so that a fleet does not
//! come back in one moment.

use std::time::Duration;

/// Doublings after which the wait has certainly reached any sensible ceiling; keeps the arithmetic from overflowing.
const DOUBLINGS_MAX: u32 = 20;

/// Waits between tries. There is no last try: who uses it decides when to give up.
#[derive(Clone, Debug)]
pub struct Backoff {
    first: Duration,
    ceiling: Duration,
    failures: u32,
}

impl Backoff {
    /// The first wait is at most `first`, no wait is longer than `ceiling`.
    #[must_use]
    pub const fn new(first: Duration, ceiling: Duration) -> Self {
        Self { first, ceiling, failures: 0 }
    }

    /// The wait before the next try; each call counts as one more failure.
    pub fn next_wait(&mut self) -> Duration {
        let wait = wait_after(self.first, self.ceiling, self.failures, rand::random());
        self.failures = self.failures.saturating_add(1);
        wait
    }

    /// What was tried has worked: start again from the first wait.
    pub fn reset(&mut self) {
        self.failures = 0;
    }
}

impl Default for Backoff {
    /// From 200 ms, which a broker's restart hides, to 10 s, which a person who waits for recovery still bears.
    fn default() -> Self {
        Self::new(Duration::from_millis(200), Duration::from_secs(10))
    }
}

/// Between half and all of the doubled wait; `chance` is uniform in `0.0..1.0`.
fn wait_after(first: Duration, ceiling: Duration, failures: u32, chance: f64) -> Duration {
    let doubled = first.saturating_mul(1 << failures.min(DOUBLINGS_MAX)).min(ceiling);
    doubled.mul_f64(0.5 + chance.clamp(0.0, 1.0) / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: Duration = Duration::from_millis(200);
    const CEILING: Duration = Duration::from_secs(10);

    #[test]
    fn waits_double_up_to_the_ceiling_and_never_beyond() {
        assert_eq!(wait_after(FIRST, CEILING, 0, 1.0), FIRST);
        assert_eq!(wait_after(FIRST, CEILING, 3, 1.0), FIRST * 8);
        for failures in [6, 20, 21, 32, 64, u32::MAX] {
            assert_eq!(wait_after(FIRST, CEILING, failures, 1.0), CEILING);
        }
    }

    #[test]
    fn chance_takes_away_at_most_half() {
        for chance in [-1.0, 0.0, 0.3, 1.0, 2.0] {
            let wait = wait_after(FIRST, CEILING, 2, chance);
            assert!(wait >= FIRST * 2 && wait <= FIRST * 4, "{wait:?}");
        }
    }

    #[test]
    fn a_reset_starts_from_the_first_wait() {
        let mut backoff = Backoff::new(FIRST, CEILING);
        for _ in 0..10 {
            backoff.next_wait();
        }
        backoff.reset();
        assert!(backoff.next_wait() <= FIRST);
    }
}
