//! Public keys as operators paste them, and what to tell an operator whose paste is wrong.
//!
//! What is accepted is decided here and nowhere else: a SubjectPublicKeyInfo of ECDSA on P-256, whole and alone. [`text`]
//! finds its bytes in what was pasted. [`form`] only ever finds a reason to refuse.

mod algorithm;
mod error;
mod form;
mod text;

#[cfg(test)]
mod tests;

pub use error::KeyError;

use super::known::KnownKey;
use super::{Signature, digest};
use crate::hex;
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use p256::ecdsa::VerifyingKey;
use p256::pkcs8::{EncodePublicKey, SubjectPublicKeyInfoRef};
use sha2::{Digest, Sha256};
use std::fmt;
use std::sync::Arc;

/// A key that verifies. Public: may be shown and logged.
///
/// Clones share what verifying has learned: keep the key rather than parsing it again for every request.
#[derive(Clone)]
pub struct PublicKey {
    known: Arc<KnownKey>,
    spki: Vec<u8>,
}

impl PublicKey {
    /// Base64 of the key's DER, as SendGrid shows it, or PEM. White space anywhere is ignored, also where it is written as
    /// `\n`; so are quotation marks and a comma around it.
    ///
    /// # Errors
    ///
    /// What it is instead of a key, as a sentence for the operator.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        Self::from_spki_der(&text::der(text)?)
    }

    /// The DER form, as [`Self::to_spki_der`] writes it. A compressed point is accepted.
    ///
    /// # Errors
    ///
    /// As [`Self::parse`].
    pub fn from_spki_der(der: &[u8]) -> Result<Self, KeyError> {
        let spki = SubjectPublicKeyInfoRef::try_from(der).map_err(|_| form::of(der))?;
        algorithm::check(&spki.algorithm)?;
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
        signed_by_any([self], timestamp, body, signature)
    }
}

/// Whether the owner of one of these keys signed these very bytes, which are hashed once. As [`PublicKey::verify`].
#[must_use]
pub fn signed_by_any<'k>(
    keys: impl IntoIterator<Item = &'k PublicKey>,
    timestamp: &[u8],
    body: &[u8],
    signature: &Signature,
) -> bool {
    let digest = digest(timestamp, body);
    keys.into_iter().any(|key| key.known.verify(&digest, &signature.0))
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
