//! OAuth for sources that ask for it: who may have a token, and whether a request carries one. The tokens themselves are
//! told in [`wire::oauth`].
//!
//! Without `SENDSTATE_OAUTH_KEY` there is no [`Authority`] over tokens: then a source that asks for them is refused with
//! 503, never let through, and the process is not ready.

mod answer;
mod condition;
mod desk;

pub(crate) use answer::Outcome;
pub(crate) use condition::TokensCondition;
pub(crate) use desk::Desk;

use crate::answer::Refusal;
use crate::metrics;
use crate::sources::Source;
use hyper::HeaderMap;
use hyper::header::AUTHORIZATION;
use jiff::Timestamp;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Semaphore, SemaphorePermit};
use wire::oauth::{SecretHash, Secrets, TokenError, TokenRing, Which};

/// Most requests at a time that wait for a fresh list because the one in memory knows neither their token nor their
/// client. After a secret was cut off the first are all of SendGrid's, until it asks for another token; the second are
/// anybody's who guesses. They must not hold the connections that other sources need.
const DOUBTS_MAX: usize = 64;

/// Makes tokens and checks them, as far as this process has a key for it. Cheap to clone, shares all of it.
#[derive(Clone, Debug)]
pub(crate) struct Authority(Arc<Means>);

#[derive(Debug)]
struct Means {
    ring: Option<Arc<TokenRing>>,
    lifetime: Duration,
    doubts: Semaphore,
}

/// A token for the client of a source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Granted {
    pub(crate) token: String,
    pub(crate) expires_in: Duration,
    /// For which of the client's secrets.
    pub(crate) which: Which,
}

/// Why a request does not pass. Of a source that asks for no token none is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Denied {
    NoKey,
    Missing,
    Token(TokenError),
}

impl From<Denied> for Refusal {
    fn from(denied: Denied) -> Self {
        match denied {
            Denied::NoKey => Self::OauthUnavailable,
            Denied::Missing => Self::MissingToken,
            Denied::Token(error) => {
                metrics::token_refused(error);
                tracing::debug!(%error, "token refused");
                Self::InvalidToken
            }
        }
    }
}

impl Authority {
    pub(crate) fn new(ring: Option<Arc<TokenRing>>, lifetime: Duration) -> Self {
        Self(Arc::new(Means { ring, lifetime, doubts: Semaphore::new(DOUBTS_MAX) }))
    }

    /// Whether there is a key.
    pub(crate) fn is_able(&self) -> bool {
        self.0.ring.is_some()
    }

    /// The right to wait for a fresh list on account of a token or a client, given back when dropped; `None`: too many do.
    pub(crate) fn doubt(&self) -> Option<SemaphorePermit<'_>> {
        self.0.doubts.try_acquire().ok()
    }

    /// Whether the request carries a token for this source, if it asks for one.
    pub(crate) fn check(&self, source: &Source, headers: &HeaderMap, now: Timestamp) -> Result<(), Denied> {
        let Some(secrets) = &source.oauth else { return Ok(()) };
        let ring = self.0.ring.as_ref().ok_or(Denied::NoKey)?;
        let token = bearer(headers).ok_or(Denied::Missing)?;
        ring.check(source.id, secrets, token, now).map(drop).map_err(Denied::Token)
    }

    /// A token for whoever knows a secret of this source's client; `None`: it is none of them. A token for the old
    /// secret ends with it.
    ///
    /// # Errors
    ///
    /// [`Refusal::OauthUnavailable`] without a key.
    fn grant(
        &self,
        source: Option<&Source>,
        presented: &SecretHash,
        now: Timestamp,
    ) -> Result<Option<Granted>, Refusal> {
        let ring = self.0.ring.as_ref().ok_or(Refusal::OauthUnavailable)?;
        // An unknown client is compared like a known one, so that no time tells which ids exist.
        let secrets = source.and_then(|source| source.oauth.as_ref()).unwrap_or(&Secrets::NOBODY);
        let (Some(which), Some(source)) = (secrets.find(presented, now), source) else { return Ok(None) };
        let end = secrets.old.filter(|_| which == Which::Old).map(|old| old.until.duration_since(now));
        let left = end.map(|left| Duration::from_secs(left.as_secs().max(1).unsigned_abs()));
        let expires_in = left.map_or(self.0.lifetime, |left| left.min(self.0.lifetime));
        let token = ring.issue(source.id, presented, now, expires_in);
        Ok(Some(Granted { token, expires_in, which }))
    }
}

/// The token of the one `Authorization` header. Of two nobody can say which is meant.
fn bearer(headers: &HeaderMap) -> Option<&[u8]> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let (scheme, token) = values.next()?.as_bytes().split_at_checked(b"Bearer ".len())?;
    let token = token.trim_ascii();
    let is_bearer = scheme.eq_ignore_ascii_case(b"Bearer ") && values.next().is_none();
    (is_bearer && !token.is_empty()).then_some(token)
}

#[cfg(test)]
mod tests;
