//! Switching a webhook off, deleting it, and leaving alone what is somebody else's.

use super::stage::{Stage, TOGGLES};
use crate::harness::Mail;

#[tokio::test]
async fn a_webhook_is_switched_off_or_deleted_and_its_source_stays() {
    let stage = Stage::set().await;
    stage.provision_untested("main", &[]).await.with(0);
    let signer = {
        let id = stage.sendgrid.webhook_at(&stage.url("main"))["id"].as_str().unwrap().to_owned();
        stage.sendgrid.signer(&id).unwrap()
    };
    let ended = stage.source(&["deprovision", "main", "--keep"]).await.with(0);
    assert_eq!(ended.steps(), ["permissions done", "webhook done"]);
    let webhook = stage.sendgrid.webhook_at(&stage.url("main"));
    assert_eq!((&webhook["enabled"], &webhook["open"]), (&false.into(), &true.into()));
    let ended = stage.source(&["deprovision", "main", "--keep"]).await.with(0);
    assert_eq!(ended.steps()[1], "webhook unchanged");
    let ended = stage.source(&["deprovision", "main"]).await.with(0);
    assert_eq!(ended.steps()[1], "webhook done");
    assert!(stage.sendgrid.webhooks().is_empty());
    let ended = stage.source(&["deprovision", "main"]).await.with(0);
    assert_eq!(ended.steps()[1], "webhook unchanged");
    // What SendGrid still repeats is accepted.
    let late = signer.batch(&[Mail::new().event("delivered", 1)]).to(&stage.url("main")).await.unwrap();
    stage.world.batch(&late).await;
    stage.world.finish().await;
}

#[tokio::test]
async fn a_webhook_of_another_installation_is_left_alone_unless_it_is_named() {
    let stage = Stage::set().await;
    stage.provision_untested("main", &[]).await.with(0);
    stage.source(&["deprovision", "main"]).await.with(0);
    let other = stage.sendgrid.add_webhook("https://other.example/webhooks/sendgrid/main", &TOGGLES);
    stage.sendgrid.sign_webhook(&other, true);
    stage.sendgrid.forget_calls();
    for command in ["deprovision", "rotate-key"] {
        let ended = stage.source(&[command, "main"]).await.with(1);
        assert_eq!(ended.steps()[1], "webhook failed");
        assert!(ended.stderr.contains("--webhook"), "{ended:?}");
    }
    assert!(stage.sendgrid.changes().is_empty());
    stage.source(&["deprovision", "main", "--webhook", &other]).await.with(0);
    assert!(stage.sendgrid.webhooks().is_empty());
    stage.world.finish().await;
}
