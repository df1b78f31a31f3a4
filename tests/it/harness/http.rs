//! One HTTP/1.1 request on a connection of its own, and its answer.

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Body;
use hyper::{HeaderMap, Request, StatusCode};
use hyper_util::rt::TokioIo;
use std::net::SocketAddr;
use tokio::net::TcpStream;

/// Why there was no answer.
pub(crate) type NoAnswer = Box<dyn std::error::Error + Send + Sync>;

/// How a request ended.
pub(crate) type Exchange = Result<Answer, NoAnswer>;

#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Answer {
    /// A header's value, empty if it is absent.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// Sends one request and reads the whole answer.
pub(crate) async fn exchange<B>(address: SocketAddr, request: Request<B>) -> Exchange
where
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: std::error::Error + Send + Sync,
{
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    let driving = tokio::spawn(connection);
    let answered = async {
        let (head, body) = sender.send_request(request).await?.into_parts();
        let body = body.collect().await?.to_bytes();
        Ok(Answer { status: head.status, headers: head.headers, body })
    }
    .await;
    driving.abort();
    answered
}

/// Gets a path.
pub(crate) async fn get(address: SocketAddr, path: &str) -> Exchange {
    let request = Request::get(path).header("host", address.to_string()).body(Full::<Bytes>::default())?;
    exchange(address, request).await
}
