//! Tokens beside the signature: SendGrid gets the source's client, and only what it needs to know.

use super::stage::Stage;
use crate::harness::sendgrid::{Fault, KEY, Order};
use serde_json::Value;

/// Requests that change a webhook's settings, not its signing.
const CHANGE: &str = "PATCH /v3/user/webhooks/event/settings/77";

#[tokio::test]
async fn sendgrid_is_given_the_client_of_a_source_that_asks_for_tokens_and_nobody_sees_its_secret() {
    let stage = Stage::set().await;
    let ended = stage.provision("main", &["--oauth"]).await.with(0);
    assert_eq!(ended.steps()[5..], ["oauth done", "events done", "test done"]);
    let posted = stage.sendgrid.posted_at_least(1).await.remove(0);
    assert_eq!((posted.signed, posted.authorized, posted.status), (true, true, Some(204)));
    let webhook = stage.sendgrid.webhook_at(&stage.url("main"));
    assert_eq!(webhook["oauth_token_url"], format!("{}/oauth/token", stage.world.ingest_url(1)));
    assert_eq!(webhook["oauth_client_id"], stage.sources().await[0]["oauth"]["client_id"]);
    let secret = webhook["oauth_client_secret"].as_str().unwrap();
    assert!(!format!("{ended:?}").contains(secret), "{ended:?}");
    // Known from the source, so the flag is not needed again.
    stage.sendgrid.forget_calls();
    let again = stage.provision("main", &[]).await.with(0);
    assert_eq!(again.steps()[5..], ["oauth unchanged", "events unchanged", "test done"]);
    assert_eq!(stage.sendgrid.changes(), Vec::<String>::new());
    stage.source(&["status", "main"]).await.with(0);
    stage.world.finish().await;
}

#[tokio::test]
async fn a_secret_that_sendgrid_repeats_in_a_refusal_is_shown_to_nobody() {
    let stage = Stage::set().await;
    stage.sendgrid.order(Order::next(Fault::Echo(400)).on(CHANGE));
    let ended = stage.provision("main", &["--oauth"]).await.with(1);
    let sent = stage
        .sendgrid
        .calls()
        .into_iter()
        .find_map(|call| call.body["oauth_client_secret"].as_str().map(str::to_owned));
    let (sent, said) = (sent.unwrap(), format!("{ended:?}"));
    assert!(said.contains("not with") && said.contains("****"), "{said}");
    assert!(!said.contains(&sent) && !said.contains(KEY), "{said}");
    stage.world.finish().await;
}

#[tokio::test]
async fn a_secret_that_never_reached_sendgrid_is_replaced_by_the_next_run() {
    let stage = Stage::set().await;
    stage.sendgrid.order(Order::next(Fault::Close).on(CHANGE));
    let ended = stage.provision("main", &["--oauth"]).await.with(69);
    assert_eq!(ended.steps()[5..7], ["oauth done", "events failed"]);
    let warnings = ended.document["warnings"].to_string();
    assert!(warnings.contains("401") && warnings.contains("sendstate source oauth main off"), "{ended:?}");
    let ended = stage.provision("main", &["--oauth"]).await.with(0);
    assert_eq!(ended.steps()[5..], ["oauth done", "events done", "test done"]);
    assert_eq!(ended.document["warnings"].as_array().unwrap().len(), 0);
    stage.world.finish().await;
}

#[tokio::test]
async fn a_test_that_fails_with_a_secret_from_before_leads_to_a_new_secret() {
    let mut stage = Stage::set().await;
    stage.provision("main", &["--oauth", "--no-test"]).await.with(0);
    // Nobody has entered it at SendGrid.
    stage.world.cli_json(&["source", "oauth", "main", "rotate", "--overlap", "0s"]).await;
    // Otherwise it may know only the secret from before for a few seconds.
    stage.world.restart("ingest-1").await;
    let ended = stage.provision("main", &["--wait", "1s"]).await.with(1);
    assert_eq!(ended.steps()[5..], ["oauth unchanged", "events unchanged", "test failed"]);
    assert!(ended.stderr.contains("sendstate source oauth main rotate"), "{ended:?}");
    stage.world.finish().await;
}

#[tokio::test]
async fn tokens_that_a_source_asks_for_no_more_are_taken_out_of_sendgrid() {
    let stage = Stage::set().await;
    stage.provision("main", &["--oauth", "--no-test"]).await.with(0);
    stage.world.cli_json(&["source", "oauth", "main", "off"]).await;
    let seen = stage.source(&["status", "main"]).await.with(1);
    assert!(seen.stderr.contains("oauth"), "{seen:?}");
    let ended = stage.provision("main", &[]).await.with(0);
    assert_eq!(ended.steps()[5], "oauth done");
    assert_eq!(stage.sendgrid.webhook_at(&stage.url("main"))["oauth_client_id"], Value::Null);
    stage.source(&["status", "main"]).await.with(0);
    stage.world.finish().await;
}
