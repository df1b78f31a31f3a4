//! `Retry-After`: when a consumer asks to be asked again (RFC 9110, section 10.2.3).
//!
//! Pure. Seconds, or a date in any of the three forms of HTTP. What cannot be read counts as not said. How far it is
//! heeded is decided in [`crate::verdict`].

use jiff::Timestamp;
use std::time::Duration;

/// More than anybody may mean; keeps sums of times within their range.
const LONGEST: Duration = Duration::from_secs(366 * 24 * 60 * 60);

/// The time that `value` names.
pub(crate) fn come_again(value: &[u8], now: Timestamp) -> Option<Timestamp> {
    let text = std::str::from_utf8(value).ok()?.trim_ascii();
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        // Too many digits for a number are too many seconds, too.
        let asked = text.parse().map_or(LONGEST, Duration::from_secs).min(LONGEST);
        return now.checked_add(asked).ok();
    }
    // A date that no timestamp holds is as far away as can be meant.
    let longest = now.saturating_add(LONGEST).unwrap_or(Timestamp::MAX);
    Some(Timestamp::try_from(httpdate::parse_http_date(text).ok()?).unwrap_or(longest))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW_S: i64 = 1_700_000_000;

    fn read(value: impl AsRef<[u8]>) -> Option<i64> {
        come_again(value.as_ref(), Timestamp::from_second(NOW_S).unwrap()).map(|at| at.as_second() - NOW_S)
    }

    #[test]
    fn seconds_count_from_now() {
        for (value, seconds) in [("0", 0), ("1", 1), ("120", 120), (" 30 ", 30), ("007", 7)] {
            assert_eq!(read(value), Some(seconds), "{value:?}");
        }
    }

    #[test]
    fn too_many_seconds_are_the_most_there_are() {
        let most = i64::try_from(LONGEST.as_secs()).unwrap();
        for value in ["31622401", "18446744073709551615", "18446744073709551616", &"9".repeat(4_000)] {
            assert_eq!(read(value), Some(most), "{value}");
        }
    }

    #[test]
    fn all_three_forms_of_a_date_are_read_also_those_that_have_passed() {
        // 2023-11-14 22:13:20 is now.
        for (value, seconds) in [
            ("Tue, 14 Nov 2023 22:15:20 GMT", 120),
            ("Tuesday, 14-Nov-23 22:15:20 GMT", 120),
            ("Tue Nov 14 22:15:20 2023", 120),
            ("Tue, 14 Nov 2023 21:13:20 GMT", -3_600),
            ("Thu, 01 Jan 1970 00:00:00 GMT", -NOW_S),
        ] {
            assert_eq!(read(value), Some(seconds), "{value}");
        }
        assert!(read("Fri, 31 Dec 9999 23:59:59 GMT").is_some_and(|seconds| seconds > 1_000_000));
    }

    #[test]
    fn what_is_neither_is_not_heeded() {
        for value in [
            "",
            " ",
            "-5",
            "+5",
            "5.5",
            "5s",
            "1e3",
            "soon",
            "٣",
            "120, 60",
            "2023-11-14T22:15:20Z",
            "Tue, 14 Nov 2023",
        ] {
            assert_eq!(read(value), None, "{value:?}");
        }
        assert_eq!(read([0xff, 0x31]), None);
    }
}
