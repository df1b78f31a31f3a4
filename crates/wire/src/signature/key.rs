//! Public keys as operators paste them, and what to tell an operator whose paste is wrong.

use super::known::KnownKey;
use super::{Signature, digest};
use crate::hex;
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use p256::ecdsa::VerifyingKey;
use p256::pkcs8::der::asn1::ObjectIdentifier;
use p256::pkcs8::{EncodePublicKey, SubjectPublicKeyInfoRef};
use sha2::{Digest, Sha256};
use std::fmt;
use std::sync::Arc;

/// Longer than any public key in use; what is larger is some other file.
const TEXT_BYTES_MAX: usize = 8192;

const EC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const P256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");
const P384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.34");
const P521: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.35");
const SECP256K1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.10");

/// A key that verifies. Public: may be shown and logged.
///
/// Clones share what verifying has learned: keep the key rather than parsing it again for every request.
#[derive(Clone)]
pub struct PublicKey {
    known: Arc<KnownKey>,
    spki: Vec<u8>,
}

/// What is wrong with a pasted key, and what to do. No variant repeats any of it: it may be a private key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    #[error("the key is empty; copy the verification key from SendGrid's signed event webhook settings")]
    Empty,
    #[error("this is a private key, which must stay where it is; the public verification key is needed")]
    PrivateKey,
    #[error("this is a certificate; the bare public key is needed")]
    Certificate,
    #[error("the key contains a character that base64 does not have")]
    NotBase64,
    #[error("the key is cut off; copy it to its very end, including any \"=\"")]
    Truncated,
    #[error("something follows the key; copy the key alone")]
    TrailingGarbage,
    #[error("this is not a public key (SubjectPublicKeyInfo, as base64 or PEM)")]
    NotAPublicKey,
    #[error("this is a key for {0}; SendGrid signs with ECDSA on the curve P-256")]
    OtherAlgorithm(&'static str),
    #[error("this is a key on the curve {0}; SendGrid signs on P-256")]
    OtherCurve(&'static str),
    #[error("the key's point is not on the curve P-256: a character of it is wrong")]
    NotOnCurve,
}

impl PublicKey {
    /// Base64 of the key's DER, as SendGrid shows it, or PEM. White space anywhere is ignored.
    ///
    /// # Errors
    ///
    /// The first thing that is wrong, as a sentence for the operator.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        if text.len() > TEXT_BYTES_MAX {
            return Err(KeyError::NotAPublicKey);
        }
        let base64 = match text.split_once("-----BEGIN ") {
            Some((before, pem)) if before.trim().is_empty() => pem_content(pem)?,
            Some(_) => return Err(KeyError::NotAPublicKey),
            None => text,
        };
        Self::from_spki_der(&decode(base64)?)
    }

    /// The DER form, as [`Self::to_spki_der`] writes it. A compressed point is accepted.
    ///
    /// # Errors
    ///
    /// As [`Self::parse`].
    pub fn from_spki_der(der: &[u8]) -> Result<Self, KeyError> {
        match der_length(der) {
            None => return Err(KeyError::NotAPublicKey),
            Some(length) if length > der.len() => return Err(KeyError::Truncated),
            Some(length) if length < der.len() => return Err(KeyError::TrailingGarbage),
            Some(_) => {}
        }
        if is_private(der) {
            return Err(KeyError::PrivateKey);
        }
        let spki = SubjectPublicKeyInfoRef::try_from(der).map_err(|_| KeyError::NotAPublicKey)?;
        match spki.algorithm.oid {
            EC => {}
            RSA => return Err(KeyError::OtherAlgorithm("RSA")),
            _ => return Err(KeyError::OtherAlgorithm("another algorithm")),
        }
        match spki.algorithm.parameters_oid() {
            Ok(P256) => {}
            Ok(P384) => return Err(KeyError::OtherCurve("P-384")),
            Ok(P521) => return Err(KeyError::OtherCurve("P-521")),
            Ok(SECP256K1) => return Err(KeyError::OtherCurve("secp256k1")),
            _ => return Err(KeyError::OtherCurve("of another name")),
        }
        let verifying = VerifyingKey::try_from(spki).map_err(|_| KeyError::NotOnCurve)?;
        let spki = verifying.to_public_key_der().map_err(|_| KeyError::NotAPublicKey)?.into_vec();
        Ok(Self { known: Arc::new(KnownKey::new(verifying)), spki })
    }

    /// 91 bytes: algorithm, curve and uncompressed point.
    #[must_use]
    pub fn to_spki_der(&self) -> Vec<u8> {
        self.spki.clone()
    }

    /// SHA-256 of the DER form, in hexadecimal; what people compare.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        hex::encode(&Sha256::digest(&self.spki))
    }

    /// Base64 of the DER form, as SendGrid shows it.
    #[must_use]
    pub fn to_base64(&self) -> String {
        BASE64.encode(&self.spki)
    }

    /// Whether this key's owner signed these very bytes. `timestamp` is the header's value as it came.
    ///
    /// Takes a fraction of a millisecond, once in a key's life some ten more.
    #[must_use]
    pub fn verify(&self, timestamp: &[u8], body: &[u8], signature: &Signature) -> bool {
        signed_by_any(std::slice::from_ref(self), timestamp, body, signature)
    }
}

