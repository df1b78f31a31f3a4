//! When a failed delivery is tried again.
//!
//! The schedule is Standard Webhooks' recommendation: ten attempts over about three days, so that a consumer that
//! is down over a weekend loses nothing. Chance is an argument.

use std::time::Duration;

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;

/// Waits before each attempt, the first at once. Source: the Standard Webhooks specification, "Retry schedule".
pub const SCHEDULE: [Duration; 10] = [
    Duration::ZERO,
    Duration::from_secs(5),
    Duration::from_secs(5 * MINUTE),
    Duration::from_secs(30 * MINUTE),
    Duration::from_secs(2 * HOUR),
    Duration::from_secs(5 * HOUR),
    Duration::from_secs(10 * HOUR),
    Duration::from_secs(14 * HOUR),
    Duration::from_secs(20 * HOUR),
    Duration::from_secs(24 * HOUR),
];

/// Largest share by which a wait is stretched or shortened, so that a recovered consumer is not hit by all at once.
pub const JITTER: f64 = 0.2;

/// The longest that a consumer may ask for with `Retry-After`.
pub const ASKED_LONGEST: Duration = Duration::from_secs(24 * HOUR);

/// How often one delivery may be put off by `Retry-After` without that costing it an attempt, and for how long in all from
/// its creation: a consumer that says "later" for ever is told no more then.
pub const ASKED_MAX: u16 = 100;
pub const ASKED_WITHIN: Duration = Duration::from_secs(7 * 24 * HOUR);

/// The wait after `attempts_made` failed attempts by an endpoint's schedule, or `None` when that is exhausted.
///
/// `chance` is uniform in `0.0..=1.0`; values outside are taken as the nearest end.
#[must_use]
pub fn wait_after(schedule: &[Duration], attempts_made: u32, chance: f64) -> Option<Duration> {
    let wait = schedule.get(usize::try_from(attempts_made).ok()?)?;
    let stretch = 1.0 + JITTER * (2.0 * chance.clamp(0.0, 1.0) - 1.0);
    Some(wait.mul_f64(stretch))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_attempts_and_not_one_more() {
        assert!((0..10).all(|made| wait_after(&SCHEDULE, made, 0.5).is_some()));
        assert_eq!(wait_after(&SCHEDULE, 10, 0.5), None);
        assert_eq!(wait_after(&SCHEDULE, u32::MAX, 0.5), None);
    }

    #[test]
    fn every_wait_stays_within_a_fifth_of_the_schedule() {
        for (made, nominal) in SCHEDULE.iter().enumerate() {
            for chance in [-1.0, 0.0, 0.25, 0.5, 1.0, 7.0] {
                let wait = wait_after(&SCHEDULE, u32::try_from(made).unwrap(), chance).unwrap();
                assert!(
                    wait >= nominal.mul_f64(0.8) && wait <= nominal.mul_f64(1.2),
                    "{made} {chance} {wait:?}"
                );
            }
        }
    }

    #[test]
    fn the_middle_of_chance_is_the_schedule_itself() {
        for (made, nominal) in SCHEDULE.iter().enumerate() {
            assert_eq!(wait_after(&SCHEDULE, u32::try_from(made).unwrap(), 0.5), Some(*nominal));
        }
    }
}
