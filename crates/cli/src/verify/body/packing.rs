//! Bodies that were packed into something on their way: undone only where the packing shows.
//!
//! What comes out is bounded by [`BODY_BYTES_MAX`], whatever a compressed body claims.

mod compressed;

use super::super::mistake::Mistake;
use super::super::saved::BODY_BYTES_MAX;
use Mistake::{Base64Body, ChunkFraming, Deflate, FormEncoded, Gzip, JsonString, LineBreaksEscaped};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

/// What a plus sign stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Plus {
    Kept,
    Space,
}

/// Every packing that can be undone.
pub(super) fn undone(bytes: &[u8]) -> Vec<(Vec<u8>, Mistake)> {
    let mut found: Vec<(Vec<u8>, Mistake)> = Vec::new();
    found.extend(line_breaks(bytes).map(|bytes| (bytes, LineBreaksEscaped)));
    if is_json(bytes) {
        return found;
    }
    found.extend(dechunk(bytes).map(|bytes| (bytes, ChunkFraming)));
    found.extend(compressed::gunzip(bytes).map(|bytes| (bytes, Gzip)));
    found.extend(compressed::inflate(bytes).filter(|bytes| is_json(bytes)).map(|bytes| (bytes, Deflate)));
    found.extend(base64(bytes).map(|bytes| (bytes, Base64Body)));
    found.extend(json_string(bytes).map(|bytes| (bytes, JsonString)));
    found.extend(form(bytes).into_iter().map(|bytes| (bytes, FormEncoded)));
    found
}

/// An array or an object, by its first byte: nothing that is packed begins so.
fn is_json(bytes: &[u8]) -> bool {
    matches!(bytes.trim_ascii_start(), [b'[' | b'{', ..])
}

/// Takes away the framing of chunked transfer (RFC 9112, 7.1), if it is whole.
pub(in super::super) fn dechunk(bytes: &[u8]) -> Option<Vec<u8>> {
    let (mut rest, mut body) = (bytes, Vec::new());
    loop {
        let (head, after) = line(rest)?;
        let size = head.split(|byte| *byte == b';').next()?.trim_ascii();
        let size = usize::from_str_radix(std::str::from_utf8(size).ok()?, 16).ok()?;
        if size == 0 {
            return Some(body);
        }
        let (chunk, after) = after.split_at_checked(size)?;
        body.extend_from_slice(chunk);
        let (between, after) = line(after)?;
        if !between.is_empty() {
            return None;
        }
        rest = after;
    }
}

/// A line without its break, and what follows.
fn line(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let at = bytes.iter().position(|byte| *byte == b'\n')?;
    let (line, rest) = bytes.split_at(at);
    Some((line.strip_suffix(b"\r").unwrap_or(line), rest.get(1..)?))
}

/// Base64 in either alphabet, with or without padding, wrapped or not.
fn base64(bytes: &[u8]) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(bytes).ok()?;
    let mut text: String = text.chars().filter(|letter| !letter.is_ascii_whitespace()).collect();
    text = text.trim_end_matches('=').replace('-', "+").replace('_', "/");
    text.extend(std::iter::repeat_n('=', text.len().wrapping_neg() % 4));
    BASE64_STANDARD.decode(text).ok().filter(|bytes| !bytes.is_empty())
}

/// A JSON string whose content is the body.
fn json_string(bytes: &[u8]) -> Option<Vec<u8>> {
    let quoted = bytes.trim_ascii_start().first() == Some(&b'"');
    quoted.then(|| serde_json::from_slice::<String>(bytes).ok())?.map(String::into_bytes)
}

/// A body that was taken for a form: as its only name, or as the value of a field.
fn form(bytes: &[u8]) -> Vec<Vec<u8>> {
    let bytes = bytes.trim_ascii();
    if !bytes.contains(&b'%') {
        return Vec::new();
    }
    let whole = bytes.strip_suffix(b"=").unwrap_or(bytes);
    let field = bytes.split(|byte| *byte == b'&').next().unwrap_or_default();
    let value = field.iter().position(|byte| *byte == b'=').and_then(|at| field.get(at + 1..));
    let texts = [Some(whole), value.filter(|value| !value.is_empty())].into_iter().flatten();
    let mut found: Vec<Vec<u8>> = Vec::new();
    for text in texts {
        for plus in [Plus::Space, Plus::Kept] {
            found.extend(percent_decode(text, plus).filter(|bytes| is_json(bytes)));
        }
    }
    found.dedup();
    found
}

/// Undoes percent-encoding; `None` if a percent sign stands for nothing.
pub(in super::super) fn percent_decode(text: &[u8], plus: Plus) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.iter();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'%' => {
                let mut digit = || char::from(*rest.next()?).to_digit(16);
                u8::try_from(digit()? << 4 | digit()?).ok()?
            }
            b'+' if plus == Plus::Space => b' ',
            byte => *byte,
        });
    }
    Some(bytes)
}

/// Line breaks that are there as letters, where JSON allows breaks: between events and at the end.
fn line_breaks(bytes: &[u8]) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(bytes).ok().filter(|text| text.len() <= BODY_BYTES_MAX)?;
    let mut real = text.replace("},\\r\\n{", "},\r\n{").replace("},\\n{", "},\n{");
    for (letters, end) in [("]\\r\\n", "]\r\n"), ("]\\n", "]\n")] {
        if let Some(before) = real.trim_end().strip_suffix(letters) {
            real = format!("{before}{end}");
            break;
        }
    }
    (real != text).then(|| real.into_bytes())
}
