//! The way of one request, told once: the order of the checks and what each is answered.
//!
//! 1. Path and source: 404. No list of sources at all: 503.
//! 2. Method: 405.
//! 3. Broker blocked or away: 503, before anything is asked of the sender.
//! 4. What the head decides: announced size 413, OAuth token if the source asks for one 401, signature headers 401 and
//!    403, no room in hand 503.
//! 5. The body: 413, 408, 503 if the room has filled up meanwhile.
//! 6. Signature over the raw bytes: 403; only then its age: 403.
//! 7. A turn at the broker: 503. Until here a request holds nothing but the bytes that it has sent.
//! 8. Published and confirmed within what is left of the patience: 204, else 503.
//!
//! Requests for an OAuth token go another way, told in `oauth/desk.rs`.
//!
//! A sender that vanishes, or is answered 503 for a confirm that came too late, sends the batch again: what was
//! published all the same is recognised by its events.

use crate::answer::{self, Refusal};
use crate::body;
use crate::config::Bounds;
use crate::oauth::{Authority, Denied, Desk};
use crate::request::{self, Credentials};
use crate::room::{Place, Room};
use crate::sources::{Source, Sources, Verification};
use crate::{batch, metrics};
use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::http::request::Parts;
use hyper::{Method, Request, Response};
use jiff::Timestamp;
use queue::{PublishError, Publisher, PublisherState};
use std::sync::Arc;
use tokio::sync::watch;
use tokio::time::Instant;
use uuid::Uuid;
use wire::oauth::{TOKEN_PATH, TokenError};
use wire::signature::{self, Freshness, signed_by_any};

/// Everything a request needs. Cheap to clone, shares all of it.
#[derive(Clone)]
pub(crate) struct Intake {
    sources: Sources,
    publisher: Publisher,
    broker: watch::Receiver<PublisherState>,
    room: Room,
    bounds: Bounds,
    authority: Authority,
}

/// A request that its head did not refuse.
struct Admitted {
    source: Arc<Source>,
    /// Absent on a source that is explicitly unsigned.
    credentials: Option<Credentials>,
    place: Place,
}

impl Intake {
    pub(crate) fn new(sources: Sources, publisher: Publisher, bounds: Bounds, authority: Authority) -> Self {
        let room = Room::new(bounds.requests, bounds.bytes);
        let broker = publisher.state();
        Self { sources, publisher, broker, room, bounds, authority }
    }

    /// Answers one request.
    pub(crate) async fn answer(self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        let begun = Instant::now();
        let (head, mut body) = request.into_parts();
        if head.uri.path() == TOKEN_PATH && self.is_desk() {
            let Self { sources, room, authority, .. } = &self;
            let desk = Desk { sources, room, authority, body_timeout: self.bounds.body_timeout };
            return desk.answer(&head, body).await;
        }
        let result = self.take(&head, &mut body).await;
        if let Err(refusal) = result {
            tracing::debug!(outcome = refusal.as_str(), "refused");
            body::discard(&head, body);
        }
        metrics::answered(&result, begun.elapsed());
        answer::response(result)
    }

    async fn take(&self, head: &Parts, body: &mut Incoming) -> Result<Uuid, Refusal> {
        let mut admitted = self.admit(head, body).await?;
        let bounds = &self.bounds;
        let body = body::collect(body, &mut admitted.place, bounds.body_max, bounds.body_timeout).await?;
        let complete = Instant::now();
        let received_at = now();
        metrics::body_read(body.len());
        verify(&admitted.source, admitted.credentials.as_ref(), &body, received_at)?;
        let _turn = admitted.place.turn()?;
        let (batch, message) = batch::seal(admitted.source.id, received_at, &head.headers, body);
        let patience = bounds.confirm_timeout.saturating_sub(complete.elapsed());
        let publishing = Instant::now();
        let published = self.publisher.publish(message, patience).await;
        metrics::published(publishing.elapsed());
        published.map_err(refusal)?;
        tracing::debug!(batch.id = %batch, source.id = admitted.source.id.0, "accepted");
        Ok(batch)
    }

