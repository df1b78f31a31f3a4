//! The bearer token: `oat1_` and base64url of source (4 bytes) · expiry (8, Unix seconds) · HMAC-SHA256 (32).
//!
//! Authenticated are a label with the version, source and expiry, and the hash of the client secret that it was given
//! for, each of fixed length. There is no algorithm to choose: another one would be another version with another
//! prefix and label. Whether it has expired is only asked of a token that is ours, as nothing else can say when it ends.

use super::{BASE64, LIFETIME_MAX, SKEW, SecretHash, Secrets, Which};
use base64::Engine as _;
use domain::SourceId;
use hmac::{Hmac, KeyInit as _, Mac as _};
use jiff::Timestamp;
use secrecy::{ExposeSecret as _, SecretBox};
use sha2::Sha256;
use std::time::Duration;

const PREFIX: &str = "oat1_";
const LABEL: &[u8] = b"sendstate oauth token 1 ";

const SOURCE_BYTES: usize = 4;
const EXPIRY_BYTES: usize = 8;
const CODE_BYTES: usize = 32;
const TOKEN_BYTES: usize = SOURCE_BYTES + EXPIRY_BYTES + CODE_BYTES;

/// A key that tokens are made with. Not shown by `Debug`, wiped when dropped.
#[derive(Debug)]
pub struct TokenKey(SecretBox<[u8; 32]>);

/// The keys of an ingest: tokens are made with the current one, and while it is replaced those of the previous one are
/// still known.
#[derive(Debug)]
pub struct TokenRing {
    current: TokenKey,
    previous: Option<TokenKey>,
}

/// Why a token is not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    #[error("this is no token of ours")]
    Malformed,
    #[error("the token is another source's")]
    OtherSource,
    #[error("the token was not made with any key and secret that counts")]
    Unknown,
    #[error("the token has expired")]
    Expired,
    #[error("the token ends later than any token should: the clock of its maker is ahead")]
    Ahead,
}

impl TokenError {
    pub const ALL: [Self; 5] =
        [Self::Malformed, Self::OtherSource, Self::Unknown, Self::Expired, Self::Ahead];
}

impl TokenKey {
    /// `bytes` must be secret and serve nothing else.
    #[must_use]
    pub const fn new(bytes: SecretBox<[u8; 32]>) -> Self {
        Self(bytes)
    }

    fn code(&self, source: SourceId, expires_at: i64, secret: &SecretHash) -> Hmac<Sha256> {
        let code = Hmac::<Sha256>::new_from_slice(self.0.expose_secret());
        code.expect("HMAC takes keys of any length")
            .chain_update(LABEL)
            .chain_update(source.0.to_be_bytes())
            .chain_update(expires_at.to_be_bytes())
            .chain_update(secret.as_bytes())
    }
}

impl TokenRing {
    #[must_use]
    pub const fn new(current: TokenKey, previous: Option<TokenKey>) -> Self {
        Self { current, previous }
    }

    /// A token for whoever knows this secret. `lifetime` counts in whole seconds.
    #[must_use]
    pub fn issue(&self, source: SourceId, secret: &SecretHash, now: Timestamp, lifetime: Duration) -> String {
        let lifetime = i64::try_from(lifetime.as_secs()).unwrap_or(i64::MAX);
        let expires_at = now.as_second().saturating_add(lifetime);
        let mut bytes = Vec::with_capacity(TOKEN_BYTES);
        bytes.extend_from_slice(&source.0.to_be_bytes());
        bytes.extend_from_slice(&expires_at.to_be_bytes());
        bytes.extend_from_slice(&self.current.code(source, expires_at, secret).finalize().into_bytes());
        format!("{PREFIX}{}", BASE64.encode(bytes))
    }

    /// Whether this is a token for this source, made by any key of the ring for a secret that counts now, and not over.
    /// Says for which secret. Each key and secret costs one code over some hundred bytes.
    ///
    /// # Errors
    ///
    /// See [`TokenError`].
    pub fn check(
        &self,
        source: SourceId,
        secrets: &Secrets,
        token: &[u8],
        now: Timestamp,
    ) -> Result<Which, TokenError> {
        let token = Token::decode(token).ok_or(TokenError::Malformed)?;
        if token.source != source {
            return Err(TokenError::OtherSource);
        }
        let keys = || std::iter::once(&self.current).chain(&self.previous);
        let made_for = |secret: &SecretHash| {
            keys().any(|key| key.code(source, token.expires_at, secret).verify_slice(&token.code).is_ok())
        };
        let which = secrets.counting(now).find(|(_, secret)| made_for(secret));
        let (which, _) = which.ok_or(TokenError::Unknown)?;
        let left = token.expires_at.saturating_sub(now.as_second());
        if left <= -whole(SKEW) {
            return Err(TokenError::Expired);
        }
        if left > whole(LIFETIME_MAX + SKEW) {
            return Err(TokenError::Ahead);
        }
        Ok(which)
    }
}

/// A well-formed token, of whomever.
struct Token {
    source: SourceId,
    expires_at: i64,
    code: [u8; CODE_BYTES],
}

impl Token {
    fn decode(text: &[u8]) -> Option<Self> {
        let base64 = text.strip_prefix(PREFIX.as_bytes())?;
        // Exactly as much room as a token takes: whatever is longer does not fit.
        let mut bytes = [0; TOKEN_BYTES];
        if BASE64.decode_slice(base64, &mut bytes).ok()? != TOKEN_BYTES {
            return None;
        }
        let (source, rest) = bytes.split_first_chunk()?;
        let (expires_at, code) = rest.split_first_chunk()?;
        Some(Self {
            source: SourceId(i32::from_be_bytes(*source)),
            expires_at: i64::from_be_bytes(*expires_at),
            code: code.try_into().ok()?,
        })
    }
}

/// Of the constants above: far below what 63 bits hold.
const fn whole(duration: Duration) -> i64 {
    duration.as_secs().cast_signed()
}

#[cfg(test)]
mod tests;
