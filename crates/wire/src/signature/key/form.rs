//! What bytes are that are no whole SubjectPublicKeyInfo: told from how they begin, so that a part of them is enough.
//!
//! Accepts nothing: every answer is a reason to refuse.

use super::{KeyError, algorithm};

const INTEGER: u8 = 0x02;
const OCTET_STRING: u8 = 0x04;
const OBJECT_IDENTIFIER: u8 = 0x06;
pub(super) const SEQUENCE: u8 = 0x30;
/// `[0] EXPLICIT`: the version of a certificate.
const VERSION: u8 = 0xA0;

/// A signature on P-256 has 72 bytes at most, an RSA key always more.
const SIGNATURE_BYTES_MAX: usize = 72;

/// Why these bytes cannot be used.
pub(super) fn of(bytes: &[u8]) -> KeyError {
    if let Some(named) = named(bytes) {
        return named;
    }
    let Some(outer) = Item::read(bytes).filter(|item| item.tag == SEQUENCE) else {
        return KeyError::NotAPublicKey;
    };
    let what = match Item::read(outer.content) {
        Some(first) if first.tag == INTEGER => numbers(&outer, &first),
        Some(first) if first.tag == SEQUENCE => headed(&first),
        _ => None,
    };
    what.unwrap_or(match outer.announced {
        Some(announced) if announced < bytes.len() => KeyError::TrailingGarbage,
        Some(announced) if announced == bytes.len() => KeyError::NotAPublicKey,
        _ => KeyError::Truncated,
    })
}

/// What is no DER and says itself what it is.
fn named(bytes: &[u8]) -> Option<KeyError> {
    let holds = |part: &[u8]| bytes.windows(part.len()).any(|window| window == part);
    let ssh_string = |name: &[u8]| bytes.get(4..).is_some_and(|rest| rest.starts_with(name));
    if bytes.starts_with(b"-----BEGIN ") {
        return Some(if holds(b"PRIVATE KEY") { KeyError::PrivateKey } else { KeyError::EncodedTwice });
    }
    if bytes.starts_with(b"openssh-key-v1") {
        return Some(KeyError::PrivateKey);
    }
    if bytes.starts_with(&[0, 0, 0]) && (ssh_string(b"ssh-") || ssh_string(b"ecdsa-sha2-")) {
        return Some(KeyError::Ssh);
    }
    // As SEC 1 writes a point on one of the curves in use: uncompressed or compressed.
    let point = match bytes.first() {
        Some(0x04) => matches!(bytes.len(), 65 | 97 | 133),
        Some(0x02 | 0x03) => matches!(bytes.len(), 33 | 49 | 67),
        _ => false,
    };
    point.then_some(KeyError::BarePoint)
}

/// A SEQUENCE that begins with a number.
fn numbers(outer: &Item<'_>, first: &Item<'_>) -> Option<KeyError> {
    match first.content {
        // Cut off before its number: nobody can say.
        [] => None,
        // The version of a private key: PKCS #8 (0, 1), SEC 1 (1), PKCS #1 (0, 1); and of what holds some: PKCS #12 (3).
        [0 | 1 | 3] => Some(KeyError::PrivateKey),
        _ if outer.announced.is_some_and(|size| size <= SIGNATURE_BYTES_MAX) => Some(KeyError::Signature),
        // PKCS #1: modulus and exponent.
        _ => Some(KeyError::OtherAlgorithm("an RSA key")),
    }
}

/// A SEQUENCE that begins with another one.
fn headed(first: &Item<'_>) -> Option<KeyError> {
    let inner = Item::read(first.content)?;
    match inner.tag {
        VERSION => Some(KeyError::Certificate),
        // A request begins with its version, a certificate of the first version with its serial number.
        INTEGER if inner.content == [0] => Some(KeyError::CertificateRequest),
        INTEGER => Some(KeyError::Certificate),
        // What an algorithm has encrypted, not a key for it.
        OBJECT_IDENTIFIER if first.rest.first() == Some(&OCTET_STRING) => Some(KeyError::PrivateKey),
        OBJECT_IDENTIFIER if inner.is_whole() => {
            let curve = match Item::read(inner.rest) {
                Some(item) if item.tag == OBJECT_IDENTIFIER && item.is_whole() => Some(item.content),
                // What is cut off speaks against nothing.
                _ if !first.is_whole() => Some(algorithm::P256.as_bytes()),
                _ => None,
            };
            algorithm::named(inner.content, curve).err()
        }
        _ => None,
    }
}

/// One element of DER, of which the end may be missing.
struct Item<'a> {
    tag: u8,
    /// What there is of it.
    content: &'a [u8],
    /// What follows it.
    rest: &'a [u8],
    /// Bytes it should have, header included; `None` if the header itself is cut off.
    announced: Option<usize>,
    /// Bytes there are, of it and of what follows.
    there: usize,
}

impl<'a> Item<'a> {
    /// `None` for nothing, and for lengths that no key has.
    fn read(bytes: &'a [u8]) -> Option<Self> {
        let (tag, after) = bytes.split_first()?;
        let (header, announced) = match *after {
            [] | [0x81] | [0x82] | [0x82, _] => (bytes.len(), None),
            [length @ 0..=0x7f, ..] => (2, Some(2 + usize::from(length))),
            [0x81, length, ..] => (3, Some(3 + usize::from(length))),
            [0x82, high, low, ..] => (4, Some(4 + usize::from(u16::from_be_bytes([high, low])))),
            _ => return None,
        };
        let end = announced.unwrap_or(header).min(bytes.len());
        let content = bytes.get(header..end).unwrap_or_default();
        let rest = bytes.get(end..).unwrap_or_default();
        Some(Self { tag: *tag, content, rest, announced, there: bytes.len() })
    }

    fn is_whole(&self) -> bool {
        self.announced.is_some_and(|announced| announced <= self.there)
    }
}
