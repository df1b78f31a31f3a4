//! JSON's grammar over bytes, tolerant of one thing: what a string contains.
//!
//! Written here because `serde_json` refuses what must be read: control characters, broken escapes and lone
//! surrogates in strings, bytes that are not UTF-8, and (as numbers) 1e400. Nothing is converted before somebody
//! asks, nothing recurses, and nesting is bounded by [`DEPTH_MAX`].

mod cursor;

pub(super) use cursor::Cursor;

use super::text::Text;
use std::fmt;

/// Deepest nesting of arrays and objects in one field. SendGrid uses one.
pub(super) const DEPTH_MAX: u32 = u64::BITS;

/// A value as it stands in the body. Copying it copies no text.
#[derive(Clone, Copy, Debug)]
pub(super) enum Value<'a> {
    Null,
    Bool(bool),
    /// By JSON's grammar, of any magnitude.
    Number(&'a str),
    Text(Text<'a>),
    /// Grammatical throughout, brackets included.
    List(&'a [u8]),
    /// Grammatical throughout, braces included.
    Object(&'a [u8]),
}

/// Names the value's type with its article, for sentences.
impl fmt::Display for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Null => "null",
            Self::Bool(_) => "a boolean",
            Self::Number(_) => "a number",
            Self::Text(_) => "a string",
            Self::List(_) => "an array",
            Self::Object(_) => "an object",
        })
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Malformed {
    #[error("expected {what} at byte {at}")]
    Expected { what: &'static str, at: usize },
    #[error("nested deeper than {DEPTH_MAX} levels at byte {at}")]
    TooDeep { at: usize },
}

pub(super) const fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}

/// The end of a string.
pub(super) struct EndOfText {
    /// Of its closing quote.
    pub(super) at: usize,
    /// Whether there is a backslash in it.
    pub(super) escapes: bool,
}

/// Where the string whose content begins at `from` has its closing quote.
pub(super) fn end_of_text(bytes: &[u8], from: usize) -> Option<EndOfText> {
    let (mut at, mut escapes) = (from, false);
    loop {
        at += memchr::memchr2(b'"', b'\\', bytes.get(at..)?)?;
        if bytes[at] == b'"' {
            return Some(EndOfText { at, escapes });
        }
        escapes = true;
        at += 2;
    }
}

/// The value that all of `bytes` is.
pub(super) fn whole(bytes: &[u8]) -> Result<Value<'_>, Malformed> {
    let mut cursor = Cursor::new(bytes);
    cursor.space();
    let value = cursor.value()?;
    cursor.end()?;
    Ok(value)
}

/// The members of an object in their order, repeated keys included. `object` begins with its brace; anything but
/// white space after it is an error, as is anything wrong inside it.
pub(super) fn members<'a>(
    object: &'a [u8],
) -> impl Iterator<Item = Result<(Text<'a>, Value<'a>), Malformed>> + use<'a> {
    contained(object, b'}', |cursor| Ok((cursor.key()?, cursor.value()?)))
}

/// The items of an array. `list` begins with its bracket.
pub(super) fn items<'a>(list: &'a [u8]) -> impl Iterator<Item = Result<Value<'a>, Malformed>> + use<'a> {
    contained(list, b']', Cursor::value)
}

/// Ends after the first error.
fn contained<'a, T>(
    container: &'a [u8],
    closer: u8,
    read: impl Fn(&mut Cursor<'a>) -> Result<T, Malformed>,
) -> impl Iterator<Item = Result<T, Malformed>> {
    let mut cursor = Cursor::after_bracket(container);
    let (mut fresh, mut done) = (true, false);
    std::iter::from_fn(move || {
        if done {
            return None;
        }
        let item = match cursor.more(closer, std::mem::take(&mut fresh)) {
            Ok(true) => Some(read(&mut cursor)),
            Ok(false) => cursor.end().err().map(Err),
            Err(malformed) => Some(Err(malformed)),
        };
        done = !matches!(item, Some(Ok(_)));
        item
    })
}
