//! Ingest without PostgreSQL: what it remembers, and what it does not make up.

use crate::harness::{Cut, DEADLINE, Mail, Options, Post, Sender, Server, World, tally, wait_for};
use serde_json::Value;
use std::os::unix::fs::PermissionsExt as _;

/// A world with a source, known to the ingest, which then ends; its way to the database is closed.
async fn left_without_database(sender: &Sender) -> (World, String) {
    let mut world = World::start(Options::new(1, 1, 0).through_proxies()).await;
    let url = world.signed_source("main", sender).await;
    assert_eq!(sender.post("[]").to(&url).await.unwrap().status, 204);
    assert_eq!(world.terminate("ingest-1").await, Some(0));
    world.proxy("ingest-1", Server::Database).vanish();
    (world, url)
}

/// Waits until ingest answers with this status and code.
async fn answers(post: &Post, url: &str, status: u16, code: &str) {
    wait_for(&format!("{status} {code}"), DEADLINE, async || {
        let answer = post.to(url).await.map_err(|error| error.to_string())?;
        let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        if answer.status == status && body["error"] == code {
            assert_eq!(status == 503, !answer.header("retry-after").is_empty());
            return Ok(());
        }
        Err(format!("{} {body}", answer.status))
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ingest_starts_from_its_snapshot_and_accepts_while_the_database_is_away() {
    let (sender, mail) = (Sender::new(), Mail::new());
    let (mut world, url) = left_without_database(&sender).await;
    let mode = std::fs::metadata(world.snapshot("ingest-1")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    world.start_process("ingest-1").await;
    let answer = sender.batch(&[mail.event("delivered", 1)]).to(&url).await.unwrap();
    assert_eq!(tally(&world.batch(&answer).await), [1, 1, 0, 0, 0, 0]);
    answers(&Sender::new().post("[]"), &url, 403, "invalid_signature").await;
    let other = format!("{}/webhooks/sendgrid/other", world.ingest_url(1));
    answers(&sender.post("[]"), &other, 404, "unknown_source").await;
    world.proxy("ingest-1", Server::Database).pass();
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_snapshot_that_is_not_whole_counts_as_none_until_the_database_is_back() {
    let sender = Sender::new();
    let (mut world, url) = left_without_database(&sender).await;
    world.allow_error("the snapshot counts as none");
    let snapshot = world.snapshot("ingest-1");
    let whole = std::fs::read_to_string(&snapshot).unwrap();
    let half: String = whole.chars().take(whole.len() / 2).collect();
    for damaged in [half.as_str(), "", &whole.replace("main", "evil")] {
        std::fs::write(&snapshot, damaged).unwrap();
        world.program("ingest-1").start();
        answers(&sender.post("[]"), &url, 503, "no_sources").await;
        let (ready, report) = world.readiness("ingest-1").await;
        assert!(!ready && report["conditions"]["sources"] != "ok", "{report}");
        assert_eq!(world.terminate("ingest-1").await, Some(0));
    }
    world.proxy("ingest-1", Server::Database).pass();
    world.start_process("ingest-1").await;
    assert_eq!(sender.post("[]").to(&url).await.unwrap().status, 204);
    assert!(std::fs::read_to_string(&snapshot).unwrap().contains("main"), "it is written anew");
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_database_and_snapshot_everything_is_503_and_ingest_becomes_ready_by_itself() {
    let sender = Sender::new();
    let (mut world, url) = left_without_database(&sender).await;
    std::fs::remove_file(world.snapshot("ingest-1")).unwrap();
    world.program("ingest-1").start();
    answers(&sender.post("[]"), &url, 503, "no_sources").await;
    assert!(!world.readiness("ingest-1").await.0);
    world.proxy("ingest-1", Server::Database).pass();
    world.program("ingest-1").ready().await;
    assert_eq!(sender.post("[]").to(&url).await.unwrap().status, 204);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_goes_away_silently_or_loudly_stops_no_post() {
    let world = World::start(Options::new(1, 1, 0).through_proxies()).await;
    let (sender, mail) = (Sender::new(), Mail::new());
    let url = world.signed_source("main", &sender).await;
    let accepted = async |second: i64| {
        let answer = sender.batch(&[mail.event("open", second)]).to(&url).await.unwrap();
        assert_eq!(answer.status, 204, "{}", answer.text());
    };
    accepted(1).await;
    let database = world.proxy("ingest-1", Server::Database);
    database.stall();
    accepted(2).await;
    database.cut(Cut::Close);
    accepted(3).await;
    database.vanish();
    accepted(4).await;
    database.pass();
    let last = sender.batch(&[mail.event("open", 5)]).to(&url).await.unwrap();
    world.batch(&last).await;
    assert_eq!(world.message(&mail).await["counts"]["opens"], 5);
    world.finish().await;
}
