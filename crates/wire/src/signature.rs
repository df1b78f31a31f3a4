//! SendGrid's signature: ECDSA on P-256 with SHA-256 over the timestamp header's bytes followed by the raw body.
//!
//! The body is verified exactly as it arrived, before anything looks at it: it usually ends in CR LF, and a body that
//! went through a parser or an editor does not verify. Signatures are base64 of ASN.1 DER. SendGrid's have a high S
//! as often as not, so both forms are accepted, and therefore a signature identifies nothing: never dedupe by it.

mod freshness;
mod key;
mod known;
mod signing;
mod table;

#[cfg(test)]
mod tests;

pub use freshness::{AHEAD_MAX, Freshness, age, freshness, signed_at};
pub use key::{KeyError, PublicKey, signed_by_any};
pub use signing::{SigningKey, SigningKeyError};

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use sha2::{Digest, Sha256};

pub const HEADER_SIGNATURE: &str = "x-twilio-email-event-webhook-signature";
pub const HEADER_TIMESTAMP: &str = "x-twilio-email-event-webhook-timestamp";

/// DER of two 256-bit integers takes at most 72 bytes, 96 characters in base64.
const ENCODED_BYTES_MAX: usize = 96;

/// A well-formed signature, of whatever.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signature(p256::ecdsa::Signature);

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    #[error("the signature is not base64")]
    NotBase64,
    #[error("the signature is not the DER form of an ECDSA signature on P-256")]
    NotDer,
}

impl Signature {
    /// Reads the header's value: padded standard base64 without any white space, then strict DER.
    ///
    /// # Errors
    ///
    /// Which of the two it is not.
    pub fn decode(header: &[u8]) -> Result<Self, SignatureError> {
        if header.len() > ENCODED_BYTES_MAX {
            return Err(SignatureError::NotDer);
        }
        let der = BASE64.decode(header).map_err(|_| SignatureError::NotBase64)?;
        p256::ecdsa::Signature::from_der(&der).map(Self).map_err(|_| SignatureError::NotDer)
    }
}

fn digest(timestamp: &[u8], body: &[u8]) -> [u8; 32] {
    Sha256::new().chain_update(timestamp).chain_update(body).finalize().into()
}
