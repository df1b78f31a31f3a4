//! The content of one JSON string, decoded when somebody asks, whatever it contains.
//!
//! What cannot be text in JSON, in UTF-8 or in PostgreSQL becomes U+FFFD, in this string only: bytes that are not
//! UTF-8, NUL, lone surrogates, and the backslash of an escape that JSON does not have (what follows it stays).

use std::borrow::Cow;

const REPLACEMENT: char = char::REPLACEMENT_CHARACTER;

/// What stands between the quotes.
#[derive(Clone, Copy, Debug)]
pub(super) enum Text<'a> {
    /// Means itself: no escape, nothing that would have to be replaced.
    Plain(&'a str),
    Raw(&'a [u8]),
}

impl<'a> Text<'a> {
    /// Borrowed when the string has no escapes. Sets `lossy` if anything was replaced, and never clears it.
    pub(super) fn decode(self, lossy: &mut bool) -> Cow<'a, str> {
        match self {
            Self::Plain(text) => Cow::Borrowed(text),
            Self::Raw(raw) if memchr::memchr(b'\\', raw).is_none() => {
                sound(raw).map_or_else(|| unescape(raw, lossy).into(), Cow::Borrowed)
            }
            Self::Raw(raw) => Cow::Owned(unescape(raw, lossy)),
        }
    }
}

/// The bytes as text, if nothing in them would have to be replaced.
pub(super) fn sound(bytes: &[u8]) -> Option<&str> {
    std::str::from_utf8(bytes).ok().filter(|_| memchr::memchr(0, bytes).is_none())
}

fn unescape(mut raw: &[u8], lossy: &mut bool) -> String {
    let mut text = String::with_capacity(raw.len());
    while !raw.is_empty() {
        let plain = memchr::memchr2(b'\\', 0, raw).unwrap_or(raw.len());
        // A backslash or NUL never lies inside a UTF-8 sequence, so the pieces can be judged one by one.
        let (piece, rest) = raw.split_at(plain);
        for chunk in piece.utf8_chunks() {
            text.push_str(chunk.valid());
            if !chunk.invalid().is_empty() {
                *lossy = true;
                text.push(REPLACEMENT);
            }
        }
        raw = match rest {
            [b'\\', escape @ ..] => {
                let (decoded, rest) = escaped(escape);
                *lossy |= decoded.is_none();
                text.push(decoded.unwrap_or(REPLACEMENT));
                rest
            }
            [_nul, rest @ ..] => {
                *lossy = true;
                text.push(REPLACEMENT);
                rest
            }
            [] => rest,
        };
    }
    text
}

/// What an escape stands for, if it stands for a character that may be stored, and what follows it.
fn escaped(escape: &[u8]) -> (Option<char>, &[u8]) {
    let (&letter, rest) = match escape.split_first() {
        Some(split) => split,
        None => return (None, escape),
    };
    let decoded = match letter {
        b'"' | b'\\' | b'/' => char::from(letter),
        b'b' => '\u{8}',
        b'f' => '\u{c}',
        b'n' => '\n',
        b'r' => '\r',
        b't' => '\t',
        b'u' => return code_point(rest).unwrap_or((None, escape)),
        _ => return (None, escape),
    };
    (Some(decoded), rest)
}

/// `None` unless four hexadecimal digits follow.
fn code_point(digits: &[u8]) -> Option<(Option<char>, &[u8])> {
    let (unit, rest) = unit(digits)?;
    if (0xd800..0xdc00).contains(&unit)
        && let [b'\\', b'u', low @ ..] = rest
        && let Some((low @ 0xdc00..0xe000, rest)) = self::unit(low)
    {
        return Some((char::from_u32(0x1_0000 + ((unit - 0xd800) << 10) + (low - 0xdc00)), rest));
    }
    Some((char::from_u32(unit).filter(|decoded| *decoded != '\0'), rest))
}

fn unit(digits: &[u8]) -> Option<(u32, &[u8])> {
    let (four, rest) = digits.split_at_checked(4)?;
    let unit = four.iter().try_fold(0, |unit, digit| Some(unit << 4 | char::from(*digit).to_digit(16)?))?;
    Some((unit, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(raw: &[u8]) -> (String, bool) {
        let mut lossy = false;
        let text = Text::Raw(raw).decode(&mut lossy).into_owned();
        (text, lossy)
    }

    #[test]
    fn what_json_allows_is_decoded_exactly() {
        for (raw, text) in [
            (r"", ""),
            (r"plain", "plain"),
            (r#"\"\\\/\b\f\n\r\t"#, "\"\\/\u{8}\u{c}\n\r\t"),
            (r"\u0041\u00e9\u20AC", "Aé€"),
            (r"\ud83d\ude00!", "😀!"),
            ("naïve 😀", "naïve 😀"),
            ("a raw\nline", "a raw\nline"),
        ] {
            assert_eq!(decode(raw.as_bytes()), (text.to_owned(), false), "{raw}");
        }
    }

    #[test]
    fn what_cannot_be_text_is_replaced_and_flagged() {
        for (raw, text) in [
            (&b"a\0b"[..], "a\u{fffd}b"),
            (b"a\\u0000b", "a\u{fffd}b"),
            (b"\\ud800", "\u{fffd}"),
            (b"\\udc00x", "\u{fffd}x"),
            (b"\\ud800\\ud83d\\ude00", "\u{fffd}😀"),
            (b"\\ud800\\u0041", "\u{fffd}A"),
            (b"\\ud800\\n", "\u{fffd}\n"),
            (b"\\x41", "\u{fffd}x41"),
            (b"\\u12", "\u{fffd}u12"),
            (b"\\u12G4", "\u{fffd}u12G4"),
            (b"\\u+123", "\u{fffd}u+123"),
            (b"caf\xe9 noir", "caf\u{fffd} noir"),
            (b"\xc3\\n", "\u{fffd}\n"),
            (b"\xed\xa0\x80", "\u{fffd}\u{fffd}\u{fffd}"),
        ] {
            assert_eq!(decode(raw), (text.to_owned(), true), "{}", raw.escape_ascii());
        }
    }
}
