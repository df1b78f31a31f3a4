//! Sources that ask for OAuth tokens: who gets one, what it is good for, and what happens when the key for it is not there.

mod client;
mod desk;
mod passing;
mod secrets;
mod without;

use crate::harness::{Answer, Exchange, Options, Sender, World};
use client::Client;
use serde_json::Value;

/// A world with a signed source that asks for tokens, and SendGrid's part of both.
struct Stage {
    world: World,
    sender: Sender,
    client: Client,
    /// As `source add` shows it.
    source: Value,
}

impl Stage {
    async fn set(options: Options) -> Self {
        let world = World::start(options).await;
        let sender = Sender::new();
        let source = world.source("main", &["--public-key", &sender.public_key(), "--oauth"]).await;
        let client = Client::of(&source);
        Self { world, sender, client, source }
    }

    /// Where to POST, at the n-th ingest.
    fn url(&self, ingest: usize) -> String {
        self.world.inbound(&self.source, ingest)
    }

    /// Where tokens are asked for, at the n-th ingest.
    fn desk(&self, ingest: usize) -> String {
        format!("{}/oauth/token", self.world.ingest_url(ingest))
    }

    /// A token from the n-th ingest.
    async fn token(&self, ingest: usize) -> String {
        self.client.token(&self.desk(ingest)).await
    }

    /// POSTs an empty batch, signed, with this token.
    async fn post(&self, token: &str, ingest: usize) -> Exchange {
        self.sender.post("[]").header("Authorization", &format!("Bearer {token}")).to(&self.url(ingest)).await
    }
}

/// Status, code and challenge of a refusal.
fn refusal(exchange: Exchange) -> (u16, String, String) {
    let answer: Answer = exchange.unwrap();
    let body: Value = serde_json::from_slice(&answer.body).unwrap();
    let code = body["error"].as_str().unwrap_or_default().to_owned();
    (answer.status.as_u16(), code, answer.header("www-authenticate").to_owned())
}

fn missing() -> (u16, String, String) {
    (401, "missing_token".to_owned(), "Bearer realm=\"sendstate\"".to_owned())
}

fn invalid() -> (u16, String, String) {
    let challenge = "Bearer realm=\"sendstate\", error=\"invalid_token\"";
    (401, "invalid_token".to_owned(), challenge.to_owned())
}
