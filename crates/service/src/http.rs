//! The accept loop: HTTP/1.1 only, every wait bounded, and an end that says what was left.
//!
//! Relies on a proxy for TLS and HTTP/2. A connection holds a slot from accept to close; without a free slot nothing
//! is accepted and the kernel's backlog holds the rest. The header timeout runs from the moment the server waits for
//! a head, so it is also the longest a kept-alive connection may idle. A connection that outlives its lifetime is
//! asked to end, then cut: a peer that never reads its answer cannot keep a slot.

#[cfg(test)]
pub(crate) mod client;
#[cfg(test)]
mod tests;

use crate::metrics;
use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioIo, TokioTimer};
use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::{JoinError, JoinSet};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

/// Wait after an accept that failed for want of something (descriptors, memory), so as not to spin on it.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Which listener a connection came through, for metrics and logs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Listener {
    /// What the world can reach.
    Public,
    Admin,
}

impl Listener {
    pub const ALL: [Self; 2] = [Self::Public, Self::Admin];

    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Admin => "admin",
        }
    }
}

/// Bounds of one listener.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    pub listener: Listener,
    /// Connections open at the same time, at least 1.
    pub connections: usize,
    /// Longest wait for a whole head, and so the longest idle time of a connection.
    pub header_timeout: Duration,
    /// Most header lines of a request; more are answered 431.
    pub headers: usize,
    /// Bytes of a connection's read buffer, which a head has to fit in; at least 8 KiB.
    pub buffer_bytes: usize,
    /// Longest life of a connection; then it is asked to end, and cut after `drain`.
    pub lifetime: Duration,
    /// How long requests in hand may take to end, after shutdown and after `lifetime`.
    pub drain: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            listener: Listener::Public,
            connections: 1_024,
            header_timeout: Duration::from_secs(5),
            // Proxies add a dozen lines to SendGrid's own dozen.
            headers: 64,
            buffer_bytes: 64 * 1024,
            // Long enough for keep-alive to pay, short enough to spread over replicas that come and go.
            lifetime: Duration::from_secs(600),
            drain: Duration::from_secs(30),
        }
    }
}

/// How serving ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub struct Drained {
    /// Connections that were cut because they did not end inside the drain deadline.
    pub left: usize,
}

/// Accepts and serves until `shutdown`; then stops listening, lets requests in hand end, and cuts what remains.
pub async fn serve<H, F>(
    listener: TcpListener,
    limits: Limits,
    handler: H,
    shutdown: CancellationToken,
) -> Drained
where
    H: Fn(Request<Incoming>) -> F + Clone + Send + 'static,
    F: Future<Output = Response<Full<Bytes>>> + Send + 'static,
{
    let slots = Arc::new(Semaphore::new(limits.connections.max(1)));
    let mut connections = JoinSet::new();
    let accepting = async {
        loop {
            let slot = Arc::clone(&slots).acquire_owned().await.expect("the semaphore is never closed");
            let stream = accept(&listener, limits.listener).await;
            while let Some(ended) = connections.try_join_next() {
                report(&ended);
            }
            let (handler, shutdown) = (handler.clone(), shutdown.clone());
            connections.spawn(async move {
                let _open = metrics::OpenConnection::new(limits.listener);
                connection(stream, limits, handler, shutdown).await;
                drop(slot);
            });
        }
    };
    shutdown.run_until_cancelled(accepting).await;
    // From here the kernel refuses new connections.
    drop(listener);
    drain(connections, limits).await
}

async fn accept(listener: &TcpListener, name: Listener) -> TcpStream {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => return stream,
            Err(error) => {
                metrics::accept_failed(name);
                if !peer_left(&error) {
                    tracing::warn!(listener = name.as_str(), %error, "cannot accept");
                    sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }
}

/// The peer gave up between the handshake and our accept: nothing is wrong here.
fn peer_left(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}

async fn connection<H, F>(stream: TcpStream, limits: Limits, handler: H, shutdown: CancellationToken)
where
    H: Fn(Request<Incoming>) -> F,
    F: Future<Output = Response<Full<Bytes>>>,
{
    // Answers are one small write; waiting to fill a segment would only delay them. A socket that refuses the
    // option is already dead and says so on its first read.
    drop(stream.set_nodelay(true));
    let service = service_fn(move |request| {
        let answer = handler(request);
        async move { Ok::<_, Infallible>(answer.await) }
    });
    let mut connection = pin!(
        http1::Builder::new()
            // Without a timer the header timeout would not run.
            .timer(TokioTimer::new())
            .header_read_timeout(limits.header_timeout)
            .max_headers(limits.headers)
            .max_buf_size(limits.buffer_bytes)
            // A peer that has said everything may close its half and still wants its answer. It also means that a
            // handler is never dropped halfway because its peer left: handlers bound themselves.
            .half_close(true)
            .serve_connection(TokioIo::new(stream), service)
    );
    let ended = tokio::select! {
        ended = connection.as_mut() => Ok(ended),
        () = shutdown.cancelled() => {
            connection.as_mut().graceful_shutdown();
            // `drain` bounds it, together with all the others.
            Ok(connection.await)
        }
        () = sleep(limits.lifetime) => {
            connection.as_mut().graceful_shutdown();
            timeout(limits.drain, connection).await
        }
    };
    match ended {
        Ok(Ok(())) => {}
        // A peer's own doing (a slow head, a broken request, a reset); its address stays out of the log.
        Ok(Err(error)) => tracing::debug!(listener = limits.listener.as_str(), %error, "connection failed"),
        Err(_) => {
            metrics::connections_cut(limits.listener, 1);
            tracing::debug!(
                listener = limits.listener.as_str(),
                "connection outlived its lifetime and was cut"
            );
        }
    }
}

async fn drain(mut connections: JoinSet<()>, limits: Limits) -> Drained {
    let all = async {
        while let Some(ended) = connections.join_next().await {
            report(&ended);
        }
    };
    if timeout(limits.drain, all).await.is_ok() {
        return Drained { left: 0 };
    }
    let left = connections.len();
    metrics::connections_cut(limits.listener, left as u64);
    connections.shutdown().await;
    Drained { left }
}

/// A handler that panics is a defect of ours; the panic hook has said where.
fn report(ended: &Result<(), JoinError>) {
    if ended.as_ref().is_err_and(JoinError::is_panic) {
        tracing::error!("a connection's task panicked");
    }
}
