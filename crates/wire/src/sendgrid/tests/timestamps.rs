//! What counts as a time.

use super::*;
use QuarantineReason as Reason;

fn with_timestamp(timestamp: &str) -> Result<i64, Reason> {
    one(format!(r#"{{"event":"open","email":"reader@example.org","timestamp":{timestamp}}}"#))
        .map(|event| event.at.as_millisecond())
        .map_err(|unreadable| unreadable.reason)
}

#[test]
fn numbers_and_numeric_strings_in_seconds_or_milliseconds_are_times() {
    for (timestamp, milliseconds) in [
        ("1710334643", 1_710_334_643_000),
        ("\"1710334643\"", 1_710_334_643_000),
        ("\" 1710334643 \"", 1_710_334_643_000),
        ("1710334643.0", 1_710_334_643_000),
        ("1710334643.25", 1_710_334_643_250),
        ("\"1710334643.25\"", 1_710_334_643_250),
        ("1.710334643e9", 1_710_334_643_000),
        ("1710334643123", 1_710_334_643_123),
        ("\"1710334643123\"", 1_710_334_643_123),
        ("1710334643123.9", 1_710_334_643_123),
        ("1.710334643123E+12", 1_710_334_643_123),
        ("1710334643.003", 1_710_334_643_003),
        ("1710334643.0039", 1_710_334_643_003),
        ("\"+1710334643\"", 1_710_334_643_000),
        ("1230768000", 1_230_768_000_000),
    ] {
        assert_eq!(with_timestamp(timestamp), Ok(milliseconds), "{timestamp}");
    }
}

#[test]
fn what_is_no_plausible_time_is_quarantined() {
    for (timestamp, reason) in [
        ("null", Reason::MissingTimestamp),
        ("\"\"", Reason::MissingTimestamp),
        ("\"  \"", Reason::MissingTimestamp),
        ("true", Reason::BadTimestamp),
        ("[1710334643]", Reason::BadTimestamp),
        ("{}", Reason::BadTimestamp),
        ("\"yesterday\"", Reason::BadTimestamp),
        ("\"2024-03-13T12:57:23Z\"", Reason::BadTimestamp),
        ("\"inf\"", Reason::BadTimestamp),
        ("\"NaN\"", Reason::BadTimestamp),
        ("\"0x65F1A2B3\"", Reason::BadTimestamp),
        ("1e9", Reason::BadTimestamp),
        ("1710334643123456", Reason::BadTimestamp),
        ("\"1710334643s\"", Reason::BadTimestamp),
        ("\"1,710,334,643\"", Reason::BadTimestamp),
        ("false", Reason::BadTimestamp),
        ("1e400", Reason::BadTimestamp),
        ("-1e400", Reason::BadTimestamp),
        ("1e-400", Reason::BadTimestamp),
        ("0", Reason::BadTimestamp),
        ("-1710334643", Reason::BadTimestamp),
        ("123456789", Reason::BadTimestamp),
        ("1230767999", Reason::BadTimestamp),
        ("99999999999", Reason::BadTimestamp),
        ("9223372036854775807", Reason::BadTimestamp),
        ("-9223372036854775808", Reason::BadTimestamp),
        ("99999999999999999999999999", Reason::BadTimestamp),
    ] {
        assert_eq!(with_timestamp(timestamp), Err(reason), "{timestamp}");
    }
    assert_eq!(refused(r#"{"event":"open","email":"reader@example.org"}"#), Reason::MissingTimestamp);
}

#[test]
fn an_event_may_be_a_day_ahead_of_its_batch_and_not_a_second_more() {
    let last = RECEIVED + 24 * 60 * 60;
    assert_eq!(with_timestamp(&last.to_string()), Ok(last * 1000));
    assert_eq!(with_timestamp(&(last + 1).to_string()), Err(Reason::BadTimestamp));
}

#[test]
fn an_endless_timestamp_is_not_repeated_at_length() {
    let unreadable = one(format!(r#"{{"event":"open","timestamp":"{}"}}"#, "é".repeat(100_000))).unwrap_err();
    assert!(unreadable.detail.len() < 120, "{}", unreadable.detail);
}
