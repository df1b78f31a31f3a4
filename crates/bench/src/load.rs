//! The load: signed POSTs made ahead, sent over connections that stay open.
//!
//! Any answer but 204 fails the run: a rate with refusals in it would mean nothing.

mod closed;
mod histogram;
mod open;
mod posts;

pub(crate) use closed::closed;
pub(crate) use histogram::{Histogram, PER_MILLISECOND, histogram, note, percentile};
pub(crate) use open::open;
pub(crate) use posts::{Posts, Repeats};

use anyhow::{Context, Result, ensure};
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use tokio::net::TcpStream;
use traffic::Post;

/// Where a load goes.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    pub(crate) address: SocketAddr,
    pub(crate) path: String,
}

/// One connection to ingest.
struct Connection {
    sender: SendRequest<Full<Bytes>>,
    target: Target,
    used: Instant,
}

/// ingest closes a connection that has been idle for five seconds; one that has been so for nearly as long is not risked.
const IDLE_MAX: Duration = Duration::from_secs(3);

impl Connection {
    async fn open(target: &Target) -> Result<Self> {
        let stream = TcpStream::connect(target.address).await?;
        stream.set_nodelay(true)?;
        let (sender, connection) = handshake(TokioIo::new(stream)).await?;
        // Ends with the sender; whoever still asks is told there.
        tokio::spawn(connection);
        Ok(Self { sender, target: target.clone(), used: Instant::now() })
    }

    async fn post(&mut self, post: &Post) -> Result<()> {
        if self.used.elapsed() > IDLE_MAX {
            *self = Self::open(&self.target.clone()).await?;
        }
        let mut request =
            Request::post(self.target.path.as_str()).header("host", self.target.address.to_string());
        for (name, value) in post.headers() {
            request = request.header(name, value);
        }
        let request = request.body(Full::new(post.body.clone()))?;
        self.sender.ready().await?;
        let answer = self.sender.send_request(request).await.context("a POST got no answer")?;
        let status = answer.status();
        let body = answer.into_body().collect().await?.to_bytes();
        let body = String::from_utf8_lossy(&body);
        self.used = Instant::now();
        ensure!(status == StatusCode::NO_CONTENT, "a POST was answered {status}: {body}");
        Ok(())
    }
}
