//! A consumer of notifications: verifies before anything else, answers 204, refuses what does not verify with 401.
//!
//! What a real consumer should do is all here but the storing: bounded body, signature over the raw bytes, answer
//! quickly. It may be sent the same notification again and knows it by its id.

use crate::database;
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Incoming;
use hyper::header::{ALLOW, HeaderValue};
use hyper::{HeaderMap, Method, Request, Response, StatusCode};
use service::http::{Drained, Limits, serve};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use wire::webhook::{self, HEADER_ID, HEADER_SIGNATURE, HEADER_TIMESTAMP, Secret};

/// Notifications are some kilobytes, but custom arguments and categories may be as large as a POST of SendGrid's, which
/// ingest can be told to take up to 16 MiB of.
const BODY_BYTES_MAX: usize = 32 * 1024 * 1024;
const BODY_TIMEOUT: Duration = Duration::from_secs(10);

/// A request that verified.
#[derive(Clone, Debug)]
pub(crate) struct Delivered {
    pub webhook_id: String,
    pub body: Bytes,
}

/// What is done with requests.
pub(crate) trait Receiver: Send + Sync + 'static {
    /// A notification with a valid signature; the status is the answer.
    fn delivered(&self, delivered: Delivered) -> StatusCode;
    /// A request that was refused, and why.
    fn refused(&self, why: &str);
}

/// Serves until `shutdown`.
pub(crate) async fn run<R: Receiver>(
    listener: TcpListener,
    secret: Secret,
    receiver: Arc<R>,
    shutdown: CancellationToken,
) -> Drained {
    // Senders keep connections open between notifications.
    let limits = Limits {
        header_timeout: Duration::from_secs(60),
        drain: Duration::from_secs(5),
        ..Limits::default()
    };
    let secrets = Arc::new([secret]);
    let handler = move |request: Request<Incoming>| {
        let (secrets, receiver) = (Arc::clone(&secrets), Arc::clone(&receiver));
        async move {
            match read(request, secrets.as_slice()).await {
                Ok(delivered) => answer(receiver.delivered(delivered)),
                Err(refused) => {
                    receiver.refused(&refused.why);
                    answer(refused.status)
                }
            }
        }
    };
    serve(listener, limits, handler, shutdown).await
}

struct Refused {
    status: StatusCode,
    why: String,
}

async fn read(request: Request<Incoming>, secrets: &[Secret]) -> Result<Delivered, Refused> {
    let refused = |status, why: &str| Refused { status, why: why.to_owned() };
    if request.method() != Method::POST {
        return Err(refused(StatusCode::METHOD_NOT_ALLOWED, "not a POST"));
    }
    let (head, body) = request.into_parts();
    let body = match timeout(BODY_TIMEOUT, Limited::new(body, BODY_BYTES_MAX).collect()).await {
        Ok(Ok(body)) => body.to_bytes(),
        Ok(Err(_)) => {
            return Err(refused(StatusCode::PAYLOAD_TOO_LARGE, "body cut off, or larger than 32 MiB"));
        }
        Err(_) => return Err(refused(StatusCode::REQUEST_TIMEOUT, "body too slow")),
    };
    let unauthorized = |why: String| Refused { status: StatusCode::UNAUTHORIZED, why };
    let id = header(&head.headers, HEADER_ID).map_err(unauthorized)?;
    let timestamp = header(&head.headers, HEADER_TIMESTAMP).map_err(unauthorized)?;
    let signatures = header(&head.headers, HEADER_SIGNATURE).map_err(unauthorized)?;
    webhook::verify(secrets, id, timestamp, signatures, &body, database::now().as_second())
        .map_err(|error| unauthorized(error.to_string()))?;
    Ok(Delivered { webhook_id: id.to_owned(), body })
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> Result<&'a str, String> {
    let value = headers.get(name).ok_or_else(|| format!("header {name} is missing"))?;
    value.to_str().map_err(|_| format!("header {name} is not text"))
}

fn answer(status: StatusCode) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::default());
    *response.status_mut() = status;
    if status == StatusCode::METHOD_NOT_ALLOWED {
        response.headers_mut().insert(ALLOW, HeaderValue::from_static("POST"));
    }
    response
}

#[cfg(test)]
mod tests;
