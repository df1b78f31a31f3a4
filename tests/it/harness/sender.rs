//! SendGrid, as far as a webhook shows it: signed POSTs, with a key and an implementation that are not the product's.

use super::clock::now_seconds;
use super::http::{Exchange, exchange};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;
use futures_util::stream;
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt as _, Full, StreamBody};
use hyper::body::Frame;
use hyper::{Method, Request};
use p256::ecdsa::signature::Signer as _;
use p256::ecdsa::{DerSignature, SigningKey};
use p256::elliptic_curve::Generate as _;
use p256::pkcs8::EncodePublicKey as _;
use serde_json::Value;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use url::Url;

pub(crate) const SIGNATURE: &str = "X-Twilio-Email-Event-Webhook-Signature";
pub(crate) const TIMESTAMP: &str = "X-Twilio-Email-Event-Webhook-Timestamp";

/// One key that signs.
#[derive(Clone, Debug)]
pub(crate) struct Sender {
    key: Arc<SigningKey>,
}

impl Sender {
    pub(crate) fn new() -> Self {
        Self { key: Arc::new(SigningKey::generate()) }
    }

    /// As SendGrid shows it: base64 of SubjectPublicKeyInfo.
    pub(crate) fn public_key(&self) -> String {
        BASE64.encode(self.key.verifying_key().to_public_key_der().unwrap().as_bytes())
    }

    pub(crate) fn sign(&self, timestamp: &str, body: &[u8]) -> String {
        let signature: DerSignature = self.key.sign(&[timestamp.as_bytes(), body].concat());
        BASE64.encode(signature.as_bytes())
    }

    /// Signed now.
    pub(crate) fn post(&self, body: impl Into<Bytes>) -> Post {
        self.post_at(&now_seconds().to_string(), body)
    }

    /// Signed with this timestamp.
    pub(crate) fn post_at(&self, timestamp: &str, body: impl Into<Bytes>) -> Post {
        let body = body.into();
        let signature = self.sign(timestamp, &body);
        Post::unsigned(body).header(SIGNATURE, &signature).header(TIMESTAMP, timestamp)
    }

    /// A batch of these events, as SendGrid writes it, signed now.
    pub(crate) fn batch(&self, events: &[Value]) -> Post {
        let lines: Vec<_> = events.iter().map(Value::to_string).collect();
        self.post(format!("[{}]\r\n", lines.join(",\r\n")))
    }
}

/// A request to be sent, any number of times.
#[derive(Clone, Debug)]
pub(crate) struct Post {
    method: Method,
    headers: Vec<(String, String)>,
    pub(crate) body: Bytes,
    /// Size of its chunks; absent: whole, with its length announced.
    chunk: Option<usize>,
}

impl Post {
    pub(crate) fn unsigned(body: impl Into<Bytes>) -> Self {
        let headers =
            [("User-Agent", "SendGrid Event API"), ("Content-Type", "application/json;charset=utf-8")];
        let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
        Self { method: Method::POST, headers, body: body.into(), chunk: None }
    }

    /// With one more header line; a name may be repeated.
    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(header, _)| header != name);
        self
    }

    pub(crate) fn method(self, method: Method) -> Self {
        Self { method, ..self }
    }

    pub(crate) fn body(self, body: impl Into<Bytes>) -> Self {
        Self { body: body.into(), ..self }
    }

    /// Sends the body in chunks of this size, its length untold.
    pub(crate) fn chunked(self, bytes: usize) -> Self {
        Self { chunk: Some(bytes), ..self }
    }

    /// The head alone as it goes over the wire, announcing a body of `length` bytes; for senders that misbehave.
    pub(crate) fn head(&self, url: &str, length: usize) -> String {
        let (address, url) = target(url);
        let headers: String =
            self.headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        let (method, path) = (&self.method, url.path());
        format!("{method} {path} HTTP/1.1\r\nHost: {address}\r\n{headers}Content-Length: {length}\r\n\r\n")
    }

    /// Sends it on a connection of its own.
    pub(crate) async fn to(&self, url: &str) -> Exchange {
        let (address, url) = target(url);
        let mut request =
            Request::builder().method(&self.method).uri(url.path()).header("Host", address.to_string());
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        exchange(address, request.body(self.framed())?).await
    }

    fn framed(&self) -> BoxBody<Bytes, Infallible> {
        let Some(size) = self.chunk else { return Full::new(self.body.clone()).boxed() };
        let chunks: Vec<_> = self.body.chunks(size).map(|chunk| self.body.slice_ref(chunk)).collect();
        StreamBody::new(stream::iter(chunks.into_iter().map(|chunk| Ok(Frame::data(chunk))))).boxed()
    }
}

/// The address and the parts of a URL of the harness, whose hosts are numbers.
pub(crate) fn target(url: &str) -> (SocketAddr, Url) {
    let url: Url = url.parse().unwrap();
    let addresses = url.socket_addrs(|| None).unwrap();
    (addresses[0], url)
}
