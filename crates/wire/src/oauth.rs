//! OAuth 2.0 with SendGrid as the client: what a source's client is called and knows, how it asks for a token
//! (RFC 6749, sections 2.3.1, 3.2 and 4.4), and the bearer token that it then sends along.
//!
//! Tokens are not kept anywhere: each says for which source it is and until when, authenticated with a key that every
//! ingest derives from the same secret, so any of them can check what any other made. A token is bound to the client
//! secret that it was given for and ends with it. Secrets are kept as hashes and compared in constant time.

mod request;
mod token;

#[cfg(test)]
mod tests;

pub use request::{Credentials, RequestError, RequestHead};
pub use token::{TokenError, TokenKey, TokenRing};

use crate::hex;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use jiff::Timestamp;
use secrecy::{ExposeSecret as _, SecretString};
use sha2::{Digest as _, Sha256};
use std::time::Duration;
use subtle::ConstantTimeEq as _;

/// Where tokens are asked for, on ingest's public port.
pub const TOKEN_PATH: &str = "/oauth/token";

/// Longest life of a token. A stolen one that nobody knows of is good for no longer.
pub const LIFETIME_MAX: Duration = Duration::from_secs(3_600);

/// How far the clocks of two ingests may lie apart without a token of the one being refused by the other.
pub const SKEW: Duration = Duration::from_secs(60);

/// Prefixes say what a found text is, to people and to scanners of repositories. Like what follows them they mean the same
/// with and without the escaping that RFC 6749 asks for in a Basic header, so it does not matter whether a client does it.
const CLIENT_ID_PREFIX: &str = "oaid_";
const SECRET_PREFIX: &str = "oasec_";

/// A new client's id, which is public. `bytes` only have to be unique.
#[must_use]
pub fn client_id(bytes: [u8; 16]) -> String {
    format!("{CLIENT_ID_PREFIX}{}", hex::encode(&bytes))
}

/// A client secret as SendGrid is given it. Not shown by `Debug`, wiped when dropped, kept only as its hash.
#[derive(Clone, Debug)]
pub struct ClientSecret(SecretString);

impl ClientSecret {
    /// `bytes` must come from a cryptographically secure source.
    #[must_use]
    pub fn generate(bytes: [u8; 32]) -> Self {
        Self(SecretString::from(format!("{SECRET_PREFIX}{}", BASE64.encode(bytes))))
    }

    /// For showing it once, or handing it to SendGrid.
    #[must_use]
    pub fn reveal(&self) -> &str {
        self.0.expose_secret()
    }

    #[must_use]
    pub fn hash(&self) -> SecretHash {
        SecretHash::of(self.reveal().as_bytes())
    }
}

/// SHA-256 of a client secret. A secret of 256 random bits needs neither salt nor a slow hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SecretHash([u8; 32]);

impl SecretHash {
    #[must_use]
    pub fn of(secret: &[u8]) -> Self {
        Self(Sha256::digest(secret).into())
    }

    /// As it was kept; `None` if it is not as long as a hash.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Takes as long wherever they differ.
    fn is(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

/// The secrets that a source's client may ask with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Secrets {
    pub current: SecretHash,
    /// The one before, while the client changes over.
    pub old: Option<OldSecret>,
}

/// A secret that is being replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OldSecret {
    pub hash: SecretHash,
    /// From then on neither it nor a token that was given for it counts.
    pub until: Timestamp,
}

/// Which of a client's secrets it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    Current,
    Old,
}

impl Secrets {
    /// Those of no client. Nothing that can be found hashes to zeros, so nobody knows them.
    pub const NOBODY: Self = Self { current: SecretHash([0; 32]), old: None };

    /// Which secret this is the hash of. Takes as long whichever it is, and also if it is none: whoever asks for a client
    /// that does not exist is compared with [`Self::NOBODY`].
    #[must_use]
    pub fn find(&self, presented: &SecretHash, now: Timestamp) -> Option<Which> {
        let old = self.old.unwrap_or(OldSecret { hash: Self::NOBODY.current, until: Timestamp::MIN });
        let (is_current, is_old) = (self.current.is(presented), old.hash.is(presented));
        match (is_current, is_old && now < old.until) {
            (true, _) => Some(Which::Current),
            (false, true) => Some(Which::Old),
            (false, false) => None,
        }
    }

    /// Those that count at this time.
    fn counting(&self, now: Timestamp) -> impl Iterator<Item = (Which, SecretHash)> {
        let old = self.old.filter(|old| now < old.until).map(|old| (Which::Old, old.hash));
        std::iter::once((Which::Current, self.current)).chain(old)
    }
}
