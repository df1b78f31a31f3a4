//! The page for consumers keeps its word: its Rust runs, its table is the schedule.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
#![allow(unreachable_pub, reason = "what a page shows is public to its readers")]

mod verify;

use domain::retry::SCHEDULE;
use http::HeaderMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use wire::webhook::asymmetric::SigningKey;
use wire::webhook::{self, Secret};

const PAGE: &str = include_str!("../../CONSUMERS.md");
const BODY: &[u8] = br#"{"type":"message.delivered"}"#;

fn now() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs().try_into().unwrap()
}

fn signed(at: i64, signature: &str) -> HeaderMap {
    let headers =
        [("webhook-id", "msg_1"), ("webhook-timestamp", &at.to_string()), ("webhook-signature", signature)];
    headers.into_iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
}

#[test]
fn the_page_shows_the_rust_that_runs_here() {
    let (_, code) = include_str!("verify.rs").split_once("\n\n").unwrap();
    assert!(PAGE.contains(&format!("```rust\n{code}```\n")), "copy verify.rs into CONSUMERS.md");
}

#[test]
fn the_shown_rust_accepts_what_is_signed_and_nothing_else() {
    let (secret, key, at) = (Secret::generate([1; 32]), SigningKey::generate([2; 32]), now());
    let old = Secret::generate([3; 32]);
    let header =
        [webhook::sign(&[secret.clone(), old.clone()], "msg_1", at, BODY), key.sign("msg_1", at, BODY)]
            .join(" ");
    let headers = signed(at, &header);
    for holder in [&secret, &old] {
        verify::verify(&holder.reveal(), &headers, BODY).unwrap();
    }
    assert!(verify::verify(&Secret::generate([4; 32]).reveal(), &headers, BODY).is_err());
    assert!(verify::verify(&secret.reveal(), &headers, b"{}").is_err());

    let public = key.public().to_string();
    assert_eq!(verify::verify_v1a(&public, &headers, BODY, at), Some(()));
    let other = SigningKey::generate([4; 32]).public().to_string();
    for refused in [
        verify::verify_v1a(&other, &headers, BODY, at),
        verify::verify_v1a(&public, &headers, b"{}", at),
        verify::verify_v1a(&public, &headers, BODY, at + 301),
        verify::verify_v1a(&public, &signed(at + 1, &header), BODY, at),
        verify::verify_v1a(&public, &signed(at, &webhook::sign(&[secret], "msg_1", at, BODY)), BODY, at),
        verify::verify_v1a(&public, &HeaderMap::new(), BODY, at),
    ] {
        assert_eq!(refused, None);
    }
}

#[test]
fn the_page_shows_the_schedule_of_retries() {
    let mut table = "| attempt | after a wait of | since the first |\n|---|---|---|\n".to_owned();
    let mut since = Duration::ZERO;
    for (number, wait) in (1..).zip(SCHEDULE) {
        since += wait;
        let shown = if wait.is_zero() { "none".to_owned() } else { show(wait) };
        table += &format!("| {number} | {shown} | {} |\n", show(since));
    }
    assert!(PAGE.contains(&table), "it should have:\n{table}");
}

/// In hours, minutes and seconds, without those that are none.
fn show(time: Duration) -> String {
    let seconds = time.as_secs();
    let parts = [(seconds / 3_600, "h"), (seconds / 60 % 60, "m"), (seconds % 60, "s")];
    let parts: Vec<_> = parts.into_iter().filter(|(count, _)| *count > 0).collect();
    match parts.as_slice() {
        [] => "0s".to_owned(),
        parts => parts.iter().map(|(count, unit)| format!("{count}{unit}")).collect::<Vec<_>>().join(" "),
    }
}
