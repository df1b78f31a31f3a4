//! One request: checked, signed, sent, and its end told in the words of [`crate::classify`].
//!
//! Never fails and never takes longer than its timeout, which covers connecting, the answer's head and its body. An
//! answer counts when it has ended, or when as much of it as will be read has come: a consumer that says 200 and then
//! stalls or breaks off may well have died on the way, and is told again under the same id.

use crate::classify::{End, Obstacle, Outcome, Trouble};
use crate::client::{Clients, NoClient, ResolveError};
use crate::endpoint::Destination;
use crate::{clock, guard, request, retry_after};
use jiff::Timestamp;
use reqwest::header::RETRY_AFTER;
use std::error::Error;
use std::io;
use std::time::Duration;
use store::delivery::Notification;
use tokio::time::{Instant, timeout_at};

/// What is read of an answer's body; the connection is closed if there is more.
const ANSWER_BYTES_MAX: usize = 16 * 1024;
/// What is kept of a refusal: enough for its first sentence.
const KEPT_BYTES_MAX: usize = 1024;

/// How a request ended, and the first bytes of the answer unless it was a delivery.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) end: End,
    pub(crate) response: Option<Vec<u8>>,
}

impl From<End> for Answer {
    fn from(end: End) -> Self {
        Self { end, response: None }
    }
}

/// Sends a notification once. `at` is the attempt's time, `timeout` bounds everything.
pub(crate) async fn send(
    clients: &Clients,
    destination: &Destination,
    notification: Notification,
    at: Timestamp,
    timeout: Duration,
) -> Answer {
    let deadline = Instant::now() + timeout;
    if guard::check_url(&destination.url, &destination.policy).is_err() {
        return End::Unsent(Obstacle::Refused).into();
    }
    let client = clients.to(&destination.url, &destination.policy.networks);
    let client = match timeout_at(deadline, client).await {
        Err(_) => return End::Unanswered(Trouble::Timeout).into(),
        Ok(Err(NoClient::Build(_))) => return End::Unsent(Obstacle::NoClient).into(),
        Ok(Err(NoClient::Resolve(error))) => return unresolved(&error).into(),
        Ok(Ok(client)) => client,
    };
    let Notification { webhook_id, body } = notification;
    let headers = request::headers(destination, webhook_id, &body, at);
    let sending = client.post(destination.url.clone()).headers(headers).body(body).send();
    match timeout_at(deadline, sending).await {
        Err(_) => End::Unanswered(Trouble::Timeout).into(),
        Ok(Err(error)) => ending(&error).into(),
        Ok(Ok(response)) => {
            let status = response.status().as_u16();
            let asked = response.headers().get(RETRY_AFTER);
            let come_again = asked.and_then(|value| retry_after::come_again(value.as_bytes(), clock::now()));
            match timeout_at(deadline, read(response)).await {
                Err(_) => End::Unanswered(Trouble::Timeout).into(),
                Ok(Err(error)) => ending(&error).into(),
                Ok(Ok(body)) => {
                    let end = End::Answered { status, come_again };
                    let kept = (end.outcome() != Outcome::Delivered && !body.is_empty()).then_some(body);
                    Answer { end, response: kept }
                }
            }
        }
    }
}

/// Reads the body until its end or the bound, and returns its first bytes.
async fn read(mut response: reqwest::Response) -> reqwest::Result<Vec<u8>> {
    let mut kept = Vec::new();
    let mut read_bytes = 0;
    while read_bytes < ANSWER_BYTES_MAX {
        let Some(chunk) = response.chunk().await? else { break };
        read_bytes += chunk.len();
        let missing = KEPT_BYTES_MAX - kept.len();
        kept.extend_from_slice(&chunk[..chunk.len().min(missing)]);
    }
    Ok(kept)
}

/// Reads the cause off the error and its sources, the innermost telling most.
fn ending(error: &reqwest::Error) -> End {
    let mut trouble = None;
    let mut source: Option<&dyn Error> = Some(error);
    while let Some(cause) = source {
        if let Some(error) = cause.downcast_ref::<ResolveError>() {
            return unresolved(error);
        }
        trouble = told_by(cause).or(trouble);
        source = cause.source();
    }
    End::Unanswered(match trouble {
        Some(Trouble::Tls) => Trouble::Tls,
        _ if error.is_connect() && error.is_timeout() => Trouble::ConnectTimeout,
        _ if error.is_connect() => Trouble::Connect,
        Some(trouble) => trouble,
        None if error.is_timeout() => Trouble::Timeout,
        None => Trouble::Protocol,
    })
}

fn unresolved(error: &ResolveError) -> End {
    match error {
        ResolveError::Refused(_) => End::Unsent(Obstacle::Refused),
        ResolveError::Lookup(_) | ResolveError::Nothing => End::Unanswered(Trouble::Dns),
    }
}

fn told_by(cause: &(dyn Error + 'static)) -> Option<Trouble> {
    if cause.is::<rustls::Error>() {
        return Some(Trouble::Tls);
    }
    if let Some(error) = cause.downcast_ref::<io::Error>() {
        // rustls hands its errors through as data that is not valid.
        let wrapped = error.get_ref().is_some_and(|inner| inner.is::<rustls::Error>());
        return Some(if wrapped { Trouble::Tls } else { Trouble::Closed });
    }
    let error = cause.downcast_ref::<hyper::Error>()?;
    (error.is_incomplete_message() || error.is_closed() || error.is_canceled()).then_some(Trouble::Closed)
}
