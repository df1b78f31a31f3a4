//! Endpoints that are not told for a while, and what they are told afterwards.

use super::stage::Stage;
use crate::harness::{DEADLINE, wait_for};

async fn owed(stage: &Stage, count: i64) {
    wait_for("deliveries to be owed", DEADLINE, async || {
        let owed: i64 = stage.db.query_one("SELECT count(*) FROM delivery_queue", &[]).await.unwrap().get(0);
        if owed == count { Ok(()) } else { Err(format!("{owed} of {count}")) }
    })
    .await;
}

async fn skipped(stage: &Stage) -> i64 {
    let skipped = "SELECT count(*) FROM deliveries_finished WHERE state = 'skipped'";
    stage.db.query_one(skipped, &[]).await.unwrap().get(0)
}

#[tokio::test]
async fn a_paused_endpoint_holds_and_is_told_everything_when_it_is_resumed() {
    let stage = Stage::set().await;
    stage.tell(&["pause"]).await;
    stage.deliver(5).await;
    owed(&stage, 5).await;
    assert!(stage.receiver.arrived().is_empty());
    let refused = stage.world.cli(&["endpoint", "resume", &stage.endpoint.to_string()]).await;
    assert_eq!(refused.code, 2, "it must be said what becomes of what is held: {refused:?}");
    stage.tell(&["resume", "--release", "all"]).await;
    stage.delivered(5).await;
    stage.world.finish().await;
}

#[tokio::test]
async fn what_a_resumed_endpoint_is_not_to_be_told_is_skipped_and_never_lost_from_sight() {
    let stage = Stage::set().await;
    stage.tell(&["disable"]).await;
    stage.deliver(3).await;
    owed(&stage, 3).await;
    stage.db.execute("UPDATE delivery_queue SET created_at = now() - interval '1 day'", &[]).await.unwrap();
    stage.deliver(2).await;
    owed(&stage, 5).await;
    stage.tell(&["resume", "--release", "since=1h"]).await;
    stage.delivered(2).await;
    assert_eq!(skipped(&stage).await, 3);
    let listed = stage.world.cli_json(&["delivery", "list", "--state", "skipped"]).await;
    assert_eq!(listed.as_array().map(Vec::len), Some(3));

    stage.tell(&["pause"]).await;
    stage.deliver(1).await;
    owed(&stage, 1).await;
    stage.tell(&["resume", "--release", "none"]).await;
    owed(&stage, 0).await;
    assert_eq!(skipped(&stage).await, 4);
    assert_eq!(stage.receiver.told().len(), 2);
    stage.world.finish().await;
}

#[tokio::test]
async fn skipping_a_delivery_wakes_what_waits_behind_it() {
    let stage = Stage::set().await;
    stage.receiver.react(|_| crate::harness::Reaction::Status(500));
    let mail = crate::harness::Mail::new();
    stage.send(&[mail.event("delivered", 10), mail.event("open", 20)]).await;
    stage.attempted(1).await;
    stage.receiver.react(|_| crate::harness::Reaction::Status(200));
    let listed = stage.world.cli_json(&["delivery", "list", "--type", "message.delivered"]).await;
    let id = listed[0]["id"].to_string();
    stage.world.cli_json(&["delivery", "skip", &id]).await;
    stage.delivered(1).await;
    let told: Vec<_> = stage.receiver.told().into_iter().map(|one| one.kind).collect();
    assert_eq!(told, ["message.seen"]);
    stage.world.finish().await;
}
