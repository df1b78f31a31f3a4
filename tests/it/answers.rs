//! What ingest answers, row by row, over real HTTP: to requests that are right, wrong, and hostile.

mod content;
mod hostile;
mod request;
mod signature;
mod vectors;

use crate::harness::{Answer, Exchange, Options, World};
use serde_json::Value;

/// One ingest and, so that what is accepted is also looked at, one worker.
async fn world() -> World {
    World::start(Options::new(1, 1, 0)).await
}

/// The status and the stable code of a refusal.
fn refusal(exchange: Exchange) -> (u16, String) {
    let answer: Answer = exchange.unwrap();
    assert_eq!(answer.header("sendstate-batch-id"), "", "a refusal names no batch");
    assert_eq!(answer.header("content-type"), "application/json");
    let body: Value = serde_json::from_slice(&answer.body).unwrap();
    assert!(body["message"].as_str().unwrap().ends_with('.'), "{body}");
    (answer.status.as_u16(), body["error"].as_str().unwrap().to_owned())
}

/// What [`refusal`] is expected to be.
fn refused(status: u16, code: &str) -> (u16, String) {
    (status, code.to_owned())
}