/// Whether the owner of one of these keys signed these very bytes, which are hashed once. As [`PublicKey::verify`].
#[must_use]
pub fn signed_by_any(keys: &[PublicKey], timestamp: &[u8], body: &[u8], signature: &Signature) -> bool {
    let digest = digest(timestamp, body);
    keys.iter().any(|key| key.known.verify(&digest, &signature.0))
}

impl PartialEq for PublicKey {
    fn eq(&self, other: &Self) -> bool {
        self.spki == other.spki
    }
}

impl Eq for PublicKey {}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({})", self.fingerprint())
    }
}

impl From<VerifyingKey> for PublicKey {
    fn from(verifying: VerifyingKey) -> Self {
        let spki =
            verifying.to_public_key_der().expect("a fixed layout of 91 bytes always encodes").into_vec();
        Self { known: Arc::new(KnownKey::new(verifying)), spki }
    }
}

/// What lies between the lines of a PEM block; `pem` begins with the label.
fn pem_content(pem: &str) -> Result<&str, KeyError> {
    let (label, rest) = pem.split_once("-----").ok_or(KeyError::Truncated)?;
    match label {
        "PUBLIC KEY" => {}
        "RSA PUBLIC KEY" => return Err(KeyError::OtherAlgorithm("RSA")),
        "CERTIFICATE" => return Err(KeyError::Certificate),
        label if label.contains("PRIVATE KEY") => return Err(KeyError::PrivateKey),
        _ => return Err(KeyError::NotAPublicKey),
    }
    let (content, rest) = rest.split_once("-----END PUBLIC KEY-----").ok_or(KeyError::Truncated)?;
    if rest.trim().is_empty() { Ok(content) } else { Err(KeyError::TrailingGarbage) }
}

fn decode(base64: &str) -> Result<Vec<u8>, KeyError> {
    let compact = base64.chars().filter(|character| !character.is_ascii_whitespace()).collect::<String>();
    if compact.is_empty() {
        return Err(KeyError::Empty);
    }
    if let Ok(der) = BASE64.decode(&compact) {
        return Ok(der);
    }
    let known = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
    let (content, rest) = compact.split_once('=').unwrap_or((&compact, ""));
    Err(if !content.bytes().all(known) {
        KeyError::NotBase64
    } else if rest.trim_start_matches('=').is_empty() {
        KeyError::Truncated
    } else {
        KeyError::TrailingGarbage
    })
}

/// How long the outermost SEQUENCE says that it is, header included; `None` if there is no SEQUENCE.
fn der_length(der: &[u8]) -> Option<usize> {
    match *der {
        [0x30, length @ 0..=0x7f, ..] => Some(2 + usize::from(length)),
        [0x30, 0x81, length, ..] => Some(3 + usize::from(length)),
        [0x30, 0x82, high, low, ..] => Some(4 + usize::from(u16::from_be_bytes([high, low]))),
        // Cut off within its own header.
        [0x30] | [0x30, 0x81] | [0x30, 0x82] | [0x30, 0x82, _] => Some(usize::MAX),
        _ => None,
    }
}

/// Private keys of every form begin with a small version number; a public key never does.
fn is_private(der: &[u8]) -> bool {
    let header = match der {
        [_, 0x82, ..] => 4,
        [_, 0x81, ..] => 3,
        _ => 2,
    };
    matches!(der.get(header..), Some([0x02, 0x01, 0x00 | 0x01, ..]))
}
