//! Mistakes as others make them, by other code than that which undoes them.

use base64::Engine as _;
use serde::Serialize as _;
use serde_json::ser::{CharEscape, Formatter};
use serde_json::{Serializer, Value};
use std::io::{self, Write};

/// How a JSON library writes.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Json {
    /// A space after `,` and `:`.
    pub spaced: bool,
    pub non_ascii: bool,
    pub slashes: bool,
    pub markup: bool,
    /// Each event by itself, joined as SendGrid joins them.
    pub lines: bool,
}

impl Formatter for Json {
    fn begin_array_value<W: ?Sized + Write>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        out.write_all(if first {
            b""
        } else if self.spaced {
            b", "
        } else {
            b","
        })
    }

    fn begin_object_key<W: ?Sized + Write>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        self.begin_array_value(out, first)
    }

    fn begin_object_value<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        out.write_all(if self.spaced { b": " } else { b":" })
    }

    fn write_char_escape<W: ?Sized + Write>(&mut self, out: &mut W, escape: CharEscape) -> io::Result<()> {
        serde_json::ser::CompactFormatter.write_char_escape(out, escape)
    }

    fn write_string_fragment<W: ?Sized + Write>(&mut self, out: &mut W, text: &str) -> io::Result<()> {
        for letter in text.chars() {
            match letter {
                '/' if self.slashes => out.write_all(b"\\/")?,
                '<' | '>' | '&' if self.markup => write!(out, "\\u{:04x}", u32::from(letter))?,
                letter if self.non_ascii && !letter.is_ascii() => {
                    for unit in letter.encode_utf16(&mut [0; 2]) {
                        write!(out, "\\u{unit:04x}")?;
                    }
                }
                letter => write!(out, "{letter}")?,
            }
        }
        Ok(())
    }
}

fn written(value: &Value, json: Json) -> Vec<u8> {
    let mut out = Vec::new();
    value.serialize(&mut Serializer::with_formatter(&mut out, json)).unwrap();
    out
}

/// Parsed and written again; keys come out sorted.
pub(super) fn rewritten(body: &[u8], json: Json) -> Vec<u8> {
    let value: Value = serde_json::from_slice(body).unwrap();
    if !json.lines {
        return written(&value, json);
    }
    let events: Vec<_> = value.as_array().unwrap().iter().map(|event| written(event, json)).collect();
    [b"[".as_slice(), &events.join(b",\r\n".as_slice()), b"]\r\n"].concat()
}

/// Each event with its keys backwards.
pub(super) fn reversed(body: &[u8], between: &str, end: &str) -> Vec<u8> {
    let value: Value = serde_json::from_slice(body).unwrap();
    let event = |event: &Value| {
        let fields = event.as_object().unwrap().iter().rev();
        let fields: Vec<_> = fields.map(|(name, value)| format!("\"{name}\":{value}")).collect();
        format!("{{{}}}", fields.join(","))
    };
    let events: Vec<_> = value.as_array().unwrap().iter().map(event).collect();
    format!("[{}]{end}", events.join(between)).into_bytes()
}

/// Bytes taken for letters, and encoded.
pub(super) fn misread(body: &[u8], letter: fn(u8) -> char) -> Vec<u8> {
    body.iter().map(|byte| letter(*byte)).collect::<String>().into_bytes()
}

pub(super) fn latin_1(byte: u8) -> char {
    char::from(byte)
}

pub(super) fn utf_16(text: &str, order: fn(u16) -> [u8; 2]) -> Vec<u8> {
    let units = std::iter::once(0xFEFF).chain(text.encode_utf16());
    units.flat_map(order).collect()
}

pub(super) fn form(prefix: &str, body: &[u8]) -> Vec<u8> {
    let encoded: String = url::form_urlencoded::byte_serialize(body).collect();
    format!("{prefix}{encoded}").into_bytes()
}

/// With a file name in its header.
pub(super) fn gzip(body: &[u8]) -> Vec<u8> {
    let head = [0x1F, 0x8B, 8, 8, 0, 0, 0, 0, 0, 3];
    [&head[..], b"body\0", &miniz_oxide::deflate::compress_to_vec(body, 6), &[0; 8]].concat()
}

pub(super) fn zlib(body: &[u8]) -> Vec<u8> {
    miniz_oxide::deflate::compress_to_vec_zlib(body, 6)
}

pub(super) fn chunked(body: &[u8], size: usize) -> Vec<u8> {
    let chunk = |chunk: &[u8]| [format!("{:x}\r\n", chunk.len()).as_bytes(), chunk, b"\r\n"].concat();
    [body.chunks(size).map(chunk).collect::<Vec<_>>().concat(), b"0\r\n\r\n".to_vec()].concat()
}

/// r and s of a signature in DER, 32 bytes each.
pub(super) fn raw(der: &[u8]) -> Vec<u8> {
    let (r, rest) = der[4..].split_at(usize::from(der[3]));
    let s = &rest[2..];
    let fixed = |number: &[u8]| {
        let significant = &number[number.len().saturating_sub(32)..];
        [vec![0; 32 - significant.len()], significant.to_vec()].concat()
    };
    [fixed(r), fixed(s)].concat()
}

#[test]
fn the_reference_of_raw_signatures_is_a_published_one() {
    let decode = |text: &str| base64::prelude::BASE64_STANDARD.decode(text).unwrap();
    let vectors: Value =
        serde_json::from_str(include_str!("../../../../../wire/testdata/vectors.json")).unwrap();
    let signature = |name: &str| {
        let vector = vectors.as_array().unwrap().iter().find(|vector| vector["name"] == name).unwrap();
        decode(vector["signature"].as_str().unwrap())
    };
    assert_eq!(raw(&signature("official_single")), signature("raw_p1363_signature"));
}
