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
            let end = End::Answered { status, come_again };
            let refused = end.outcome() != Outcome::Delivered;
            match timeout_at(deadline, read(response)).await {
                // Of a refusal the head is the whole word: nobody has taken anything, whatever becomes of the body.
                Err(_) | Ok(Err(_)) if refused => end.into(),
                Err(_) => End::Unanswered(Trouble::Timeout).into(),
                Ok(Err(error)) => ending(&error).into(),
                Ok(Ok(body)) => Answer { end, response: (refused && !body.is_empty()).then_some(body) },
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
        return Some(told_by_io(error));
    }
    let error = cause.downcast_ref::<hyper::Error>()?;
    (error.is_incomplete_message() || error.is_closed() || error.is_canceled()).then_some(Trouble::Closed)
}

/// What an I/O error wraps is none of its sources. rustls hands its errors through in one, and connectors wrap that again.
fn told_by_io(error: &io::Error) -> Trouble {
    let mut innermost = error;
    while let Some(inner) = innermost.get_ref() {
        if inner.is::<rustls::Error>() {
            return Trouble::Tls;
        }
        let Some(inner) = inner.downcast_ref() else { break };
        innermost = inner;
    }
    match innermost.kind() {
        // hyper says so of chunks that it cannot read.
        io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput => Trouble::Protocol,
        _ => Trouble::Closed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_io_error_is_read_through_all_its_wrappings() {
        let tls = || io::Error::new(io::ErrorKind::InvalidData, rustls::Error::DecryptError);
        let chunk = || io::Error::new(io::ErrorKind::InvalidInput, "Invalid chunk size line");
        for (error, trouble) in [
            (tls(), Trouble::Tls),
            (io::Error::other(io::Error::other(tls())), Trouble::Tls),
            (chunk(), Trouble::Protocol),
            (io::Error::other(chunk()), Trouble::Protocol),
            (io::ErrorKind::ConnectionReset.into(), Trouble::Closed),
            (io::Error::new(io::ErrorKind::UnexpectedEof, "IncompleteBody"), Trouble::Closed),
        ] {
            assert_eq!(told_by_io(&error), trouble, "{error:?}");
        }
    }
}
