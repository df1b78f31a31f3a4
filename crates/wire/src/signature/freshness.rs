//! Whether a right signature may still be acted upon: a claim about time is worth something only once the signature
//! is known to be right.

use jiff::{SignedDuration, Timestamp};

/// How far ahead of ours SendGrid's clock may be.
pub const AHEAD_MAX: SignedDuration = SignedDuration::from_mins(5);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Freshness {
    Fresh,
    Expired,
    /// Signed further ahead of our clock than [`AHEAD_MAX`].
    FromTheFuture,
}

/// Time since a signature was made, by the ten digits of its timestamp header; negative if its clock is ahead of ours.
/// `None` for any other text.
#[must_use]
pub fn age(timestamp: &[u8], now: Timestamp) -> Option<SignedDuration> {
    let signed_at = signed_at(timestamp)?;
    Some(SignedDuration::from_secs(now.as_second() - signed_at))
}

/// The Unix second that the ten digits of a timestamp header name: from 2001 to 2286. `None` for any other text.
#[must_use]
pub fn signed_at(timestamp: &[u8]) -> Option<i64> {
    let digits: &[u8; 10] = timestamp.try_into().ok()?;
    let number =
        |number: i64, digit: &u8| digit.is_ascii_digit().then(|| number * 10 + i64::from(digit - b'0'));
    digits.iter().try_fold(0, number)
}

/// Both bounds are themselves fresh.
#[must_use]
pub fn freshness(age: SignedDuration, age_max: SignedDuration) -> Freshness {
    if age > age_max {
        Freshness::Expired
    } else if age < -AHEAD_MAX {
        Freshness::FromTheFuture
    } else {
        Freshness::Fresh
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn age_counts_from_the_signature_to_now() {
        let at = |second| age(b"1700000000", Timestamp::from_second(second).unwrap());
        assert_eq!(at(1_700_000_060), Some(SignedDuration::from_secs(60)));
        assert_eq!(at(1_699_999_990), Some(SignedDuration::from_secs(-10)));
    }

    #[test]
    fn nothing_but_ten_digits_is_a_time() {
        for text in ["", "170000000", "17000000000", "170000000x", "-170000000", "1700000.00", " 170000000"] {
            assert_eq!(signed_at(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn freshness_ends_after_the_longest_age_and_five_minutes_ahead() {
        let of = |seconds| freshness(SignedDuration::from_secs(seconds), SignedDuration::from_secs(600));
        for seconds in [0, 600, -300] {
            assert_eq!(of(seconds), Freshness::Fresh, "{seconds}");
        }
        for seconds in [601, i64::from(u32::MAX)] {
            assert_eq!(of(seconds), Freshness::Expired, "{seconds}");
        }
        for seconds in [-301, -i64::from(u32::MAX)] {
            assert_eq!(of(seconds), Freshness::FromTheFuture, "{seconds}");
        }
    }
}
