//! Keys that may not, accounts that cannot, tests that do not come.

use super::stage::Stage;
use crate::harness::sendgrid::{Fault, Order};
use serde_json::json;

const SIGNED: &str = "PATCH /v3/user/webhooks/event/settings/signed";

#[tokio::test]
async fn without_permission_nothing_is_changed_and_everything_to_do_is_said() {
    let stage = Stage::set().await;
    stage.sendgrid.grant("SG.mail-only", &["mail.send"]);
    let url = stage.world.ingest_url(1);
    let arguments = ["provision", "main", "--url", &url, "--allow-http", "--events", "delivered,bounce"];
    let ended = stage.source_with("SG.mail-only", &arguments).await.with(64);
    assert_eq!(ended.steps()[..2], ["permissions failed", "webhook skipped"]);
    assert_eq!(
        ended.document["by_hand"]["scopes"],
        json!([
            "user.webhooks.event.settings.read",
            "user.webhooks.event.settings.create",
            "user.webhooks.event.settings.update",
            "user.webhooks.event.test.create"
        ])
    );
    let steps = ended.document["by_hand"]["steps"].to_string();
    for part in [
        format!("Post URL: {}", stage.url("main")),
        "Switch on: delivered, bounce".to_owned(),
        "Switch off: processed, dropped".to_owned(),
        "source add main --public-key".to_owned(),
    ] {
        assert!(steps.contains(&part), "{part}: {steps}");
    }
    assert!(ended.stderr.contains("user.webhooks.event.settings.read"), "{ended:?}");
    assert!(!format!("{ended:?}").contains("SG.mail-only"), "{ended:?}");
    assert_eq!(stage.sendgrid.called(), ["GET /v3/scopes"]);
    assert!(stage.sources().await.is_empty());
    stage.world.finish().await;
}

#[tokio::test]
async fn the_names_that_older_accounts_have_for_permissions_are_enough() {
    let stage = Stage::set().await;
    let older = [
        "user.webhooks.event.settings.read",
        "user.webhooks.event.settings.update",
        "user.webhooks.event.test.update",
    ];
    stage.sendgrid.grant("SG.older", &older);
    let url = stage.world.ingest_url(1);
    let arguments = ["provision", "main", "--url", &url, "--allow-http"];
    stage.source_with("SG.older", &arguments).await.with(0);
    stage.source_with("SG.older", &["deprovision", "main"]).await.with(0);
    stage.world.finish().await;
}

#[tokio::test]
async fn a_refusal_that_no_list_of_permissions_foretold_names_the_permission_too() {
    let stage = Stage::set().await;
    stage.sendgrid.order(Order::next(Fault::Status(403)).on(SIGNED));
    let ended = stage.provision("main", &[]).await.with(64);
    assert_eq!(ended.steps()[1..4], ["webhook done", "signing failed", "source skipped"]);
    assert_eq!(ended.document["by_hand"]["scopes"], json!(["user.webhooks.event.settings.update"]));
    assert_eq!(stage.sendgrid.webhook_at(&stage.url("main"))["enabled"], false);
    stage.provision("main", &[]).await.with(0);
    stage.world.finish().await;
}

#[tokio::test]
async fn a_key_that_is_none_is_a_matter_of_configuration() {
    let stage = Stage::set().await;
    let url = stage.world.ingest_url(1);
    let arguments = ["provision", "main", "--url", &url, "--allow-http"];
    let unknown = stage.source_with("SG.unknown", &arguments).await.with(64);
    assert!(unknown.stderr.contains("--region"), "{unknown:?}");
    let without = stage.world.cli(&[&["source"], &arguments[..]].concat()).await;
    assert_eq!(without.code, 64, "{without:?}");
    assert!(without.stderr.contains("SENDSTATE_SENDGRID_API_KEY"), "{without:?}");
    stage.world.finish().await;
}

#[tokio::test]
async fn a_source_that_takes_unsigned_requests_is_not_provisioned() {
    let stage = Stage::set().await;
    stage.world.source("main", &["--unsigned"]).await;
    let ended = stage.provision("main", &[]).await.with(1);
    assert!(ended.stderr.contains("unsigned"), "{ended:?}");
    assert!(stage.sendgrid.called().is_empty());
    stage.world.finish().await;
}

#[tokio::test]
async fn a_test_that_does_not_reach_the_ledger_is_a_failure_of_the_test_alone() {
    let mut stage = Stage::set().await;
    stage.world.terminate("worker-1").await;
    let ended = stage.provision("main", &["--wait", "1s"]).await.with(1);
    assert_eq!(ended.steps()[6..], ["events done", "test failed"]);
    assert!(ended.stderr.contains("worker"), "{ended:?}");
    stage.world.start_process("worker-1").await;
    let ended = stage.provision("main", &[]).await.with(0);
    assert_eq!(ended.steps()[7], "test done");
    stage.world.finish().await;
}

#[tokio::test]
async fn a_webhook_that_the_plan_does_not_let_change_is_said_so() {
    let stage = Stage::set().await;
    let id = stage.sendgrid.add_webhook(&stage.url("main"), &["delivered"]);
    stage.sendgrid.freeze_webhook(&id);
    let ended = stage.provision("main", &[]).await.with(1);
    assert_eq!(ended.steps()[6], "events failed");
    assert!(ended.detail("events").contains("billing plan"), "{ended:?}");
    stage.world.finish().await;
}
