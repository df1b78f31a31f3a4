//! Filling gaps from SendGrid's own records: whatever was lost is recovered exactly, once, and stays one with what the
//! webhook tells after all.

mod held;
mod interrupted;
mod limits;
mod opens;
mod outage;
mod repeats;
mod suppressions;
mod whole;
mod whose;
mod windows;

use crate::harness::{Mail, Options, Ran, SendGrid, Sender, World};
use serde_json::Value;

/// A pipeline with one source, `main`, and SendGrid's side of it.
struct Stage {
    world: World,
    sendgrid: SendGrid,
    sender: Sender,
    url: String,
}

impl Stage {
    async fn start(options: Options) -> Self {
        let (world, sendgrid, sender) = (World::start(options).await, SendGrid::start().await, Sender::new());
        let url = world.signed_source("main", &sender).await;
        Self { world, sendgrid, sender, url }
    }

    /// The records have these events, and the webhook tells them; returns the batch.
    async fn happens(&self, events: &[Value]) -> Value {
        self.sendgrid.record(events);
        self.told(events).await
    }

    /// The webhook tells these events; returns the batch.
    async fn told(&self, events: &[Value]) -> Value {
        self.world.batch(&self.sender.batch(events).to(&self.url).await.unwrap()).await
    }

    /// `reconcile --source main` over the last hour.
    async fn run(&self, more: &[&str]) -> Ran {
        let arguments = ["reconcile", "--source", "main", "--from", "1h", "--to", "now", "--json"];
        self.sendgrid.cli(&self.world, &[&arguments[..], more].concat()).await
    }

    /// The same, which succeeds and adds up.
    async fn reconciled(&self, more: &[&str]) -> Value {
        let ran = self.run(more).await;
        assert_eq!(ran.code, 0, "{ran:?}");
        let report = ran.json();
        let parts = ["known", "recovered", "missing", "withheld", "quarantined"];
        let sum: i64 = parts.iter().map(|name| report[name].as_i64().unwrap()).sum();
        assert_eq!(report["found"], sum, "{report}");
        report
    }

    /// How often the records were asked for one message.
    fn asked_for_messages(&self) -> usize {
        self.sendgrid.called().iter().filter(|line| line.starts_with("GET /v3/messages/")).count()
    }
}

/// (found, known, recovered, unknown)
fn sums(report: &Value) -> [i64; 4] {
    ["found", "known", "recovered", "unknown"].map(|name| report[name].as_i64().unwrap())
}

/// The origins of a message's events, in the order of its timeline.
fn origins(message: &Value) -> Vec<&str> {
    let timeline = message["timeline"].as_array().unwrap();
    timeline.iter().map(|entry| entry["origin"].as_str().unwrap()).collect()
}

/// The same event under its own id, some seconds later: SendGrid's clocks need not agree.
fn shifted(event: &Value, seconds: i64) -> Value {
    let mut event = event.clone();
    event["timestamp"] = (event["timestamp"].as_i64().unwrap() + seconds).into();
    event
}

fn life(mail: &Mail) -> Vec<Value> {
    vec![
        mail.event("processed", 0),
        mail.event("delivered", 2),
        mail.event("open", 20),
        mail.event("click", 25),
    ]
}
