//! What a JSON value says in a field of a given meaning. SendGrid and its imitators vary the type of almost every
//! field; a type that makes no sense counts as absent, except in `timestamp`.

use super::json::{self, Value};
use super::reason::{QuarantineReason, Unreadable};
use jiff::{SignedDuration, Timestamp};

/// 2009-01-01T00:00:00Z, the year of SendGrid's foundation: no event is older.
const FIRST_SECOND: i64 = 1_230_768_000;
/// From here on a number counts milliseconds: as seconds it would be the year 5138.
const MILLISECONDS_FROM: i64 = 100_000_000_000;
/// How far an event may lie in the future of its body's arrival.
const AHEAD_MAX: SignedDuration = SignedDuration::from_hours(24);
/// How much of an unusable timestamp is quoted.
const QUOTED_BYTES_MAX: usize = 40;

/// A string that is not empty, or a number as it was written. White space at the ends is not part of it.
pub(super) fn text(value: Option<Value<'_>>, lossy: &mut bool) -> Option<String> {
    match value? {
        Value::Text(text) if !text.is_empty() => {
            let text = text.decode(lossy);
            let trimmed = text.trim();
            (!trimmed.is_empty()).then(|| trimmed.to_owned())
        }
        Value::Number(number) => Some(number.to_owned()),
        _ => None,
    }
}

/// An identifier: opaque, so kept to the last byte, but null and `""` are no identifiers.
pub(super) fn id(value: Option<Value<'_>>, lossy: &mut bool) -> Option<String> {
    match value? {
        Value::Text(text) if !text.is_empty() => Some(text.decode(lossy).into_owned()),
        Value::Number(number) => Some(number.to_owned()),
        _ => None,
    }
}

pub(super) fn integer(value: Option<Value<'_>>) -> Option<i64> {
    match value? {
        Value::Number(number) => number.parse().ok(),
        Value::Text(text) => text.decode(&mut false).trim().parse().ok(),
        _ => None,
    }
}

pub(super) fn truth(value: Option<Value<'_>>) -> bool {
    match value {
        Some(Value::Bool(truth)) => truth,
        Some(Value::Number(number)) => number == "1",
        Some(Value::Text(text)) => {
            let text = text.decode(&mut false);
            text == "1" || text.eq_ignore_ascii_case("true")
        }
        _ => false,
    }
}

/// One string, or those of an array; `None` if there is no category at all.
pub(super) fn categories(value: Option<Value<'_>>, lossy: &mut bool) -> Option<Vec<String>> {
    let categories = match value? {
        Value::List(list) => json::items(list).filter_map(|item| text(item.ok(), lossy)).collect(),
        single => Vec::from_iter(text(Some(single), lossy)),
    };
    (!categories.is_empty()).then_some(categories)
}

/// Where in the message a link stood, as `TYPE:INDEX` (`html:2`), independent of spacing and of the order of keys.
pub(super) fn url_offset(value: Option<Value<'_>>, lossy: &mut bool) -> Option<String> {
    let object = match value? {
        Value::Object(object) => object,
        other => return text(Some(other), lossy),
    };
    let (mut kind, mut index) = (None, None);
    for (key, value) in json::members(object).filter_map(Result::ok) {
        match &*key.decode(lossy) {
            "type" => kind = text(Some(value), lossy),
            "index" => index = text(Some(value), lossy),
            _ => {}
        }
    }
    (kind.is_some() || index.is_some())
        .then(|| format!("{}:{}", kind.unwrap_or_default(), index.unwrap_or_default()))
}

/// Whole or fractional seconds or milliseconds since 1970, as a number or in a string; kept to the millisecond.
pub(super) fn timestamp(value: Option<Value<'_>>, received_at: Timestamp) -> Result<Timestamp, Unreadable> {
    let missing = || Unreadable::new(QuarantineReason::MissingTimestamp, "no timestamp".to_owned());
    let bad = |detail| Unreadable::new(QuarantineReason::BadTimestamp, detail);
    let number = match value {
        None | Some(Value::Null) => return Err(missing()),
        Some(Value::Number(number)) => number.into(),
        Some(Value::Text(text)) => text.decode(&mut false),
        Some(other) => return Err(bad(format!("timestamp is {other}"))),
    };
    let number = number.trim();
    if number.is_empty() {
        return Err(missing());
    }
    let at = milliseconds(number)
        .and_then(|milliseconds| Timestamp::from_millisecond(milliseconds).ok())
        .ok_or_else(|| bad(format!("timestamp {} is not a time", quoted(number))))?;
    if at.as_second() < FIRST_SECOND {
        return Err(bad(format!("timestamp {} is before 2009", quoted(number))));
    }
    if at.duration_since(received_at) > AHEAD_MAX {
        return Err(bad(format!("timestamp {} is more than a day after receipt", quoted(number))));
    }
    Ok(at)
}

fn milliseconds(number: &str) -> Option<i64> {
    if let Ok(whole) = number.parse::<i64>() {
        return if whole.saturating_abs() >= MILLISECONDS_FROM { Some(whole) } else { Some(whole * 1000) };
    }
    // Rust's own float grammar also knows `inf` and `nan`.
    if !matches!(json::whole(number.as_bytes()), Ok(Value::Number(_))) {
        return None;
    }
    let float = number.parse::<f64>().ok().filter(|float| float.is_finite())?;
    // Exact far beyond the year 9999, and the conversion saturates.
    let unit = if float.abs() >= MILLISECONDS_FROM as f64 { 1.0 } else { 1000.0 };
    Some((float * unit).floor() as i64)
}

fn quoted(number: &str) -> String {
    let end = number.floor_char_boundary(QUOTED_BYTES_MAX);
    let (start, rest) = number.split_at(end);
    format!("{start:?}{}", if rest.is_empty() { "" } else { "…" })
}
