//! Times and durations as they are typed.

use crate::database;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use std::ops::RangeInclusive;
use std::time::Duration;

/// A moment in the past or the future.
pub(super) fn time(text: &str) -> Result<Timestamp, String> {
    at(text, database::now())
}

/// Reads a time; `now` is what durations are counted from.
fn at(text: &str, now: Timestamp) -> Result<Timestamp, String> {
    let text = text.trim();
    let read = if text == "now" {
        Some(now)
    } else if let Ok(at) = text.parse::<Timestamp>() {
        Some(at)
    } else if let Ok(day) = Date::strptime("%Y-%m-%d", text) {
        day.to_zoned(TimeZone::UTC).ok().map(|midnight| midnight.timestamp())
    } else {
        let ago = humantime::parse_duration(text).ok().and_then(|ago| SignedDuration::try_from(ago).ok());
        ago.and_then(|ago| now.checked_sub(ago).ok())
    };
    // Nothing was received before there was anything to receive with.
    read.filter(|at| *at >= Timestamp::UNIX_EPOCH).ok_or_else(|| {
        "give e.g. 2026-03-01T12:00:00Z, 2026-03-01, a duration ago such as 7d, or now; not before 1970"
            .to_owned()
    })
}

/// A duration of whole seconds within `range`; `said` names the range for people.
pub(super) fn seconds(text: &str, range: RangeInclusive<u64>, said: &str) -> Result<u64, String> {
    let duration = humantime::parse_duration(text.trim())
        .map_err(|error| format!("{error}; write e.g. 30s, 5m or 24h"))?;
    let whole = duration == Duration::from_secs(duration.as_secs()) && range.contains(&duration.as_secs());
    if whole { Ok(duration.as_secs()) } else { Err(format!("give whole seconds, {said}")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<String, String> {
        // 2023-11-14T22:13:20Z.
        at(text, Timestamp::from_second(1_700_000_000).unwrap()).map(|at| at.to_string())
    }

    #[test]
    fn a_time_is_a_moment_a_day_or_how_long_ago() {
        for (text, expected) in [
            ("2026-03-01T12:00:00Z", "2026-03-01T12:00:00Z"),
            ("2026-03-01T12:00:00.5+02:00", "2026-03-01T10:00:00.5Z"),
            ("2026-03-01", "2026-03-01T00:00:00Z"),
            ("7d", "2023-11-07T22:13:20Z"),
            ("1h 30m", "2023-11-14T20:43:20Z"),
            ("now", "2023-11-14T22:13:20Z"),
        ] {
            assert_eq!(read(text).as_deref(), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_time_or_before_all_events_is_refused() {
        for text in [
            "",
            "yesterday",
            "7",
            "2026-02-30",
            "2026-03-01T12:00:00",
            "1969-12-31",
            "100y",
            "99999999999999y",
            "-7d",
        ] {
            assert!(read(text).is_err(), "{text}");
        }
    }

    #[test]
    fn seconds_are_whole_and_within_their_range() {
        for (text, expected) in
            [("1s", Some(1)), ("1m", Some(60)), ("0s", None), ("61s", None), ("1500ms", None)]
        {
            assert_eq!(seconds(text, 1..=60, "from 1s to 60s").ok(), expected, "{text}");
        }
        assert!(seconds("90", 1..=60, "").is_err());
    }
}
