//! What a JSON value says in a field of a given meaning. SendGrid and its imitators vary the type of almost every
//! field; a type that makes no sense counts as absent, except in `timestamp`.

use super::MAX_CATEGORIES;
use super::json::{self, Value};
use super::reason::{QuarantineReason, Unreadable};
use jiff::{SignedDuration, Timestamp};
use std::borrow::Cow;

/// 2009-01-01T00:00:00Z, the year of SendGrid's foundation: no event is older.
const FIRST_SECOND: i64 = 1_230_768_000;
/// From here on a number counts milliseconds: as seconds it would be the year 5138.
const MILLISECONDS_FROM: i64 = 100_000_000_000;
/// How far an event may lie in the future of its body's arrival.
const AHEAD_MAX: SignedDuration = SignedDuration::from_hours(24);
/// How much of an unusable timestamp is quoted.
const QUOTED_BYTES_MAX: usize = 40;

/// A string that is not empty, or a number as it was written. White space at the ends is not part of it.
pub(super) fn text<'a>(value: Option<Value<'a>>, lossy: &mut bool) -> Option<Cow<'a, str>> {
    match value? {
        Value::Text(text) => trimmed(text.decode(lossy)),
        Value::Number(number) => Some(number.into()),
        _ => None,
    }
}

fn trimmed(text: Cow<'_, str>) -> Option<Cow<'_, str>> {
    let text = match text {
        Cow::Borrowed(text) => text.trim().into(),
        // What was decoded may be long and is not copied again.
        Cow::Owned(whole) if whole.trim().len() == whole.len() => whole.into(),
        Cow::Owned(whole) => whole.trim().to_owned().into(),
    };
    Some(text).filter(|text: &Cow<'_, str>| !text.is_empty())
}

/// An identifier: opaque, so kept to the last byte, but null, `""` and blanks are no identifiers.
pub(super) fn id<'a>(value: Option<Value<'a>>, lossy: &mut bool) -> Option<Cow<'a, str>> {
    match value? {
        Value::Text(text) => Some(text.decode(lossy)).filter(|id| !id.trim().is_empty()),
        Value::Number(number) => Some(number.into()),
        _ => None,
    }
}

/// One address. SendGrid writes it bare; `Name <address>` and a list of one leave no doubt either.
pub(super) fn address<'a>(value: Option<Value<'a>>, lossy: &mut bool) -> Option<Cow<'a, str>> {
    let value = match value? {
        Value::List(list) => {
            let mut items = json::items(list);
            items.next().filter(|_| items.next().is_none())?.ok()?
        }
        single => single,
    };
    let email = text(Some(value), lossy)?;
    let named = email.strip_suffix('>').and_then(|named| named.rsplit_once('<'));
    let inner = named.map(|(_, inner)| inner);
    let bare = inner.filter(|inner| inner.contains('@') && !inner.contains(char::is_whitespace));
    let bare = bare.map(str::to_owned);
    Some(bare.map_or(email, Cow::Owned))
}

/// A whole number, also where it is written as a fraction (`17.0`).
pub(super) fn integer(value: Option<Value<'_>>) -> Option<i64> {
    match value? {
        Value::Number(number) => whole_number(number),
        Value::Text(text) => whole_number(text.decode(&mut false).trim()),
        _ => None,
    }
}

fn whole_number(number: &str) -> Option<i64> {
    // Above this a double no longer tells one whole number from the next.
    const EXACT_MAX: f64 = 9_007_199_254_740_992.0;
    // Normal: what is too small for a double is no zero.
    let whole = |float: &f64| float.is_normal() && float.fract() == 0.0 && float.abs() < EXACT_MAX;
    number.parse().ok().or_else(|| float(number).filter(whole).map(|float| float as i64))
}

/// `None` for what is not JSON's idea of a number (Rust's also knows `inf` and `nan`), or beyond a double.
fn float(number: &str) -> Option<f64> {
    let grammatical = matches!(json::whole(number.as_bytes()), Ok(Value::Number(_)));
    number.parse().ok().filter(|float: &f64| grammatical && float.is_finite())
}

/// Whether a flag is set: `true` or 1, also in a string.
pub(super) fn truth(value: Option<Value<'_>>) -> bool {
    let one = |number: &str| float(number) == Some(1.0);
    match value {
        Some(Value::Bool(truth)) => truth,
        Some(Value::Number(number)) => one(number),
        Some(Value::Text(text)) => {
            let text = text.decode(&mut false);
            let text = text.trim();
            text.eq_ignore_ascii_case("true") || one(text)
        }
        _ => false,
    }
}

/// One string, or those of an array; `None` if there is no category at all. Too many are cut short and flagged.
pub(super) fn categories(value: Option<Value<'_>>, lossy: &mut bool) -> Option<Vec<String>> {
    let mut categories = Vec::new();
    match value? {
        Value::List(list) => {
            for item in json::items(list) {
                if categories.len() == MAX_CATEGORIES {
                    *lossy = true;
                    break;
                }
                categories.extend(text(item.ok(), lossy).map(Cow::into_owned));
            }
        }
        single => categories.extend(text(Some(single), lossy).map(Cow::into_owned)),
    }
    (!categories.is_empty()).then_some(categories)
}

/// Where in the message a link stood, as `TYPE:INDEX` (`html:2`), independent of spacing and of the order of keys.
pub(super) fn url_offset<'a>(value: Option<Value<'a>>, lossy: &mut bool) -> Option<Cow<'a, str>> {
    let object = match value? {
        Value::Object(object) => object,
        other => return text(Some(other), lossy),
    };
    let (mut kind, mut index) = (None, None);
    for (key, value) in json::members(object).filter_map(Result::ok) {
        let key = key.decode(lossy);
        if key.eq_ignore_ascii_case("type") {
            kind = text(Some(value), lossy);
        } else if key.eq_ignore_ascii_case("index") {
            index = text(Some(value), lossy);
        }
    }
    (kind.is_some() || index.is_some())
        .then(|| format!("{}:{}", kind.unwrap_or_default(), index.unwrap_or_default()).into())
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
    let float = float(number)?;
    // Exact far beyond the year 9999, and the conversion saturates.
    let unit = if float.abs() >= MILLISECONDS_FROM as f64 { 1.0 } else { 1000.0 };
    Some((float * unit).floor() as i64)
}

fn quoted(number: &str) -> String {
    let end = number.floor_char_boundary(QUOTED_BYTES_MAX);
    let (start, rest) = number.split_at(end);
    format!("{start:?}{}", if rest.is_empty() { "" } else { "…" })
}
