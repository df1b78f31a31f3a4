//! One POST as SendGrid makes it: joined, signed, sent, answered.

use crate::database;
use crate::failure::Failure;
use bytes::Bytes;
use reqwest::redirect::Policy;
use std::time::Duration;
use url::Url;
use uuid::Uuid;
use wire::signature::{HEADER_SIGNATURE, HEADER_TIMESTAMP, SigningKey};

pub(crate) const CONTENT_TYPE: &str = "application/json;charset=utf-8";
const USER_AGENT: &str = "SendGrid Event API";
const HEADER_BATCH_ID: &str = "sendstate-batch-id";

/// Ingest answers within seconds whatever happens; this only bounds a stack that hangs.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// Elements as SendGrid joins them: `,` CR LF between, CR LF after the array.
pub(crate) fn join<T: AsRef<[u8]>>(elements: &[T]) -> Vec<u8> {
    let mut body =
        Vec::with_capacity(elements.iter().map(|element| element.as_ref().len() + 3).sum::<usize>() + 4);
    body.push(b'[');
    for (position, element) in elements.iter().enumerate() {
        if position > 0 {
            body.extend_from_slice(b",\r\n");
        }
        body.extend_from_slice(element.as_ref());
    }
    body.extend_from_slice(b"]\r\n");
    body
}

/// A body with its two signature headers.
#[derive(Clone, Debug)]
pub(crate) struct Post {
    pub body: Bytes,
    pub timestamp: String,
    pub signature: String,
}

impl Post {
    /// Signs `body` at `timestamp` (Unix seconds), or now.
    pub(crate) fn sign(body: impl Into<Bytes>, key: &SigningKey, timestamp: Option<i64>) -> Self {
        let body = body.into();
        // The header has ten digits.
        let timestamp = format!("{:010}", timestamp.unwrap_or_else(|| database::now().as_second()));
        let signature = key.sign(timestamp.as_bytes(), &body);
        Self { body, timestamp, signature }
    }

    /// The headers that matter, as lines.
    pub(crate) fn headers(&self) -> [(&'static str, &str); 3] {
        [
            ("Content-Type", CONTENT_TYPE),
            (HEADER_TIMESTAMP, self.timestamp.as_str()),
            (HEADER_SIGNATURE, self.signature.as_str()),
        ]
    }
}

/// What came back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    Status {
        code: u16,
        batch: Option<Uuid>,
    },
    /// No answer at all, and why.
    None(String),
}

impl Answer {
    /// As a key of the report: the status, or `none`.
    pub(crate) fn label(&self) -> String {
        match self {
            Self::Status { code, .. } => code.to_string(),
            Self::None(_) => "none".to_owned(),
        }
    }
}

/// Sends POSTs and keeps connections open between them. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Client(reqwest::Client);

impl Client {
    pub(crate) fn new() -> Result<Self, Failure> {
        // A second installation in the same process is refused and changes nothing.
        drop(rustls::crypto::ring::default_provider().install_default());
        reqwest::Client::builder()
            .no_proxy()
            .redirect(Policy::none())
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(ANSWER_TIMEOUT)
            .user_agent(USER_AGENT)
            .build()
            .map(Self)
            .map_err(|error| Failure::failed(format!("the HTTP client cannot be made: {error}")))
    }

    pub(crate) async fn send(&self, url: Url, post: Post) -> Answer {
        let mut request = self.0.post(url);
        for (name, value) in post.headers() {
            request = request.header(name, value);
        }
        match request.body(post.body).send().await {
            Ok(response) => {
                let code = response.status().as_u16();
                let batch = response.headers().get(HEADER_BATCH_ID).and_then(|id| id.to_str().ok());
                Answer::Status { code, batch: batch.and_then(|id| Uuid::try_parse(id).ok()) }
            }
            Err(error) => Answer::None(with_causes(&error.without_url())),
        }
    }
}

/// The client's top line ("error sending request") alone helps nobody.
fn with_causes(error: &dyn std::error::Error) -> String {
    let causes =
        std::iter::successors(error.source(), |cause| cause.source()).map(|cause| format!(": {cause}"));
    error.to_string() + &causes.collect::<String>()
}

#[cfg(test)]
mod tests {
    use super::*;
    use wire::signature::Signature;

    #[test]
    fn a_post_carries_a_signature_over_its_very_bytes() {
        let key = SigningKey::generate();
        let post = Post::sign(join(&["{}", "{}"]), &key, Some(1_600_000_000));
        assert_eq!(post.body.as_ref(), b"[{},\r\n{}]\r\n");
        let signature = Signature::decode(post.signature.as_bytes()).unwrap();
        assert!(key.public_key().verify(b"1600000000", &post.body, &signature));
    }

    #[test]
    fn an_array_of_nothing_is_still_an_array() {
        assert_eq!(join::<&str>(&[]), b"[]\r\n");
    }
}
