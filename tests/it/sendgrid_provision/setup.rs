//! From nothing, again, and over what somebody has set up by hand.

use super::stage::{Stage, TOGGLES};
use crate::harness::sendgrid::{Fault, Order};
use crate::harness::{Mail, Sender};
use serde_json::{Value, json};

const SETTINGS: &str = "/v3/user/webhooks/event/settings";

#[tokio::test]
async fn one_command_leads_from_an_empty_account_to_verified_events() {
    let stage = Stage::set().await;
    let ended = stage.provision("main", &[]).await.with(0);
    assert_eq!(
        ended.steps(),
        [
            "permissions done",
            "webhook done",
            "signing done",
            "source done",
            "key unchanged",
            "oauth skipped",
            "events done",
            "test done"
        ]
    );
    let webhook = stage.sendgrid.webhook_at(&stage.url("main"));
    assert_eq!((&ended.document["webhook_id"], &ended.document["url"]), (&webhook["id"], &webhook["url"]));
    assert_eq!((&webhook["enabled"], &webhook["friendly_name"]), (&json!(true), &json!("Sendstate main")));
    assert!(TOGGLES.iter().all(|toggle| webhook[toggle] == true), "{webhook:#}");
    assert_eq!(ended.document["warnings"], json!([]));
    // It was off until it signed and its key was accepted.
    let calls = stage.sendgrid.calls();
    let made = calls.iter().find(|call| call.method == "POST" && call.path == SETTINGS).unwrap();
    assert_eq!(made.body["enabled"], false);
    let id = webhook["id"].as_str().unwrap();
    assert_eq!(
        stage.sendgrid.changes(),
        [
            format!("POST {SETTINGS}"),
            format!("PATCH {SETTINGS}/signed/{id}"),
            format!("PATCH {SETTINGS}/{id}")
        ]
    );
    // The test was SendGrid's, and all of it is in the ledger.
    assert_eq!(stage.sendgrid.posted_at_least(1).await[0].status, Some(204));
    assert!(ended.detail("test").contains("11 events"), "{ended:?}");
    let mail = Mail::new();
    let answer = stage.sendgrid.post(&[mail.event("delivered", 1)]).await.remove(0).unwrap();
    stage.world.batch(&answer).await;
    assert_eq!(stage.world.message(&mail).await["status"], "delivered");
    stage.world.finish().await;
}

#[tokio::test]
async fn a_second_run_changes_nothing_and_tests_again() {
    let stage = Stage::set().await;
    stage.provision("main", &[]).await.with(0);
    let before = (stage.sendgrid.webhooks(), stage.keys("main").await);
    stage.sendgrid.forget_calls();
    let ended = stage.provision("main", &[]).await.with(0);
    assert_eq!(
        ended.steps(),
        [
            "permissions done",
            "webhook unchanged",
            "signing unchanged",
            "source unchanged",
            "key unchanged",
            "oauth skipped",
            "events unchanged",
            "test done"
        ]
    );
    assert_eq!(stage.sendgrid.changes(), Vec::<String>::new());
    assert_eq!((stage.sendgrid.webhooks(), stage.keys("main").await), before);
    stage.world.finish().await;
}

#[tokio::test]
async fn a_webhook_that_somebody_made_is_adopted_and_only_what_differs_is_changed() {
    let stage = Stage::set().await;
    // Somebody typed a slash too many, which ingest would not know.
    let on = TOGGLES.iter().filter(|toggle| **toggle != "open").copied().collect::<Vec<_>>();
    let id = stage.sendgrid.add_webhook(&format!("{}/", stage.url("main")), &on);
    let ended = stage.provision("main", &[]).await.with(0);
    assert_eq!(ended.document["webhook_id"], id.as_str());
    assert_eq!(ended.steps()[1..3], ["webhook unchanged", "signing done"]);
    let calls = stage.sendgrid.calls();
    let change = calls.iter().find(|call| call.line() == format!("PATCH {SETTINGS}/{id}")).unwrap();
    assert_eq!(change.body, json!({ "url": stage.url("main"), "open": true }));
    assert_eq!(stage.sendgrid.webhooks().len(), 1);
    stage.world.finish().await;
}

#[tokio::test]
async fn a_webhook_that_signs_keeps_its_key_and_a_source_that_is_there_accepts_it() {
    let stage = Stage::set().await;
    let other = Sender::new();
    stage.world.signed_source("main", &other).await;
    let id = stage.sendgrid.add_webhook(&stage.url("main"), &TOGGLES);
    let key = stage.sendgrid.sign_webhook(&id, true);
    let ended = stage.provision("main", &[]).await.with(0);
    assert_eq!(
        ended.steps()[2..],
        [
            "signing unchanged",
            "source unchanged",
            "key done",
            "oauth skipped",
            "events unchanged",
            "test done"
        ]
    );
    assert_eq!(stage.sendgrid.webhook_at(&stage.url("main"))["public_key"].as_str(), key.as_deref());
    let keys = stage.keys("main").await;
    assert!(keys.len() == 2 && keys.iter().all(|key| key["state"] == "active"), "{keys:#?}");
    // A key that was retired and is in use after all is active again.
    let number = keys[1]["id"].to_string();
    stage.world.cli_json(&["source", "key", "retire", "main", &number, "--now"]).await;
    let ended = stage.provision_untested("main", &[]).await.with(0);
    assert_eq!(ended.steps()[4], "key done");
    assert_eq!(stage.keys("main").await, keys);
    stage.world.finish().await;
}

