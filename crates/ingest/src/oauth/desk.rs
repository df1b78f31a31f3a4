//! Where tokens are asked for: the way of one request, and the order of its checks.
//!
//! 1. Method: 405.
//! 2. What the head decides: its type 400, its Basic header 401, no key here 503, announced size 413, no room in hand 503.
//! 3. The body: 413, 408, 503; then what it says: 400, 401.
//! 4. The client and its secret: 401, after one fresh reading of the list like that for an unknown path, so that a client
//!    is known at once; no list of sources: 503. An unknown client waits like a wrong secret and is answered the same, so
//!    neither the answer nor its time tells which clients there are.
//!
//! Whoever guesses so keeps a few connections waiting and nothing else: when too many wait, the list in memory decides.
//! The bounds on connections, heads and bodies in hand are those of the other requests.

use super::answer::{self, Denial};
use super::{Authority, Granted};
use crate::answer::Refusal;
use crate::intake::now;
use crate::room::Room;
use crate::sources::Sources;
use crate::{body, metrics};
use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HeaderName, HeaderValue};
use hyper::http::request::Parts;
use hyper::{Method, Response};
use std::time::Duration;
use wire::oauth::{Credentials, RequestHead};

/// Largest form, in bytes. One with credentials of ours has some two hundred.
const FORM_BYTES_MAX: u64 = 8 * 1024;

/// What answering takes.
#[derive(Clone, Copy)]
pub(crate) struct Desk<'a> {
    pub(crate) sources: &'a Sources,
    pub(crate) room: &'a Room,
    pub(crate) authority: &'a Authority,
    pub(crate) body_timeout: Duration,
}

impl Desk<'_> {
    /// Answers one request.
    pub(crate) async fn answer(self, head: &Parts, mut body: Incoming) -> Response<Full<Bytes>> {
        let result = self.decide(head, &mut body).await;
        metrics::token_asked(answer::outcome(&result));
        if let Err(denial) = &result {
            tracing::debug!(outcome = denial.outcome().as_str(), %denial, "no token granted");
            body::discard(head, body);
        }
        answer::response(&result)
    }

    async fn decide(self, head: &Parts, body: &mut Incoming) -> Result<Granted, Denial> {
        if head.method != Method::POST {
            return Err(Denial::Method);
        }
        let request = RequestHead::read(values(head, CONTENT_TYPE), values(head, AUTHORIZATION))?;
        if !self.authority.is_able() {
            return Err(Refusal::OauthUnavailable.into());
        }
        let credentials = {
            let announced = body::announced(body, FORM_BYTES_MAX)?;
            let mut place = self.room.enter(announced.unwrap_or(0))?;
            let form = body::collect(body, &mut place, FORM_BYTES_MAX, self.body_timeout).await?;
            request.credentials(&form)?
        };
        self.grant(&credentials).await
    }

    async fn grant(self, credentials: &Credentials) -> Result<Granted, Denial> {
        if let Some(granted) = self.authenticate(credentials)? {
            return Ok(granted);
        }
        let _doubt = self.authority.doubt().ok_or(Denial::Client)?;
        self.sources.renewed().await;
        self.authenticate(credentials)?.ok_or(Denial::Client)
    }

    fn authenticate(self, credentials: &Credentials) -> Result<Option<Granted>, Refusal> {
        let source = self.sources.client(&credentials.client_id)?;
        self.authority.grant(source.as_deref(), &credentials.secret, now())
    }
}

fn values(head: &Parts, name: HeaderName) -> impl Iterator<Item = &[u8]> {
    head.headers.get_all(name).iter().map(HeaderValue::as_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oauth::tests::{authority, source};
    use crate::sources::stuck_for_test;
    use wire::oauth::SecretHash;

    /// What is decided without waiting for anything.
    async fn at_once(desk: Desk<'_>, credentials: &Credentials) -> Option<Result<Granted, Denial>> {
        tokio::select! {
            biased;
            decided = desk.grant(credentials) => Some(decided),
            () = std::future::ready(()) => None,
        }
    }

    #[tokio::test]
    async fn whoever_is_not_known_waits_for_a_fresh_list_unless_too_many_do() {
        let (sources, _finish) = stuck_for_test(&source(1));
        let (room, authority) = (Room::new(1, 1), authority());
        let body_timeout = Duration::from_secs(1);
        let desk = Desk { sources: &sources, room: &room, authority: &authority, body_timeout };
        let client = |id: &str, secret: &[u8]| Credentials {
            client_id: id.to_owned(),
            secret: SecretHash::of(secret),
        };
        let strangers = [client("client-1", b"newer"), client("client-2", b"new")];
        for stranger in &strangers {
            assert_eq!(at_once(desk, stranger).await, None, "waits");
        }
        let doubts: Vec<_> = std::iter::from_fn(|| authority.doubt()).collect();
        for stranger in &strangers {
            assert_eq!(at_once(desk, stranger).await, Some(Err(Denial::Client)));
        }
        assert!(at_once(desk, &client("client-1", b"new")).await.unwrap().is_ok(), "known, whoever waits");
        drop(doubts);
        assert_eq!(at_once(desk, &strangers[0]).await, None, "waits again");
    }
}
