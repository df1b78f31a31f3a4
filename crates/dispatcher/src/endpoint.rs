//! An endpoint as one poll found it: where and how to send, what is allowed, and the opened secrets.
//!
//! Made anew for every poll's deliveries and kept nowhere else, so that a paused endpoint, a rotated secret and a
//! narrowed network take effect with the next lease. What cannot be read becomes an [`Obstacle`], never a request
//! without a signature; what another process may well be able to open is left to it.

use crate::classify::Obstacle;
use crate::guard::{Networks, Policy};
use crate::headers;
use crate::signers::{Signer, Signers};
use domain::retry;
use reqwest::header::HeaderMap;
use secrecy::{ExposeSecret as _, SecretString};
use std::time::Duration;
use store::delivery::{Endpoint, SealedHeader, SealedSecret};
use store::sealed::{KeyRing, SealError};
use url::Url;

/// An endpoint that may be sent to.
#[derive(Debug)]
pub(crate) struct Target {
    /// Of one attempt; `None`: the dispatcher's own.
    pub(crate) timeout: Option<Duration>,
    /// Waits before each attempt.
    pub(crate) schedule: Vec<Duration>,
    /// Every attempt fails if there is none.
    pub(crate) destination: Result<Destination, Obstacle>,
}

/// Where and how to send.
#[derive(Debug)]
pub(crate) struct Destination {
    pub(crate) url: Url,
    pub(crate) policy: Policy,
    pub(crate) signers: Signers,
    /// The endpoint's own.
    pub(crate) headers: HeaderMap,
}

/// Something was sealed with another key than this process has: no attempt, since the others' keys may be right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct OtherKey;

/// Why there is nowhere to send to.
enum Unfit {
    /// Whoever tries: it is an attempt, and a failed one.
    Obstacle(Obstacle),
    OtherKey,
}

impl From<Obstacle> for Unfit {
    fn from(obstacle: Obstacle) -> Self {
        Self::Obstacle(obstacle)
    }
}

impl Target {
    /// # Errors
    /// It is left to others.
    pub(crate) fn of(endpoint: &Endpoint, keys: &KeyRing) -> Result<Self, OtherKey> {
        let destination = match Destination::of(endpoint, keys) {
            Ok(destination) => Ok(destination),
            Err(Unfit::Obstacle(obstacle)) => Err(obstacle),
            Err(Unfit::OtherKey) => return Err(OtherKey),
        };
        let schedule = endpoint.schedule.clone().unwrap_or_else(|| retry::SCHEDULE.to_vec());
        Ok(Self { timeout: endpoint.timeout, schedule, destination })
    }
}

impl Destination {
    /// One secret of several that does not open counts too: it may be the one that the consumer verifies with.
    fn of(endpoint: &Endpoint, keys: &KeyRing) -> Result<Self, Unfit> {
        let url = Url::parse(&endpoint.url).map_err(|_| Obstacle::BadEndpoint)?;
        let networks = Networks::parse(&endpoint.allow_networks).map_err(|_| Obstacle::BadEndpoint)?;
        let signers = endpoint
            .secrets
            .iter()
            .map(|secret| signer(keys, endpoint.id, secret))
            .collect::<Result<Vec<_>, _>>()?;
        let signers = Signers::new(signers).map_err(|_| Obstacle::NoSecret)?;
        let headers = own_headers(keys, endpoint.id, &endpoint.headers)?;
        let policy = Policy { allow_http: endpoint.allow_http, networks };
        Ok(Self { url, policy, signers, headers })
    }
}

fn signer(keys: &KeyRing, endpoint_id: i32, secret: &SealedSecret) -> Result<Signer, Unfit> {
    let text = open(keys, endpoint_id, &secret.sealed, Obstacle::BadSecret)?;
    Ok(Signer::parse(&secret.scheme, text.expose_secret()).map_err(|_| Obstacle::BadSecret)?)
}

/// What was allowed when it was set up is checked again: rows can be written by other means.
fn own_headers(keys: &KeyRing, endpoint_id: i32, headers: &[SealedHeader]) -> Result<HeaderMap, Unfit> {
    if headers.len() > headers::COUNT_MAX {
        return Err(Obstacle::BadHeader.into());
    }
    let mut map = HeaderMap::with_capacity(headers.len());
    for SealedHeader { name, sealed } in headers {
        let value = open(keys, endpoint_id, sealed, Obstacle::BadHeader)?;
        let (name, value) = headers::check(name, value.expose_secret()).map_err(|_| Obstacle::BadHeader)?;
        map.insert(name, value);
    }
    Ok(map)
}

fn open(keys: &KeyRing, endpoint_id: i32, sealed: &[u8], bad: Obstacle) -> Result<SecretString, Unfit> {
    keys.open(endpoint_id, sealed).map_err(|error| match error {
        SealError::OtherKey => Unfit::OtherKey,
        SealError::UnknownVersion | SealError::Damaged => bad.into(),
    })
}

#[cfg(test)]
mod tests;