#[tokio::test]
async fn exactly_the_events_that_were_asked_for_are_switched_on() {
    let stage = Stage::set().await;
    stage.provision_untested("main", &[]).await.with(0);
    let ended = stage.provision_untested("main", &["--events", "delivered,spamreport,bounce"]).await.with(0);
    assert_eq!(ended.steps()[6], "events done");
    let webhook = stage.sendgrid.webhook_at(&stage.url("main"));
    let on: Vec<&str> = TOGGLES.into_iter().filter(|toggle| webhook[*toggle] == true).collect();
    assert_eq!(on, ["delivered", "bounce", "spam_report"]);
    assert_eq!(webhook["enabled"], true);
    stage.world.finish().await;
}

#[tokio::test]
async fn everything_happens_in_the_subuser_that_is_named() {
    let stage = Stage::set().await;
    let subuser = stage.sendgrid.subuser("customer");
    stage.provision("main", &["--on-behalf-of", "customer"]).await.with(0);
    let calls = stage.sendgrid.calls();
    assert!(!calls.is_empty());
    assert!(calls.iter().all(|call| call.on_behalf_of.as_deref() == Some("customer")), "{calls:#?}");
    assert_eq!(subuser.webhook_at(&stage.url("main"))["enabled"], true);
    assert_eq!(stage.sendgrid.webhooks(), Vec::<Value>::new());
    stage.world.finish().await;
}

#[tokio::test]
async fn a_webhook_that_the_list_did_not_show_is_adopted_when_sendgrid_names_it() {
    let stage = Stage::set().await;
    let id = stage.sendgrid.add_webhook(&stage.url("main"), &TOGGLES);
    let empty = json!({ "max_allowed": 5, "webhooks": [{}] });
    stage.sendgrid.order(Order::next(Fault::Answer(200, empty)).on(&format!("GET {SETTINGS}/all")));
    let ended = stage.provision("main", &[]).await.with(0);
    assert_eq!(ended.document["webhook_id"], id.as_str());
    assert_eq!(ended.steps()[1], "webhook unchanged");
    assert_eq!(stage.sendgrid.webhooks().len(), 1);
    stage.world.finish().await;
}

#[tokio::test]
async fn what_would_be_counted_twice_is_named() {
    let stage = Stage::set().await;
    let id = stage.sendgrid.add_webhook(&stage.url("main"), &TOGGLES);
    let key = stage.sendgrid.sign_webhook(&id, true).unwrap();
    stage.world.source("old", &["--public-key", &key]).await;
    let second = stage.sendgrid.add_webhook(&stage.url("old"), &["delivered"]);
    let off = stage.sendgrid.add_webhook(&format!("{}?off", stage.url("old")), &["delivered"]);
    stage.sendgrid.change_webhook(&off, "enabled", false);
    stage.sendgrid.add_webhook("https://elsewhere.example/webhooks/sendgrid/main", &["delivered"]);
    let ended = stage.provision_untested("main", &[]).await.with(0);
    let warnings = ended.document["warnings"].as_array().unwrap();
    assert_eq!(warnings.len(), 2, "{warnings:#?}");
    let named = |at: usize, text: &str| warnings[at].as_str().unwrap().contains(text);
    assert!(named(0, &second) && named(0, "source `old`"), "{warnings:#?}");
    assert!(named(1, "source `old` accepts the same key"), "{warnings:#?}");
    stage.world.finish().await;
}

#[tokio::test]
async fn a_plan_that_is_full_is_said_and_a_webhook_can_be_taken_over() {
    let stage = Stage::set().await;
    stage.sendgrid.webhooks_max(1);
    let id = stage.sendgrid.add_webhook("https://elsewhere.example/hook", &["delivered"]);
    for flags in [&["--dry-run"][..], &[]] {
        let ended = stage.provision("main", flags).await.with(1);
        assert_eq!(ended.steps()[1], "webhook failed");
        assert!(ended.detail("webhook").contains(&id), "{ended:?}");
        assert!(ended.stderr.contains("--webhook"), "{ended:?}");
    }
    let ended = stage.provision("main", &["--webhook", &id]).await.with(0);
    assert_eq!(ended.document["webhook_id"], id.as_str());
    assert!(ended.detail("events").contains("https://elsewhere.example/hook"), "{ended:?}");
    assert_eq!(stage.sendgrid.webhook_at(&stage.url("main"))["id"], id.as_str());
    stage.world.finish().await;
}
