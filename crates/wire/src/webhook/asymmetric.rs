//! Signing and verifying with key pairs: Standard Webhooks, asymmetric (`v1a`), which is Ed25519 (RFC 8032).
//!
//! Signed are the same bytes as with `v1`. The sender keeps the private key; a consumer holds only the public one, and
//! so can verify and cannot forge. Keys are base64 behind `whsk_` and `whpk_`. The specification says "standard ed25519
//! key pair" and leaves open in which form the private one is written: its Go library, the only one of its libraries
//! that has `v1a`, takes the 32 bytes of the seed, and so [`SigningKey::reveal`] writes those. Others write the seed and
//! the public key behind it, 64 bytes; that is read too, if both halves belong together.

use super::{BASE64, VerifyError, check_time, codes};
use base64::Engine;
use ed25519_dalek::ed25519::signature::MultipartSigner;
use ed25519_dalek::{KEYPAIR_LENGTH, PUBLIC_KEY_LENGTH, SECRET_KEY_LENGTH, Signature, VerifyingKey};
use secrecy::zeroize::{Zeroize, Zeroizing};
use std::fmt;

const PRIVATE_PREFIX: &str = "whsk_";
const PUBLIC_PREFIX: &str = "whpk_";
const VERSION: &str = "v1a,";

/// An endpoint's private key. Not shown by `Debug`, wiped when dropped.
#[derive(Clone)]
pub struct SigningKey(ed25519_dalek::SigningKey);

/// What a consumer verifies with. No secret; `Display` is the text that [`Self::parse`] reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PublicKey(VerifyingKey);

/// Says what is wrong without repeating any of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    #[error("a private key begins with \"{PRIVATE_PREFIX}\", a public one with \"{PUBLIC_PREFIX}\"")]
    Prefix,
    #[error("what follows \"{PRIVATE_PREFIX}\" or \"{PUBLIC_PREFIX}\" is not base64")]
    NotBase64,
    #[error(
        "a key has {SECRET_KEY_LENGTH} bytes (a private one also {KEYPAIR_LENGTH}, with the public one behind it), \
         this one has {0}"
    )]
    Length(usize),
    #[error("the two halves of the private key do not belong together")]
    Halves,
    #[error("the public key is no point of the curve, or one that accepts signatures of anybody")]
    Point,
}

impl SigningKey {
    /// `seed` must come from a cryptographically secure source.
    #[must_use]
    pub fn generate(mut seed: [u8; 32]) -> Self {
        let key = ed25519_dalek::SigningKey::from_bytes(&seed);
        seed.zeroize();
        Self(key)
    }

    /// `whsk_` and base64, as it is shown to people.
    ///
    /// # Errors
    /// See [`KeyError`].
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let bytes = decode(text, PRIVATE_PREFIX)?;
        if let Ok(seed) = <&[u8; SECRET_KEY_LENGTH]>::try_from(bytes.as_slice()) {
            return Ok(Self(ed25519_dalek::SigningKey::from_bytes(seed)));
        }
        let both = <&[u8; KEYPAIR_LENGTH]>::try_from(bytes.as_slice());
        let both = both.map_err(|_| KeyError::Length(bytes.len()))?;
        ed25519_dalek::SigningKey::from_keypair_bytes(both).map(Self).map_err(|_| KeyError::Halves)
    }

    /// The text that [`Self::parse`] reads: the seed. For sealing it, and for nobody's eyes.
    #[must_use]
    pub fn reveal(&self) -> String {
        format!("{PRIVATE_PREFIX}{}", BASE64.encode(self.0.as_bytes()))
    }

    #[must_use]
    pub fn public(&self) -> PublicKey {
        PublicKey(self.0.verifying_key())
    }

    /// One signature as it stands in `webhook-signature`, beside others if there are any.
    ///
    /// `id` must not contain a dot, or two messages could be signed as the same bytes; `timestamp` is in seconds.
    #[must_use]
    pub fn sign(&self, id: &str, timestamp: i64, body: &[u8]) -> String {
        let timestamp = timestamp.to_string();
        let signature = self.0.multipart_sign(&[id.as_bytes(), b".", timestamp.as_bytes(), b".", body]);
        format!("{VERSION}{}", BASE64.encode(signature.to_bytes()))
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningKey([REDACTED])")
    }
}

impl PublicKey {
    /// `whpk_` and base64.
    ///
    /// # Errors
    /// See [`KeyError`].
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let bytes = decode(text, PUBLIC_PREFIX)?;
        let point = <&[u8; PUBLIC_KEY_LENGTH]>::try_from(bytes.as_slice());
        let point = point.map_err(|_| KeyError::Length(bytes.len()))?;
        let key = VerifyingKey::from_bytes(point).map_err(|_| KeyError::Point)?;
        if key.is_weak() { Err(KeyError::Point) } else { Ok(Self(key)) }
    }

    /// What a receiver does with the three headers. `now` is in seconds. Signatures of other versions are passed over.
    ///
    /// # Errors
    /// As [`super::verify`].
    pub fn verify(
        &self,
        id: &str,
        timestamp: &str,
        signatures: &str,
        body: &[u8],
        now: i64,
    ) -> Result<(), VerifyError> {
        check_time(timestamp, now)?;
        let signed = [id.as_bytes(), b".", timestamp.as_bytes(), b".", body].concat();
        let fits = |code: Vec<u8>| {
            Signature::from_slice(&code).is_ok_and(|code| self.0.verify_strict(&signed, &code).is_ok())
        };
        if codes(signatures, VERSION).any(fits) { Ok(()) } else { Err(VerifyError::BadSignature) }
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{PUBLIC_PREFIX}{}", BASE64.encode(self.0.as_bytes()))
    }
}

fn decode(text: &str, prefix: &str) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    let base64 = text.trim().strip_prefix(prefix).ok_or(KeyError::Prefix)?;
    BASE64.decode(base64).map(Zeroizing::new).map_err(|_| KeyError::NotBase64)
}

#[cfg(test)]
mod tests;
