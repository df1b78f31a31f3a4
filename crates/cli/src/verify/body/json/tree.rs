//! A JSON text with the order of its keys and its own spelling of everything, and writing it in another style.

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::fmt::{self, Write as _};

/// Events are flat with a few small objects in them. Each level is scanned once more, so the depth is what bounds work.
const DEPTH_MAX: usize = 16;

/// The order of fields in SendGrid's Event Webhook reference, which its test keeps to.
const DOCUMENTED: [&str; 17] = [
    "email",
    "timestamp",
    "pool",
    "smtp-id",
    "event",
    "category",
    "sg_event_id",
    "sg_message_id",
    "reason",
    "status",
    "type",
    "response",
    "attempt",
    "useragent",
    "ip",
    "url",
    "asm_group_id",
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    Kept,
    Sorted,
    Documented,
}

/// What is written as an escape although it need not be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Escapes {
    /// `<`, `>` and `&`.
    pub markup: bool,
    pub non_ascii: bool,
    pub slashes: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Strings {
    Kept,
    Written(Escapes),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Style {
    pub order: Order,
    pub strings: Strings,
    /// Between events, and after the last.
    pub joint: (&'static str, &'static str),
}

#[derive(Debug)]
pub(super) enum Tree<'a> {
    /// A number, `true`, `false` or `null`, as it is written.
    Scalar(&'a str),
    /// A string, as it is written, and what it says.
    Text(&'a str, String),
    List(Vec<Tree<'a>>),
    Fields(Vec<(String, Tree<'a>)>),
}

/// The fields of an object in their order, repeated ones included.
struct Members<'a>(Vec<(String, &'a RawValue)>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;
        impl<'de> Visitor<'de> for InOrder {
            type Value = Members<'de>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(InOrder)
    }
}

impl<'a> Tree<'a> {
    /// `None` for what is no JSON or too deep.
    pub(super) fn parse(text: &'a str) -> Option<Self> {
        Self::at_depth(text, 0)
    }

    fn at_depth(text: &'a str, depth: usize) -> Option<Self> {
        let text = text.trim_matches(|letter| matches!(letter, ' ' | '\t' | '\r' | '\n'));
        match text.as_bytes().first()? {
            b'{' | b'[' if depth == DEPTH_MAX => None,
            b'{' => {
                let Members(members) = serde_json::from_str(text).ok()?;
                let field = |(name, value): (String, &'a RawValue)| {
                    Some((name, Self::at_depth(value.get(), depth + 1)?))
                };
                members.into_iter().map(field).collect::<Option<_>>().map(Self::Fields)
            }
            b'[' => {
                let items: Vec<&'a RawValue> = serde_json::from_str(text).ok()?;
                let item = |item: &'a RawValue| Self::at_depth(item.get(), depth + 1);
                items.into_iter().map(item).collect::<Option<_>>().map(Self::List)
            }
            b'"' => Some(Self::Text(text, serde_json::from_str(text).ok()?)),
            _ => serde_json::from_str::<&RawValue>(text).ok().map(|raw| Self::Scalar(raw.get())),
        }
    }

    /// The whole body in this style.
    pub(super) fn write(&self, style: Style) -> String {
        let mut out = String::new();
        let (between, end) = style.joint;
        match self {
            Self::List(events) => {
                out.push('[');
                for (position, event) in events.iter().enumerate() {
                    if position > 0 {
                        out.push_str(between);
                    }
                    event.write_to(&mut out, style, style.order);
                }
                out.push(']');
            }
            other => other.write_to(&mut out, style, style.order),
        }
        out.push_str(end);
        out
    }

    /// `order` is that of this very value: what is inside an event has no documented order.
    fn write_to(&self, out: &mut String, style: Style, order: Order) {
        let within = if order == Order::Documented { Order::Kept } else { order };
        match self {
            Self::Scalar(raw) => out.push_str(raw),
            Self::Text(raw, _) if style.strings == Strings::Kept => out.push_str(raw),
            Self::Text(_, text) => string(out, text, style.strings),
            Self::List(items) => {
                out.push('[');
                for (position, item) in items.iter().enumerate() {
                    out.push_str(if position > 0 { "," } else { "" });
                    item.write_to(out, style, within);
                }
                out.push(']');
            }
            Self::Fields(fields) => {
                out.push('{');
                for (position, (name, value)) in ordered(fields, order).into_iter().enumerate() {
                    out.push_str(if position > 0 { "," } else { "" });
                    string(out, name, style.strings);
                    out.push(':');
                    value.write_to(out, style, within);
                }
                out.push('}');
            }
        }
    }
}

fn ordered<'t, 'a>(fields: &'t [(String, Tree<'a>)], order: Order) -> Vec<&'t (String, Tree<'a>)> {
    let mut fields: Vec<_> = fields.iter().collect();
    let place = |name: &str| DOCUMENTED.iter().position(|known| *known == name).unwrap_or(DOCUMENTED.len());
    match order {
        Order::Kept => {}
        Order::Sorted => fields.sort_by(|(one, _), (other, _)| one.cmp(other)),
        Order::Documented => fields.sort_by_key(|(name, _)| place(name)),
    }
    fields
}

/// Writes a string; names of fields, too, where strings are kept: theirs need no escapes.
fn string(out: &mut String, text: &str, strings: Strings) {
    let escapes = match strings {
        Strings::Kept => Escapes { markup: false, non_ascii: false, slashes: false },
        Strings::Written(escapes) => escapes,
    };
    out.push('"');
    for letter in text.chars() {
        match letter {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\u{8}' => out.push_str("\\b"),
            '\u{C}' => out.push_str("\\f"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '/' if escapes.slashes => out.push_str("\\/"),
            '<' | '>' | '&' if escapes.markup => escaped(out, letter),
            letter if u32::from(letter) < 0x20 => escaped(out, letter),
            letter if !letter.is_ascii() && escapes.non_ascii => escaped(out, letter),
            letter => out.push(letter),
        }
    }
    out.push('"');
}

fn escaped(out: &mut String, letter: char) {
    for unit in letter.encode_utf16(&mut [0; 2]) {
        // Writing to a `String` cannot fail.
        let _infallible = write!(out, "\\u{unit:04x}");
    }
}
