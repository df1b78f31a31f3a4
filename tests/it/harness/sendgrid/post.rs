//! Posting to webhooks: signed by the webhook's own key, with a bearer token where the webhook says so.

use super::test_events;
use super::webhooks::{OAuth, Webhook};
use crate::harness::http::{Exchange, NoAnswer, exchange};
use crate::harness::sender::{Post, Sender, target};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;
use http_body_util::Full;
use hyper::Request;
use serde_json::Value;

/// A request to be posted.
#[derive(Clone, Debug)]
pub(super) struct Delivery {
    url: String,
    body: String,
    signer: Option<Sender>,
    oauth: Option<OAuth>,
}

/// How a test ended that was ordered through the API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Posted {
    pub(crate) url: String,
    pub(crate) signed: bool,
    /// Whether a bearer token was sent.
    pub(crate) authorized: bool,
    /// `None`: there was no answer.
    pub(crate) status: Option<u16>,
}

impl Delivery {
    /// What of these events the webhook wants; `None` when it is nothing.
    pub(super) fn of_events(webhook: &Webhook, events: &[Value]) -> Option<Self> {
        let wanted = events.iter().filter(|event| webhook.wants(event["event"].as_str().unwrap_or_default()));
        let lines: Vec<_> = wanted.map(Value::to_string).collect();
        (webhook.is_enabled() && !lines.is_empty()).then(|| Self {
            url: webhook.url.clone(),
            body: format!("[{}]\r\n", lines.join(",\r\n")),
            signer: webhook.signer.clone(),
            oauth: webhook.oauth.clone(),
        })
    }

    /// The made-up events. Without a webhook they are not signed.
    pub(super) fn of_test(url: &str, webhook: Option<&Webhook>, oauth: Option<OAuth>) -> Self {
        Self {
            url: url.to_owned(),
            body: test_events::body(),
            signer: webhook.and_then(|webhook| webhook.signer.clone()),
            oauth,
        }
    }

    pub(super) fn posted(&self, answer: &Exchange) -> Posted {
        Posted {
            url: self.url.clone(),
            signed: self.signer.is_some(),
            authorized: self.oauth.is_some(),
            status: answer.as_ref().ok().map(|answer| answer.status.as_u16()),
        }
    }
}

/// Posts it once.
pub(super) async fn send(delivery: &Delivery) -> Exchange {
    let body = delivery.body.clone();
    let mut post = match &delivery.signer {
        Some(signer) => signer.post(body),
        None => Post::unsigned(body),
    };
    if let Some(oauth) = &delivery.oauth {
        post = post.header("Authorization", &format!("Bearer {}", token(oauth).await?));
    }
    post.to(&delivery.url).await
}

/// Client credentials (RFC 6749, section 4.4), the client named in a header.
async fn token(oauth: &OAuth) -> Result<String, NoAnswer> {
    let (address, url) = target(&oauth.token_url);
    let client = BASE64.encode(format!("{}:{}", oauth.client_id, oauth.client_secret));
    let request = Request::post(url.path())
        .header("Host", address.to_string())
        .header("Authorization", format!("Basic {client}"))
        .header("Content-Type", "application/x-www-form-urlencoded")
        .body(Full::new(Bytes::from_static(b"grant_type=client_credentials")))?;
    let answer = exchange(address, request).await?;
    let body: Value = serde_json::from_slice(&answer.body)?;
    let token = body["access_token"].as_str().filter(|_| answer.status.is_success());
    token.map(str::to_owned).ok_or_else(|| format!("no token: {} {}", answer.status, answer.text()).into())
}
