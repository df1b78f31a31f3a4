//! SendGrid as a client of OAuth, and somebody who makes tokens without asking: neither shares code with the product.

use crate::harness::{Exchange, Post};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD as BASE64, URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

/// A client id and its secret.
#[derive(Clone, Debug)]
pub(super) struct Client {
    pub(super) id: String,
    pub(super) secret: String,
}

impl Client {
    /// As `source add --oauth` and `source oauth` show it.
    pub(super) fn of(source: &Value) -> Self {
        let text = |name: &str| source["oauth"][name].as_str().unwrap().to_owned();
        Self { id: text("client_id"), secret: text("client_secret") }
    }

    pub(super) fn basic(&self) -> String {
        format!("Basic {}", BASE64.encode(format!("{}:{}", self.id, self.secret)))
    }

    /// Asks with the credentials in the form.
    pub(super) async fn ask(&self, desk: &str) -> Exchange {
        let Self { id, secret } = self;
        let text = format!("grant_type=client_credentials&client_id={id}&client_secret={secret}");
        form(&text).to(desk).await
    }

    /// Asks with the credentials in a header.
    pub(super) async fn ask_by_header(&self, desk: &str) -> Exchange {
        form("grant_type=client_credentials").header("Authorization", &self.basic()).to(desk).await
    }

    /// Asks and is given one.
    pub(super) async fn token(&self, desk: &str) -> String {
        granted(self.ask(desk).await)
    }
}

/// A request with this form.
pub(super) fn form(text: &str) -> Post {
    Post::unsigned(text.to_owned())
        .without("Content-Type")
        .header("Content-Type", "application/x-www-form-urlencoded")
}

/// The token of an answer that grants one.
pub(super) fn granted(exchange: Exchange) -> String {
    let answer = exchange.unwrap();
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.header("content-type"), "application/json");
    assert_eq!((answer.header("cache-control"), answer.header("pragma")), ("no-store", "no-cache"));
    let body: Value = serde_json::from_slice(&answer.body).unwrap();
    assert_eq!(body["token_type"], "Bearer");
    assert!((1..=3_600).contains(&body["expires_in"].as_u64().unwrap()), "{body}");
    body["access_token"].as_str().unwrap().to_owned()
}

/// What an ingest with this key makes for this source and client secret, ending at this second.
pub(super) fn made(key: &str, source: &Value, secret: &str, expires_at: i64) -> String {
    let code = |key: &[u8], parts: &[&[u8]]| {
        let code = Hmac::<Sha256>::new_from_slice(key).unwrap();
        parts.iter().fold(code, |code, part| code.chain_update(part)).finalize().into_bytes()
    };
    let key = code(&BASE64.decode(key).unwrap(), &[b"sendstate oauth token key", &[1]]);
    let id = i32::try_from(source["id"].as_i64().unwrap()).unwrap().to_be_bytes();
    let (end, hash) = (expires_at.to_be_bytes(), Sha256::digest(secret));
    let code = code(&key, &[b"sendstate oauth token 1 ", &id, &end, &hash]);
    format!("oat1_{}", URL_SAFE_NO_PAD.encode([&id[..], &end, &code].concat()))
}