    /// Everything that is decided before a byte of the body is read.
    async fn admit(&self, head: &Parts, body: &Incoming) -> Result<Admitted, Refusal> {
        let path = request::source_path(head.uri.path()).ok_or(Refusal::NotFound)?;
        let mut source = self.sources.find(path).await?;
        if head.method != Method::POST {
            return Err(Refusal::MethodNotAllowed);
        }
        if !matches!(*self.broker.borrow(), PublisherState::Ready) {
            return Err(Refusal::BrokerUnavailable);
        }
        let announced = body::announced(body, self.bounds.body_max)?;
        if source.oauth.is_some() {
            source = self.authorised(path, source, head).await?;
        }
        let credentials = match &source.verification {
            Verification::Unsigned => None,
            Verification::Signed(keys) => {
                let credentials = request::credentials(&head.headers)?;
                let now = now();
                if !keys.iter().any(|key| key.is_accepted(now)) {
                    return Err(Refusal::InvalidSignature);
                }
                Some(credentials)
            }
        };
        let place = self.room.enter(announced.unwrap_or(0))?;
        Ok(Admitted { source, credentials, place })
    }

    /// The source, if the request carries a token for it. One that nobody seems to have made waits for a fresh reading,
    /// like an unknown path, if not too many do: it may have been given for a secret that is newer than the list.
    /// Whoever makes up tokens so keeps a few connections waiting and nothing else.
    async fn authorised(
        &self,
        path: &str,
        source: Arc<Source>,
        head: &Parts,
    ) -> Result<Arc<Source>, Refusal> {
        let _doubt = match self.authority.check(&source, &head.headers, now()) {
            Ok(()) => return Ok(source),
            Err(denied @ Denied::Token(TokenError::Unknown)) => self.authority.doubt().ok_or(denied)?,
            Err(denied) => return Err(denied.into()),
        };
        let source = self.sources.find_renewed(path).await?;
        self.authority.check(&source, &head.headers, now())?;
        Ok(source)
    }

    /// Whether tokens can be asked for here. Where nobody wants any the path is like any other.
    fn is_desk(&self) -> bool {
        self.authority.is_able() || self.sources.ask_for_tokens()
    }
}

/// Unsigned sources pass. On signed ones the age only counts once the signature is right: until then the timestamp is
/// anybody's claim.
fn verify(
    source: &Source,
    credentials: Option<&Credentials>,
    body: &[u8],
    received_at: Timestamp,
) -> Result<(), Refusal> {
    let Verification::Signed(keys) = &source.verification else { return Ok(()) };
    // Admission leaves nobody here without credentials; if it did, this would refuse.
    let credentials = credentials.ok_or(Refusal::MissingSignature)?;
    // Up to ten keys, a fraction of a millisecond each: less than handing the body to another thread and back would be
    // worth, and the usual source has one.
    let accepted = keys.iter().filter(|key| key.is_accepted(received_at)).map(|key| &key.public);
    if !signed_by_any(accepted, &credentials.timestamp, body, &credentials.signature) {
        return Err(Refusal::InvalidSignature);
    }
    let age = credentials.age(received_at);
    metrics::signature_age(age);
    match signature::freshness(age, source.age_max) {
        Freshness::Fresh => Ok(()),
        Freshness::Expired | Freshness::FromTheFuture => Err(Refusal::Expired),
    }
}

/// The publisher counts and logs its own failures; here they only become answers.
fn refusal(error: PublishError) -> Refusal {
    match error {
        PublishError::Overloaded => Refusal::Overloaded,
        PublishError::Timeout => Refusal::ConfirmTimeout,
        // Both limits are checked before; the broker would take the body of no other size either.
        PublishError::TooLarge => Refusal::BodyTooLarge,
        PublishError::Unavailable
        | PublishError::Blocked
        | PublishError::Refused
        | PublishError::Unroutable => Refusal::BrokerUnavailable,
    }
}

#[expect(clippy::disallowed_methods, reason = "the process's edge: the receive time of a batch is made here")]
pub(crate) fn now() -> Timestamp {
    let now = Timestamp::now();
    // The database keeps microseconds: the envelope, the ledger and the notification then say the same.
    Timestamp::from_microsecond(now.as_microsecond()).unwrap_or(now)
}

#[cfg(test)]
mod tests;
