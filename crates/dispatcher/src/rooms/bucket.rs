//! An endpoint's token bucket: how many requests it may be sent now, and when there is one more.
//!
//! It holds one second's requests and is filled as time passes. Nobody fills it: what it holds follows from what was left
//! in it and when.

use jiff::Timestamp;
use std::time::Duration;
use store::delivery::Gate;

/// Tokens that the bucket of an endpoint with `rate` requests a second holds at `now`; full if it was never used.
pub(super) fn level(gate: &Gate, rate: f64, now: Timestamp) -> f64 {
    let Some(filled_at) = gate.filled_at else { return rate };
    // Another dispatcher's clock may be ahead of this one's.
    let passed = now.duration_since(filled_at).as_secs_f64().max(0.0);
    (gate.tokens + rate * passed).clamp(0.0, rate)
}

/// Requests that a level is enough for.
pub(super) fn whole(level: f64) -> usize {
    // A float that is negative becomes zero.
    level as usize
}

/// When a bucket that has not one token has one.
pub(super) fn next(level: f64, rate: f64, now: Timestamp) -> Timestamp {
    let missing = Duration::try_from_secs_f64((1.0 - level).max(0.0) / rate).unwrap_or(Duration::MAX);
    now.saturating_add(missing).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gate(tokens: f64, filled_at_ms: Option<i64>) -> Gate {
        let filled_at = filled_at_ms.map(|ms| Timestamp::from_millisecond(ms).unwrap());
        Gate { endpoint_id: 1, open_until: None, tokens, filled_at }
    }

    fn level_at(gate: &Gate, ms: i64) -> f64 {
        level(gate, 10.0, Timestamp::from_millisecond(ms).unwrap())
    }

    #[test]
    fn a_bucket_fills_with_time_up_to_one_seconds_worth() {
        assert_eq!(level_at(&gate(0.0, None), 0), 10.0, "never used");
        for (tokens, ms, expected) in
            [(0.0, 0, 0.0), (0.0, 100, 1.0), (0.5, 250, 3.0), (0.0, 1_000, 10.0), (9.0, 86_400_000, 10.0)]
        {
            let level = level_at(&gate(tokens, Some(0)), ms);
            assert!((level - expected).abs() < 1e-9, "{tokens} {ms}: {level}");
        }
    }

    #[test]
    fn a_clock_that_is_behind_takes_nothing_out_and_a_lowered_rate_leaves_no_more_than_its_own() {
        assert_eq!(level_at(&gate(3.0, Some(5_000)), 0), 3.0);
        assert_eq!(level_at(&gate(900.0, Some(0)), 0), 10.0);
        assert_eq!(level_at(&gate(-5.0, Some(0)), 0), 0.0);
    }

    #[test]
    fn only_whole_tokens_count() {
        for (level, count) in [(0.0, 0), (0.999, 0), (1.0, 1), (9.99, 9), (-1.0, 0)] {
            assert_eq!(whole(level), count, "{level}");
        }
    }

    #[test]
    fn the_next_token_comes_when_the_rest_of_it_has_been_filled_in() {
        let now = Timestamp::UNIX_EPOCH;
        assert_eq!(next(0.0, 10.0, now), Timestamp::from_millisecond(100).unwrap());
        assert_eq!(next(0.5, 1.0, now), Timestamp::from_millisecond(500).unwrap());
        assert_eq!(next(2.0, 1.0, now), now);
    }
}
