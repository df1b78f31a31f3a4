//! Signing as SendGrid does, for generated traffic and for tests. The pipeline itself never signs its input.

use super::{PublicKey, digest};
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use p256::ecdsa::signature::hazmat::PrehashSigner;
use p256::elliptic_curve::Generate;
use p256::pkcs8::{DecodePrivateKey, EncodePrivateKey, LineEnding};
use std::fmt;

/// A private key. Not shown by `Debug`; wiped when dropped.
#[derive(Clone)]
pub struct SigningKey(p256::ecdsa::SigningKey);

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is not a private key on the curve P-256 in PEM form")]
pub struct SigningKeyError;

impl SigningKey {
    /// A new key from the operating system's randomness.
    #[must_use]
    pub fn generate() -> Self {
        Self(p256::ecdsa::SigningKey::generate())
    }

    /// PKCS #8 (`PRIVATE KEY`) or SEC 1 (`EC PRIVATE KEY`), as OpenSSL writes them.
    ///
    /// # Errors
    ///
    /// One for everything: nothing of the text is repeated.
    pub fn from_pem(pem: &str) -> Result<Self, SigningKeyError> {
        p256::ecdsa::SigningKey::from_pkcs8_pem(pem)
            .or_else(|_| p256::SecretKey::from_sec1_pem(pem).map(Into::into))
            .map(Self)
            .map_err(|_| SigningKeyError)
    }

    /// PKCS #8. The caller keeps it secret.
    #[must_use]
    pub fn to_pem(&self) -> String {
        let pem = self.0.to_pkcs8_pem(LineEnding::LF).expect("a valid key always encodes");
        String::clone(&pem)
    }

    #[must_use]
    pub fn public_key(&self) -> PublicKey {
        PublicKey::from(*self.0.verifying_key())
    }

    /// The value of the signature header for these bytes. Deterministic (RFC 6979).
    #[must_use]
    pub fn sign(&self, timestamp: &[u8], body: &[u8]) -> String {
        let signature: p256::ecdsa::DerSignature = self
            .0
            .sign_prehash(&digest(timestamp, body))
            .expect("a digest of 32 bytes is what the curve takes");
        BASE64.encode(signature.as_bytes())
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SigningKey").field(&self.public_key()).finish()
    }
}
