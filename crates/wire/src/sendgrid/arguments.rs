//! The sender's custom arguments, as the text of one JSON object that any parser and PostgreSQL accept.
//!
//! Keys are sorted and unique, so that the text does not depend on SendGrid's order. Values keep their type, with
//! two repairs: strings lose what cannot be text (see [`super::text`]), and a number that a double or PostgreSQL's
//! numeric cannot hold becomes the string of its digits.

use super::json::{Cursor, Malformed, Value, is_space};
use std::borrow::Cow;
use std::fmt::Write;

/// Longest number that stays a number. No double needs more digits.
const NUMBER_BYTES_MAX: usize = 32;

/// Room for what most senders attach, so that the text is rarely moved while it grows.
const TYPICAL_BYTES: usize = 128;

pub(super) type Argument<'a> = (Cow<'a, str>, Value<'a>);

/// `None` if there are no arguments. Of several with one name the last wins.
pub(super) fn render(arguments: &mut [Argument<'_>], lossy: &mut bool) -> Result<Option<String>, Malformed> {
    if arguments.is_empty() {
        return Ok(None);
    }
    // Stable, so that of equal names the last written comes last.
    arguments.sort_by(|(a, _), (b, _)| a.cmp(b));
    let mut json = String::with_capacity(TYPICAL_BYTES);
    json.push('{');
    for (index, (name, value)) in arguments.iter().enumerate() {
        if arguments.get(index + 1).is_some_and(|(next, _)| next == name) {
            continue;
        }
        if json.len() > 1 {
            json.push(',');
        }
        push_text(&mut json, name);
        json.push(':');
        push_value(&mut json, *value, lossy)?;
    }
    json.push('}');
    Ok(Some(json))
}

fn push_value(json: &mut String, value: Value<'_>, lossy: &mut bool) -> Result<(), Malformed> {
    match value {
        Value::Null => json.push_str("null"),
        Value::Bool(truth) => json.push_str(if truth { "true" } else { "false" }),
        Value::Number(number) => push_number(json, number),
        Value::Text(text) => push_text(json, &text.decode(lossy)),
        Value::List(raw) | Value::Object(raw) => push_compound(json, raw, lossy)?,
    }
    Ok(())
}

/// Token by token: the structure is known to be right, only strings and numbers need a look.
fn push_compound(json: &mut String, raw: &[u8], lossy: &mut bool) -> Result<(), Malformed> {
    let mut cursor = Cursor::new(raw);
    while let Some(byte) = cursor.peek() {
        match byte {
            b'"' => push_text(json, &cursor.text()?.decode(lossy)),
            b'-' | b'0'..=b'9' => push_number(json, cursor.number()?),
            byte => {
                if !is_space(byte) {
                    json.push(char::from(byte));
                }
                cursor.step();
            }
        }
    }
    Ok(())
}

fn push_number(json: &mut String, number: &str) {
    let holds = |float: f64| float.is_normal() || (float == 0.0 && !number.contains(['e', 'E', '.']));
    if number.len() <= NUMBER_BYTES_MAX && number.parse().is_ok_and(holds) {
        json.push_str(number);
    } else {
        push_text(json, number);
    }
}

fn push_text(json: &mut String, text: &str) {
    json.push('"');
    let mut rest = text;
    while let Some(plain) = rest.bytes().position(|byte| byte < b' ' || matches!(byte, b'"' | b'\\')) {
        let (before, special) = rest.split_at(plain);
        json.push_str(before);
        // One of the characters looked for, so one byte of ASCII.
        let (special, after) = special.split_at(1);
        match special {
            "\"" => json.push_str("\\\""),
            "\\" => json.push_str("\\\\"),
            "\n" => json.push_str("\\n"),
            "\r" => json.push_str("\\r"),
            "\t" => json.push_str("\\t"),
            control => control.bytes().for_each(|byte| {
                // Writing to a `String` cannot fail.
                let _infallible = write!(json, "\\u{byte:04x}");
            }),
        }
        rest = after;
    }
    json.push_str(rest);
    json.push('"');
}
