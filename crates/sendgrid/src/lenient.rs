//! Reading JSON that does not keep to its specification: null and the text `"null"` are absent, numbers come as text and
//! text as numbers, lists hold empty objects. Pure; decides nothing about what must be there.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

pub(crate) type Object = Map<String, Value>;

/// Text that says something.
pub(crate) fn text(object: &Object, key: &str) -> Option<String> {
    match object.get(key)? {
        Value::String(text) if text.is_empty() || text == "null" => None,
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

pub(crate) fn flag(object: &Object, key: &str) -> Option<bool> {
    match object.get(key)? {
        Value::Bool(flag) => Some(*flag),
        Value::Number(number) => match number.as_u64()? {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        },
        Value::String(text) => match text.as_str() {
            "true" | "1" => Some(true),
            "false" | "0" => Some(false),
            _ => None,
        },
        _ => None,
    }
}

pub(crate) fn number(object: &Object, key: &str) -> Option<u64> {
    match object.get(key)? {
        Value::Number(number) => number.as_u64().or_else(|| whole(number.as_f64()?)),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

/// Counts are small; what a double cannot hold exactly is no count.
fn whole(number: f64) -> Option<u64> {
    const EXACT_MAX: f64 = 9_007_199_254_740_992.0;
    let is_count = number.fract() == 0.0 && (0.0..=EXACT_MAX).contains(&number);
    is_count.then_some(number as u64)
}

/// RFC 3339, the same without a zone (then it is UTC), or Unix seconds as a number or digits.
pub(crate) fn time(object: &Object, key: &str) -> Option<Timestamp> {
    match object.get(key)? {
        Value::Number(number) => Timestamp::from_second(number.as_i64()?).ok(),
        Value::String(text) => time_of(text.trim()),
        _ => None,
    }
}

fn time_of(text: &str) -> Option<Timestamp> {
    if let Ok(seconds) = text.parse() {
        return Timestamp::from_second(seconds).ok();
    }
    let zoned = text.parse::<Timestamp>().ok();
    zoned.or_else(|| TimeZone::UTC.to_timestamp(text.parse::<DateTime>().ok()?).ok())
}

/// Texts of a list; a single text is a list of one.
pub(crate) fn texts(object: &Object, key: &str) -> Vec<String> {
    match object.get(key) {
        Some(Value::String(text)) if !text.is_empty() && text != "null" => vec![text.clone()],
        Some(Value::Array(items)) => {
            items.iter().filter_map(|item| item.as_str().map(str::to_owned)).collect()
        }
        _ => Vec::new(),
    }
}

/// Named texts: an object, or one written into a string, as Email Activity does with `unique_args`.
pub(crate) fn named_texts(object: &Object, key: &str) -> BTreeMap<String, String> {
    let written;
    let named = match object.get(key) {
        Some(Value::Object(named)) => named,
        Some(Value::String(text)) => match serde_json::from_str::<Value>(text) {
            Ok(Value::Object(named)) => {
                written = named;
                &written
            }
            _ => return BTreeMap::new(),
        },
        _ => return BTreeMap::new(),
    };
    let as_text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    named.iter().map(|(name, value)| (name.clone(), as_text(value))).collect()
}

/// The objects of a list that say anything at all, and how many elements are no objects. A missing list is `None`; null is
/// an empty one.
pub(crate) fn objects(list: Option<&Value>) -> Option<(Vec<&Object>, usize)> {
    match list? {
        Value::Null => Some((Vec::new(), 0)),
        Value::Array(items) => {
            let objects: Vec<_> = items.iter().filter_map(Value::as_object).collect();
            let strange = items.len() - objects.len();
            Some((objects.into_iter().filter(|object| !object.is_empty()).collect(), strange))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn object(value: Value) -> Object {
        value.as_object().unwrap().clone()
    }

    #[test]
    fn null_the_text_null_and_nothing_are_all_absent() {
        let object = object(json!({ "a": null, "b": "null", "c": "", "d": {}, "e": 17, "f": "x" }));
        let read = |key| text(&object, key);
        assert_eq!(["a", "b", "c", "d", "z"].map(read), [None, None, None, None, None]);
        assert_eq!(read("e").as_deref(), Some("17"));
        assert_eq!(read("f").as_deref(), Some("x"));
    }

    #[test]
    fn flags_and_numbers_come_as_text_too() {
        let object = object(json!({
            "a": true, "b": "true", "c": 1, "d": "0", "e": "yes", "f": 2, "g": null,
            "n": 5, "o": "5", "p": 5.0, "q": 5.5, "r": -5, "s": "five", "t": 1e300,
        }));
        let read = |key| flag(&object, key);
        assert_eq!(["a", "b", "c", "d"].map(read), [Some(true), Some(true), Some(true), Some(false)]);
        assert_eq!(["e", "f", "g", "z"].map(read), [None; 4]);
        let read = |key| number(&object, key);
        assert_eq!(["n", "o", "p"].map(read), [Some(5); 3]);
        assert_eq!(["q", "r", "s", "t", "z"].map(read), [None; 5]);
    }

    #[test]
    fn times_come_in_four_forms_and_are_the_same() {
        let object = object(json!({
            "a": "2017-10-13T18:56:21Z", "b": "2017-10-13 18:56:21", "c": 1_507_920_981, "d": "1507920981",
            "e": "2017-10-13T20:56:21+02:00", "f": "soon", "g": null, "h": "", "i": "99999999999999999999",
        }));
        let read = |key| time(&object, key).map(Timestamp::as_second);
        assert_eq!(["a", "b", "c", "d", "e"].map(read), [Some(1_507_920_981); 5]);
        assert_eq!(["f", "g", "h", "i", "z"].map(read), [None; 5]);
    }

    #[test]
    fn arguments_written_into_a_string_are_read() {
        let object = object(json!({
            "a": "{\"order\":\"17\",\"n\":3}", "b": { "order": "17", "n": 3 },
            "c": "null", "d": "", "e": "{", "f": null, "g": "[1]",
        }));
        let expected =
            BTreeMap::from([("n".to_owned(), "3".to_owned()), ("order".to_owned(), "17".to_owned())]);
        assert_eq!(named_texts(&object, "a"), expected);
        assert_eq!(named_texts(&object, "b"), expected);
        for key in ["c", "d", "e", "f", "g", "z"] {
            assert!(named_texts(&object, key).is_empty(), "{key}");
        }
    }

    #[test]
    fn a_list_with_an_empty_object_is_an_empty_list_and_a_missing_one_is_none() {
        let lists = json!({ "a": [{}], "b": null, "c": [{ "x": 1 }, "odd", {}, 3], "d": {} });
        assert_eq!(objects(lists.get("a")), Some((Vec::new(), 0)));
        assert_eq!(objects(lists.get("b")), Some((Vec::new(), 0)));
        assert_eq!(objects(lists.get("c")).map(|(found, strange)| (found.len(), strange)), Some((1, 2)));
        assert_eq!(objects(lists.get("d")), None);
        assert_eq!(objects(lists.get("z")), None);
    }

    #[test]
    fn one_text_is_a_list_of_one() {
        let object = object(json!({ "a": "x", "b": ["x", 1, "y"], "c": null, "d": "null" }));
        assert_eq!(texts(&object, "a"), ["x"]);
        assert_eq!(texts(&object, "b"), ["x", "y"]);
        assert!(texts(&object, "c").is_empty() && texts(&object, "d").is_empty());
    }
}
