//! What SendGrid has against what a source needs, one difference at a time.

use super::stage::{Stage, TOGGLES};
use crate::harness::Sender;
use serde_json::Value;

/// What is not as it should be, of a document of `source status`.
fn differing(document: &Value) -> Vec<&str> {
    let all = ["checks", "events"].into_iter().flat_map(|part| document[part].as_array().unwrap());
    all.filter(|check| check["ok"] == false).map(|check| check["name"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn each_switch_that_is_not_as_expected_is_named_and_nothing_is_changed() {
    let stage = Stage::set().await;
    stage.provision_untested("main", &[]).await.with(0);
    let id = stage.sendgrid.webhook_at(&stage.url("main"))["id"].as_str().unwrap().to_owned();
    stage.sendgrid.forget_calls();
    let ended = stage.source(&["status", "main"]).await.with(0);
    assert_eq!(
        (&ended.document["ok"], &ended.document["webhook_id"]),
        (&Value::Bool(true), &id.as_str().into())
    );
    assert_eq!(ended.document["events"].as_array().unwrap().len(), TOGGLES.len());
    for switch in TOGGLES.into_iter().chain(["enabled"]) {
        stage.sendgrid.change_webhook(&id, switch, false);
        let ended = stage.source(&["status", "main"]).await.with(1);
        assert_eq!(differing(&ended.document), [switch]);
        assert!(ended.stderr.contains(switch), "{ended:?}");
        stage.sendgrid.change_webhook(&id, switch, true);
    }
    let some = stage.source(&["status", "main", "--events", "open,click"]).await.with(1);
    assert_eq!(differing(&some.document).len(), TOGGLES.len() - 2);
    assert!(stage.sendgrid.calls().iter().all(|call| call.method == "GET"));
    stage.world.finish().await;
}

#[tokio::test]
async fn signing_that_is_off_a_key_that_is_not_held_and_a_webhook_that_is_gone_are_told_apart() {
    let stage = Stage::set().await;
    stage.provision_untested("main", &[]).await.with(0);
    let id = stage.sendgrid.webhook_at(&stage.url("main"))["id"].as_str().unwrap().to_owned();
    stage.sendgrid.sign_webhook(&id, false);
    assert_eq!(differing(&stage.source(&["status", "main"]).await.with(1).document), ["signing"]);
    stage.sendgrid.sign_webhook(&id, true);
    assert_eq!(differing(&stage.source(&["status", "main"]).await.with(1).document), ["key"]);
    stage.provision_untested("main", &[]).await.with(0);
    stage.source(&["status", "main"]).await.with(0);
    stage.sendgrid.remove_webhook(&id);
    assert_eq!(differing(&stage.source(&["status", "main"]).await.with(1).document), ["webhook"]);
    stage.source(&["status", "nobody"]).await.with(4);
    stage.source(&["status", "main", "--webhook", &id]).await.with(4);
    stage.world.finish().await;
}

#[tokio::test]
async fn two_installations_in_one_account_are_told_apart_by_their_keys() {
    let stage = Stage::set().await;
    let other = stage.sendgrid.add_webhook("https://other.example/webhooks/sendgrid/main", &TOGGLES);
    stage.sendgrid.sign_webhook(&other, true);
    stage.provision_untested("main", &[]).await.with(0);
    let ended = stage.source(&["status", "main"]).await.with(0);
    assert_eq!(ended.document["url"], stage.url("main"));
    stage.world.source("same", &["--public-key", &Sender::new().public_key()]).await;
    for host in ["https://one.example", "https://two.example"] {
        stage.sendgrid.add_webhook(&format!("{host}/webhooks/sendgrid/same"), &TOGGLES);
    }
    let unclear = stage.source(&["status", "same"]).await.with(1);
    assert!(unclear.stderr.contains("--webhook"), "{unclear:?}");
    stage.world.finish().await;
}
