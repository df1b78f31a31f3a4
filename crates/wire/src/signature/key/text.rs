//! From what was pasted to the bytes of a key: out of quotation marks, line breaks and PEM.

use super::{KeyError, form};
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use std::borrow::Cow;

/// Longer than any public key in use; what is larger is some other file.
const TEXT_BYTES_MAX: usize = 8192;

/// How every key on P-256 begins in base64: algorithm, curve, and the mark of an uncompressed point.
const HEADER: &str = "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE";

/// The end of it, which nothing else has, and where it stands.
const HEADER_END: &str = "zj0DAQcDQgAE";
const HEADER_END_AT: usize = HEADER.len() - HEADER_END.len();

/// MD5, SHA-1, SHA-256, SHA-384 and SHA-512.
const FINGERPRINT_BYTES: [usize; 5] = [16, 20, 32, 48, 64];

/// The bytes that the text stands for.
///
/// # Errors
///
/// What the text is instead, as far as the text alone tells.
pub(super) fn der(text: &str) -> Result<Vec<u8>, KeyError> {
    if let Some(foreign) = foreign(text) {
        return Err(foreign);
    }
    if text.len() > TEXT_BYTES_MAX {
        return Err(KeyError::TooLong);
    }
    let text = unescaped(text);
    let base64 = match text.split_once("-----BEGIN ") {
        Some((before, pem)) if unwrapped(before).is_empty() => pem_content(pem)?,
        Some(_) => return Err(KeyError::Preceded),
        // Its last line without its first.
        None if text.contains("-----END ") => return Err(KeyError::Truncated),
        None => unwrapped(&text),
    };
    let compact: String = base64.chars().filter(|letter| !is_space(*letter)).collect();
    if compact.is_empty() {
        return Err(KeyError::Empty);
    }
    decode(&compact)
}

/// What says itself that it is something else. Secrets come first.
fn foreign(text: &str) -> Option<KeyError> {
    let holds = |part: &str| text.contains(part);
    if holds("PRIVATE KEY") || holds("Private-Lines:") || (holds("\"kty\"") && holds("\"d\"")) {
        return Some(KeyError::PrivateKey);
    }
    let text = unwrapped(text);
    let begins = |with: &[&str]| with.iter().any(|prefix| text.starts_with(prefix));
    if begins(&["SG."]) {
        Some(KeyError::ApiKey)
    } else if begins(&["whsec_", "whsk_", "whpk_"]) {
        Some(KeyError::NotificationKey)
    } else if begins(&["ssh-", "ecdsa-sha2-", "---- BEGIN SSH2 "]) {
        Some(KeyError::Ssh)
    } else if begins(&["SHA256:", "sha256:", "MD5:"]) {
        Some(KeyError::Fingerprint)
    } else if begins(&["{", "["]) {
        Some(KeyError::Json)
    } else {
        None
    }
}

/// Line breaks and slashes as JSON and settings files write them. No key has a backslash of its own.
fn unescaped(text: &str) -> Cow<'_, str> {
    if !text.contains('\\') {
        return Cow::Borrowed(text);
    }
    let text = text.replace("\\n", "\n").replace("\\r", "\n").replace("\\t", "\n");
    Cow::Owned(text.replace("\\\n", "\n").replace("\\/", "/"))
}

/// Without what stands around a value where it was copied.
fn unwrapped(text: &str) -> &str {
    text.trim_matches(|letter| {
        is_space(letter) || "\"'`,".contains(letter) || "\u{201C}\u{201D}\u{2018}\u{2019}".contains(letter)
    })
}

/// White space, and what web pages put between letters to break lines at.
fn is_space(letter: char) -> bool {
    letter.is_whitespace() || matches!(letter, '\u{200B}'..='\u{200D}' | '\u{2060}' | '\u{FEFF}')
}

/// What lies between the lines of a PEM block; `pem` begins with the label.
fn pem_content(pem: &str) -> Result<&str, KeyError> {
    let (label, rest) = pem.split_once("-----").ok_or(KeyError::Truncated)?;
    match label {
        "PUBLIC KEY" => {}
        "RSA PUBLIC KEY" => return Err(KeyError::OtherAlgorithm("an RSA key")),
        "PGP PUBLIC KEY BLOCK" => return Err(KeyError::OtherAlgorithm("a PGP key")),
        label if label.ends_with("CERTIFICATE REQUEST") => return Err(KeyError::CertificateRequest),
        label if label.ends_with("CERTIFICATE") => return Err(KeyError::Certificate),
        _ => return Err(KeyError::NotAPublicKey),
    }
    let (content, rest) = rest.split_once("-----END PUBLIC KEY-----").ok_or(KeyError::Truncated)?;
    if unwrapped(rest).is_empty() { Ok(content) } else { Err(KeyError::TrailingGarbage) }
}

fn decode(compact: &str) -> Result<Vec<u8>, KeyError> {
    // Also valid base64, often; no key in base64 has only these letters.
    if let Some(bytes) = hexadecimal(compact) {
        return Err(match form::of(&bytes) {
            KeyError::PrivateKey => KeyError::PrivateKey,
            _ if FINGERPRINT_BYTES.contains(&bytes.len()) => KeyError::Fingerprint,
            _ => KeyError::Hexadecimal,
        });
    }
    match BASE64.decode(compact) {
        Ok(bytes) if bytes.first() == Some(&form::SEQUENCE) => Ok(bytes),
        Ok(bytes) => Err(misplaced(compact).unwrap_or_else(|| form::of(&bytes))),
        Err(_) => Err(undecodable(compact)),
    }
}

/// Why this is no base64: told from the part that is, lest a private key with a wrong letter be called something else.
fn undecodable(compact: &str) -> KeyError {
    let url = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'=');
    let is_url = compact.bytes().all(url);
    let standard =
        if is_url { Cow::Owned(compact.replace('-', "+").replace('_', "/")) } else { Cow::Borrowed(compact) };
    let known = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '+' | '/');
    let letters = standard.find(|letter| !known(letter)).unwrap_or(standard.len());
    let (content, rest) = standard.split_at(letters);
    let groups = content.get(..letters / 4 * 4).unwrap_or_default();
    let form = form::of(&BASE64.decode(groups).unwrap_or_default());
    if form == KeyError::PrivateKey {
        form
    } else if HEADER.starts_with(compact) {
        KeyError::Truncated
    } else if is_url && standard != compact {
        KeyError::Base64Url
    } else if rest.trim_start_matches('=').is_empty() {
        if form == KeyError::NotAPublicKey { misplaced(compact).unwrap_or(form) } else { form }
    } else if rest.starts_with('=') {
        KeyError::TrailingGarbage
    } else if rest.trim_end_matches(['.', '\u{2026}']).is_empty() {
        KeyError::Truncated
    } else {
        misplaced(compact).unwrap_or(KeyError::NotBase64)
    }
}

/// A key on P-256 of which the beginning is missing, or that does not begin the text.
fn misplaced(compact: &str) -> Option<KeyError> {
    match compact.find(HEADER_END)? {
        HEADER_END_AT => None,
        before if before < HEADER_END_AT => Some(KeyError::Truncated),
        _ => Some(KeyError::Preceded),
    }
}

/// At least 16 bytes as hexadecimal digits, with or without colons.
fn hexadecimal(compact: &str) -> Option<Vec<u8>> {
    let digits: String = compact.chars().filter(|letter| *letter != ':').collect();
    let is_hexadecimal = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    if !is_hexadecimal || digits.len() < 32 || !digits.len().is_multiple_of(2) {
        return None;
    }
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    digits.as_bytes().chunks(2).map(byte).collect()
}
