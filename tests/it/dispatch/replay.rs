//! Told again by hand: the same facts under the same ids, outside any order.

use super::stage::Stage;
use crate::harness::Reaction;
use serde_json::Value;

#[tokio::test]
async fn what_is_replayed_comes_again_under_its_id_and_only_what_was_meant() {
    let stage = Stage::set().await;
    stage.deliver(6).await;
    stage.delivered(6).await;
    let listed = stage.world.cli_json(&["delivery", "list", "--state", "delivered"]).await;
    let id = listed[0]["id"].to_string();
    stage.world.cli_json(&["delivery", "replay", &id]).await;
    stage.arrived(7).await;
    stage.delivered(7).await;
    let arrived = stage.receiver.notifications();
    let again = arrived.last().unwrap();
    assert_eq!(arrived.iter().filter(|one| one.id == again.id && one.body == again.body).count(), 2);

    let endpoint = stage.endpoint.to_string();
    let all = [
        "delivery",
        "replay",
        "--endpoint",
        &endpoint,
        "--since",
        "1h",
        "--state",
        "delivered",
        "--rate",
        "100/s",
    ];
    let replayed = stage.world.cli_json(&all).await;
    assert!(replayed["deliveries"].as_array().is_some_and(|made| made.len() >= 6), "{replayed}");
    stage.world.nothing_owed().await;
    let ids: std::collections::BTreeSet<String> =
        stage.receiver.notifications().into_iter().map(|one| one.id).collect();
    assert_eq!(ids.len(), 6, "the same facts have the same ids");
    stage.world.finish().await;
}

#[tokio::test]
async fn a_test_notification_says_what_it_is_and_how_it_went() {
    let stage = Stage::set().await;
    let endpoint = stage.endpoint.to_string();
    let tested = stage.world.cli(&["endpoint", "test", &endpoint, "--json"]).await;
    assert_eq!(tested.code, 0, "{tested:?}");
    let body: Value = serde_json::from_slice(&stage.receiver.arrived()[0].body).unwrap();
    assert_eq!((&body["type"], &body["data"]["test"]), (&"endpoint.test".into(), &true.into()));
    stage.receiver.react(|_| Reaction::Status(500));
    let failed = stage.world.cli(&["endpoint", "test", &endpoint, "--wait", "5s"]).await;
    assert_eq!(failed.code, 1, "{failed:?}");
    assert!(failed.stdout.contains("500") || failed.stderr.contains("500"), "{failed:?}");
    stage.receiver.react(|_| Reaction::Status(200));
    stage.hurry().await;
    stage.world.nothing_owed().await;
    stage.world.finish().await;
}

#[tokio::test]
async fn the_log_of_attempts_tells_what_the_consumer_said() {
    let stage = Stage::set().await;
    stage.receiver.react(|_| Reaction::Status(500));
    stage.deliver(1).await;
    stage.attempted(1).await;
    stage.receiver.react(|_| Reaction::Status(200));
    stage.hurry().await;
    stage.delivered(1).await;
    let listed = stage.world.cli_json(&["delivery", "list"]).await;
    let shown = stage.world.cli_json(&["delivery", "show", &listed[0]["id"].to_string()]).await;
    let attempts: Vec<_> = shown["attempt_log"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| {
            (one["number"].as_i64(), one["outcome"].as_str().unwrap().to_owned(), one["http_status"].as_i64())
        })
        .collect();
    assert_eq!(
        attempts,
        [(Some(1), "rejected".to_owned(), Some(500)), (Some(2), "delivered".to_owned(), Some(200))]
    );
    assert_eq!(shown["state"], "delivered");
    stage.world.finish().await;
}
