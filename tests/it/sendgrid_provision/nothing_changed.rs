//! Dry runs: everything is looked at, nothing is changed anywhere.

use super::stage::{Stage, TOGGLES};

/// Every step that would do something is skipped and says what it would do.
fn only_skips(steps: &[String]) -> bool {
    steps.iter().all(|step| !step.ends_with(" done") || step == "permissions done")
}

#[tokio::test]
async fn a_dry_run_makes_nothing_from_nothing() {
    let stage = Stage::set().await;
    let ended = stage.provision("main", &["--dry-run"]).await.with(0);
    assert!(only_skips(&ended.steps()), "{ended:?}");
    assert!(ended.detail("webhook").contains(&stage.url("main")), "{ended:?}");
    assert!(ended.detail("events").contains("account_status_change"), "{ended:?}");
    assert_eq!(ended.document["dry_run"], true);
    assert_eq!(stage.sendgrid.called(), ["GET /v3/scopes", "GET /v3/user/webhooks/event/settings/all"]);
    assert!(stage.sources().await.is_empty());
    stage.world.finish().await;
}

#[tokio::test]
async fn a_dry_run_over_what_is_there_says_what_differs_and_leaves_it() {
    let stage = Stage::set().await;
    stage.world.source("main", &["--public-key", &crate::harness::Sender::new().public_key()]).await;
    let id = stage.sendgrid.add_webhook(&stage.url("main"), &["delivered"]);
    stage.sendgrid.sign_webhook(&id, true);
    let before = (stage.sendgrid.webhooks(), stage.keys("main").await);
    let ended = stage.provision("main", &["--dry-run"]).await.with(0);
    assert_eq!(
        ended.steps()[1..],
        [
            "webhook unchanged",
            "signing unchanged",
            "source unchanged",
            "key skipped",
            "oauth skipped",
            "events skipped",
            "test skipped"
        ]
    );
    assert!(ended.detail("events").contains("processed, dropped, deferred"), "{ended:?}");
    assert!(stage.sendgrid.calls().iter().all(|call| call.method == "GET"));
    assert_eq!((stage.sendgrid.webhooks(), stage.keys("main").await), before);
    stage.world.finish().await;
}

#[tokio::test]
async fn a_dry_run_neither_deletes_nor_rotates() {
    let stage = Stage::set().await;
    stage.provision_untested("main", &[]).await.with(0);
    let before = (stage.sendgrid.webhooks(), stage.keys("main").await);
    stage.sendgrid.forget_calls();
    for arguments in [
        &["deprovision", "main", "--dry-run"][..],
        &["deprovision", "main", "--keep", "--dry-run"],
        &["rotate-key", "main", "--dry-run"],
    ] {
        let ended = stage.source(arguments).await.with(0);
        assert!(only_skips(&ended.steps()), "{ended:?}");
    }
    assert!(stage.sendgrid.calls().iter().all(|call| call.method == "GET"));
    assert_eq!((stage.sendgrid.webhooks(), stage.keys("main").await), before);
    assert!(TOGGLES.iter().all(|toggle| stage.sendgrid.webhooks()[0][toggle] == true));
    stage.world.finish().await;
}
