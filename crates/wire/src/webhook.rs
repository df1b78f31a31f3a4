//! Signing what is sent to consumers, and verifying it as they do: Standard Webhooks, symmetric (`v1`). With key pairs
//! (`v1a`) it is done in [`asymmetric`].
//!
//! Signed is `ID.TIMESTAMP.BODY` with HMAC-SHA256. The id stays the same over all attempts, the timestamp is the
//! attempt's. While a secret is replaced there are several, and the header carries one signature for each: the
//! receiver accepts what any of its own secrets made. Signatures of both versions may stand in one header.

pub mod asymmetric;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretSlice};
use sha2::Sha256;
use std::time::Duration;

pub const HEADER_ID: &str = "webhook-id";
pub const HEADER_TIMESTAMP: &str = "webhook-timestamp";
pub const HEADER_SIGNATURE: &str = "webhook-signature";

/// How far an attempt's timestamp may lie from the receiver's clock, as the specification's own libraries have it.
pub const TOLERANCE: Duration = Duration::from_secs(5 * 60);

const PREFIX: &str = "whsec_";
const VERSION: &str = "v1,";
/// By the specification: fewer can be guessed, more add nothing.
const SECRET_BYTES: std::ops::RangeInclusive<usize> = 24..=64;
/// Most secrets of one scheme that sign for one endpoint at the same time.
pub const SECRETS_MAX: usize = 10;
/// As many signatures as a sender may have secrets, of both schemes; bounds what a forged header can cost.
const SIGNATURES_MAX: usize = 2 * SECRETS_MAX;

/// An endpoint's secret. Not shown by `Debug`, wiped when dropped.
#[derive(Clone, Debug)]
pub struct Secret(SecretSlice<u8>);

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SecretError {
    #[error("a secret begins with \"{PREFIX}\"")]
    Prefix,
    #[error("what follows \"{PREFIX}\" is not base64")]
    NotBase64,
    #[error("a secret has {min} to {max} bytes, this one has {0}", min = SECRET_BYTES.start(), max = SECRET_BYTES.end())]
    Length(usize),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VerifyError {
    #[error("the timestamp is not a number of seconds")]
    BadTimestamp,
    #[error("the timestamp is too far from now")]
    OutsideTolerance,
    #[error("no signature fits")]
    BadSignature,
}

impl Secret {
    /// `bytes` must come from a cryptographically secure source.
    #[must_use]
    pub fn generate(bytes: [u8; 32]) -> Self {
        Self(SecretSlice::from(bytes.to_vec()))
    }

    /// `whsec_` and base64, as it is shown to people.
    ///
    /// # Errors
    ///
    /// Says what is wrong without repeating any of it.
    pub fn parse(text: &str) -> Result<Self, SecretError> {
        let base64 = text.trim().strip_prefix(PREFIX).ok_or(SecretError::Prefix)?;
        Self::from_bytes(BASE64.decode(base64).map_err(|_| SecretError::NotBase64)?)
    }

    /// The bytes as they are kept.
    ///
    /// # Errors
    ///
    /// [`SecretError::Length`] outside of 24 to 64 bytes.
    pub fn from_bytes(bytes: Vec<u8>) -> Result<Self, SecretError> {
        let bytes = SecretSlice::from(bytes);
        let length = bytes.expose_secret().len();
        if SECRET_BYTES.contains(&length) { Ok(Self(bytes)) } else { Err(SecretError::Length(length)) }
    }

    /// The text that [`Self::parse`] reads; for showing it once to whoever will verify with it.
    #[must_use]
    pub fn reveal(&self) -> String {
        format!("{PREFIX}{}", BASE64.encode(self.as_bytes()))
    }

    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.0.expose_secret()
    }

    fn mac(&self, id: &str, timestamp: &str, body: &[u8]) -> Hmac<Sha256> {
        let mac = Hmac::<Sha256>::new_from_slice(self.as_bytes()).expect("HMAC takes keys of any length");
        [id.as_bytes(), b".", timestamp.as_bytes(), b".", body]
            .iter()
            .fold(mac, |mac, part| mac.chain_update(part))
    }
}

/// The value of `webhook-signature`: one signature per secret, in the order given.
///
/// `id` must not contain a dot, or two messages could be signed as the same bytes; `timestamp` is in seconds.
#[must_use]
pub fn sign(secrets: &[Secret], id: &str, timestamp: i64, body: &[u8]) -> String {
    let timestamp = timestamp.to_string();
    let signature = |secret: &Secret| {
        let code = secret.mac(id, &timestamp, body).finalize().into_bytes();
        format!("{VERSION}{}", BASE64.encode(code))
    };
    secrets.iter().map(signature).collect::<Vec<_>>().join(" ")
}

/// What a receiver does with the three headers. `now` is in seconds.
///
/// # Errors
///
/// A timestamp that is no number or further than [`TOLERANCE`] from `now` on either side, or no signature that any
/// of `secrets` made. Signatures of other versions are passed over.
pub fn verify(
    secrets: &[Secret],
    id: &str,
    timestamp: &str,
    signatures: &str,
    body: &[u8],
    now: i64,
) -> Result<(), VerifyError> {
    check_time(timestamp, now)?;
    let fits = |code: &[u8]| secrets.iter().any(|s| s.mac(id, timestamp, body).verify_slice(code).is_ok());
    if codes(signatures, VERSION).any(|code| fits(&code)) { Ok(()) } else { Err(VerifyError::BadSignature) }
}

fn check_time(timestamp: &str, now: i64) -> Result<(), VerifyError> {
    let at = timestamp.parse::<i64>().map_err(|_| VerifyError::BadTimestamp)?;
    if at.abs_diff(now) > TOLERANCE.as_secs() {
        return Err(VerifyError::OutsideTolerance);
    }
    Ok(())
}

/// The signatures of one version in a header, decoded.
fn codes(signatures: &str, version: &str) -> impl Iterator<Item = Vec<u8>> {
    let of_version = move |signature: &str| BASE64.decode(signature.strip_prefix(version)?).ok();
    signatures.split(' ').take(SIGNATURES_MAX).filter_map(of_version)
}

#[cfg(test)]
mod tests;
