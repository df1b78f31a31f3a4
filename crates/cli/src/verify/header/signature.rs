//! The signatures that a signature header may have said before it was changed.
//!
//! Each reading ends with the product's own decoding of base64 and DER, so nothing counts here that ingest would not
//! take from SendGrid.

use super::super::mistake::Mistake;
use super::{percent_decoded, unquoted};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use wire::signature::Signature;

/// The two numbers of a signature, 32 bytes each.
const RAW_BYTES: usize = 64;

/// Signatures that come out, each with what had to be undone.
pub(super) fn read(text: &str) -> Vec<(Signature, Vec<Mistake>)> {
    let (mut text, mut mistakes) = (text.to_owned(), Vec::new());
    if let Some(decoded) = percent_decoded(&text) {
        mistakes.push(Mistake::SignatureEncoded);
        text = decoded;
    }
    if let Some(within) = unquoted(&text) {
        mistakes.push(Mistake::SignatureQuoted);
        text = within.to_owned();
    }
    let mut texts = Vec::new();
    let compact: String = text.chars().filter(|letter| !letter.is_whitespace()).collect();
    if compact != text {
        texts.push((compact, [mistakes.as_slice(), &[Mistake::SignatureSpaced]].concat()));
        texts.push((text.replace(' ', "+"), [mistakes.as_slice(), &[Mistake::SignaturePlusLost]].concat()));
    } else {
        texts.push((text, mistakes));
    }
    texts.iter().flat_map(|(text, mistakes)| decoded(text, mistakes)).collect()
}

fn decoded(text: &str, mistakes: &[Mistake]) -> Vec<(Signature, Vec<Mistake>)> {
    let mut found = Vec::new();
    let from_hex = from_hex(text).map(|bytes| (bytes, vec![Mistake::SignatureHex]));
    for (bytes, of_text) in from_base64(text).into_iter().chain(from_hex) {
        let raw = der(&bytes).map(|der| (der, vec![Mistake::SignatureRaw]));
        for (der, of_form) in std::iter::once((bytes, Vec::new())).chain(raw) {
            if let Ok(signature) = Signature::decode(BASE64_STANDARD.encode(der).as_bytes()) {
                found.push((signature, [mistakes, &of_text, &of_form].concat()));
            }
        }
    }
    found
}

/// Base64 in either alphabet, with or without its padding.
fn from_base64(text: &str) -> Option<(Vec<u8>, Vec<Mistake>)> {
    let mut mistakes = Vec::new();
    let mut standard = text.replace('-', "+").replace('_', "/");
    if standard != text {
        mistakes.push(Mistake::SignatureBase64Url);
    }
    let lacking = standard.len().wrapping_neg() % 4;
    if lacking > 0 {
        mistakes.push(Mistake::SignatureUnpadded);
        standard.extend(std::iter::repeat_n('=', lacking));
    }
    Some((BASE64_STANDARD.decode(standard).ok()?, mistakes))
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let text = text.strip_prefix("0x").unwrap_or(text);
    let digits: Option<Vec<u8>> =
        text.chars().map(|digit| digit.to_digit(16).and_then(|digit| u8::try_from(digit).ok())).collect();
    let digits = digits.filter(|digits| !digits.is_empty() && digits.len().is_multiple_of(2))?;
    Some(digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect())
}

/// The DER form of two numbers of 32 bytes: a SEQUENCE of two INTEGERs.
fn der(raw: &[u8]) -> Option<Vec<u8>> {
    let raw: &[u8; RAW_BYTES] = raw.try_into().ok()?;
    let integer = |number: &[u8]| {
        let leading = number.iter().take_while(|byte| **byte == 0).count().min(number.len() - 1);
        let mut content = number.get(leading..).unwrap_or_default().to_vec();
        if content.first().is_some_and(|byte| *byte >= 0x80) {
            // An INTEGER with its highest bit set would be negative.
            content.insert(0, 0);
        }
        [&[0x02, length(&content)], content.as_slice()].concat()
    };
    let (r, s) = raw.split_at(RAW_BYTES / 2);
    let content = [integer(r), integer(s)].concat();
    Some([&[0x30, length(&content)], content.as_slice()].concat())
}

/// Of at most 70 bytes, which needs no long form.
fn length(content: &[u8]) -> u8 {
    u8::try_from(content.len()).unwrap_or(u8::MAX)
}
