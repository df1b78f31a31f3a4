//! Scopes, and webhook settings from the first to the last.

use super::{client, client_for, client_with};
use crate::harness::sendgrid::{KEY, SCOPES};
use crate::harness::{Mail, Options, SendGrid, World};
use sendgrid::webhook::{
    OAuth, OAuthChange, Signing, SigningSwitch, Test, Toggle, WebhookId, WebhookSettings,
};
use sendgrid::{Error, Permission};
use serde_json::json;
use std::collections::BTreeMap;

const URL: &str = "https://hooks.example.com/webhooks/sendgrid/main";

/// Every event on.
fn everything(url: &str) -> WebhookSettings {
    let mut settings = WebhookSettings::new(url);
    settings.enabled = Some(true);
    settings.friendly_name = Some("Sendstate".to_owned());
    settings.toggles = Toggle::ALL.into_iter().map(|toggle| (toggle, true)).collect();
    settings
}

fn id(text: &str) -> WebhookId {
    WebhookId::parse(text).unwrap()
}

#[tokio::test]
async fn a_key_says_what_it_may_do() {
    let sendgrid = SendGrid::start().await;
    let scopes = client(&sendgrid).scopes().await.unwrap();
    assert!(scopes.missing(&Permission::ALL).is_empty());
    assert_eq!(scopes.iter().collect::<Vec<_>>(), SCOPES);
    sendgrid.grant("SG.sends-only", &["mail.send"]);
    let sending = client_with(&sendgrid, "SG.sends-only");
    assert_eq!(sending.scopes().await.unwrap().missing(&Permission::ALL), Permission::ALL);
    let Err(Error::Forbidden { said }) = sending.webhooks().await else { panic!("it was not forbidden") };
    assert_eq!(said.messages(), ["access forbidden"]);
    assert_eq!(sendgrid.calls()[0].key.as_deref(), Some(KEY));
    assert_eq!(
        sendgrid.called(),
        ["GET /v3/scopes", "GET /v3/scopes", "GET /v3/user/webhooks/event/settings/all"]
    );
}

#[tokio::test]
async fn update_is_enough_where_create_and_delete_are_no_scopes_yet() {
    let sendgrid = SendGrid::start().await;
    let older = ["user.webhooks.event.settings.read", "user.webhooks.event.settings.update"];
    sendgrid.grant("SG.older", &older);
    let client = client_with(&sendgrid, "SG.older");
    assert!(client.scopes().await.unwrap().give(Permission::CreateWebhooks));
    let made = client.create_webhook(&everything(URL)).await.unwrap();
    client.delete_webhook(&made.id).await.unwrap();
}

#[tokio::test]
async fn a_key_that_is_unknown_is_told_apart_from_one_that_may_not() {
    let sendgrid = SendGrid::start().await;
    sendgrid.revoke(KEY);
    let Err(Error::Unauthorized { said }) = client(&sendgrid).scopes().await else { panic!("it was let in") };
    assert!(said.to_string().contains("invalid, expired, or revoked"), "{said}");
}

#[tokio::test]
async fn an_account_without_webhooks_has_none_although_it_lists_an_empty_one() {
    let sendgrid = SendGrid::start().await;
    let none = client(&sendgrid).webhooks().await.unwrap();
    assert!(none.webhooks.is_empty() && none.without_id.is_empty(), "{none:?}");
    assert_eq!(none.max_allowed, Some(5));
}

#[tokio::test]
async fn a_webhook_is_made_found_changed_signed_and_deleted() {
    let sendgrid = SendGrid::start().await;
    let client = client(&sendgrid);
    let made = client.create_webhook(&everything(URL)).await.unwrap();
    assert_eq!((made.url.as_deref(), made.enabled), (Some(URL), Some(true)));
    assert!(made.created_at.is_some() && made.public_key.is_none());
    assert_eq!(client.signing(&made.id).await.unwrap(), Signing::Off);

    // Asked for, the list tells all twelve.
    let listed = client.webhooks().await.unwrap();
    let found = listed.at(URL).unwrap();
    assert_eq!(found.id, made.id);
    assert_eq!(found.toggles.len(), Toggle::ALL.len());
    assert!(found.toggles.values().all(|on| *on));

    let mut change = WebhookSettings::new(URL);
    change.toggles = BTreeMap::from([(Toggle::Open, false)]);
    let changed = client.update_webhook(&made.id, &change).await.unwrap();
    assert!(!changed.toggles[&Toggle::Open]);
    assert_eq!(sendgrid.calls().last().unwrap().body, json!({ "url": URL, "open": false }));
    let single = client.webhook(&made.id).await.unwrap();
    assert_eq!((single.toggles[&Toggle::Open], single.toggles[&Toggle::Click]), (false, true));
    assert_eq!((single.created_at, single.friendly_name.as_deref()), (made.created_at, Some("Sendstate")));

    let first = client.set_signing(&made.id, SigningSwitch::On).await.unwrap();
    assert_eq!(client.set_signing(&made.id, SigningSwitch::On).await.unwrap(), first, "on stays as it is");
    assert_eq!(client.signing(&made.id).await.unwrap(), first);
    assert_eq!(client.set_signing(&made.id, SigningSwitch::Off).await.unwrap(), Signing::Off);
    let second = client.set_signing(&made.id, SigningSwitch::On).await.unwrap();
    assert_ne!(first, second, "off and on is a new key");
    let Signing::On { public_key } = second else { panic!("it does not sign") };
    assert_eq!(client.webhooks().await.unwrap().webhooks[0].public_key.as_ref(), Some(&public_key));
    assert_eq!(sendgrid.webhook_at(URL)["public_key"], public_key);

    client.delete_webhook(&made.id).await.unwrap();
    assert!(sendgrid.webhooks().is_empty());
    for gone in [
        client.delete_webhook(&made.id).await.unwrap_err(),
        client.webhook(&made.id).await.unwrap_err(),
        client.signing(&made.id).await.unwrap_err(),
        client.set_signing(&made.id, SigningSwitch::On).await.unwrap_err(),
        client.update_webhook(&made.id, &change).await.unwrap_err(),
    ] {
        assert_eq!(gone.to_string(), "SendGrid does not know this: Invalid id provided.");
    }
}

#[tokio::test]
async fn a_url_that_is_taken_names_the_webhook_to_adopt() {
    let sendgrid = SendGrid::start().await;
    let holder = sendgrid.add_webhook(URL, &["delivered", "open"]);
    let other = sendgrid.add_webhook("https://other.example.com/", &[]);
    let client = client(&sendgrid);
    let taken = client.create_webhook(&everything(URL)).await.unwrap_err();
    let moved = client.update_webhook(&id(&other), &WebhookSettings::new(URL)).await.unwrap_err();
    for error in [taken, moved] {
        let Error::AlreadyExists { id, url, said } = error else { panic!("{error:?}") };
        assert_eq!((id.unwrap().as_str(), url.as_deref()), (holder.as_str(), Some(URL)));
        assert!(said.to_string().contains("already exists"), "{said}");
    }
    assert_eq!(sendgrid.webhooks().len(), 2);
    // Its own URL is no obstacle.
    client.update_webhook(&id(&holder), &everything(URL)).await.unwrap();
}

#[tokio::test]
async fn what_the_plan_does_not_include_is_an_error_of_its_own() {
    let sendgrid = SendGrid::start().await;
    let webhook = sendgrid.add_webhook(URL, &[]);
    sendgrid.webhooks_max(1);
    sendgrid.freeze_webhook(&webhook);
    let client = client(&sendgrid);
    let more = client.create_webhook(&everything("https://more.example.com/")).await.unwrap_err();
    let frozen = client.update_webhook(&id(&webhook), &everything(URL)).await.unwrap_err();
    assert!(
        matches!(&more, Error::PlanLimit { said } if said.to_string().contains("maximum number")),
        "{more:?}"
    );
    assert!(matches!(&frozen, Error::PlanLimit { said } if said.to_string().contains("cannot be modified")));
    let bad = client.create_webhook(&everything("hooks.example.com")).await.unwrap_err();
    assert_eq!(bad.to_string(), "SendGrid answered 400: 'hooks.example.com' is not a valid url");
}

#[tokio::test]
async fn a_parent_account_reaches_its_subuser_and_nobody_elses() {
    let sendgrid = SendGrid::start().await;
    let subuser = sendgrid.subuser("tenant-7");
    client_for(&sendgrid, "tenant-7").create_webhook(&everything(URL)).await.unwrap();
    assert_eq!((subuser.webhooks().len(), sendgrid.webhooks().len()), (1, 0));
    assert_eq!(sendgrid.calls()[0].on_behalf_of.as_deref(), Some("tenant-7"));
    let stranger = client_for(&sendgrid, "tenant-8").webhooks().await;
    assert!(matches!(stranger, Err(Error::Forbidden { .. })), "{stranger:?}");
}

#[tokio::test]
async fn oauth_settings_are_kept_changed_and_removed() {
    let sendgrid = SendGrid::start().await;
    let client = client(&sendgrid);
    let mut wanted = everything(URL);
    let mut oauth = OAuth {
        client_id: "sendstate".to_owned(),
        client_secret: Some("hush".into()),
        token_url: "https://hooks.example.com/oauth/token".to_owned(),
    };
    wanted.oauth = OAuthChange::Set(oauth.clone());
    let made = client.create_webhook(&wanted).await.unwrap();
    assert_eq!(made.oauth_client_id.as_deref(), Some("sendstate"));
    assert_eq!(made.oauth_token_url.as_deref(), Some("https://hooks.example.com/oauth/token"));
    assert_eq!(sendgrid.webhook_at(URL)["oauth_client_secret"], "hush");

    client.update_webhook(&made.id, &everything(URL)).await.unwrap();
    assert_eq!(sendgrid.webhook_at(URL)["oauth_client_secret"], "hush", "nothing said, nothing changed");
    oauth.client_id = "renamed".to_owned();
    oauth.client_secret = None;
    wanted.oauth = OAuthChange::Set(oauth);
    let renamed = client.update_webhook(&made.id, &wanted).await.unwrap();
    assert_eq!(renamed.oauth_client_id.as_deref(), Some("renamed"));
    assert_eq!(sendgrid.webhook_at(URL)["oauth_client_secret"], "hush");
    wanted.oauth = OAuthChange::Remove;
    let removed = client.update_webhook(&made.id, &wanted).await.unwrap();
    assert_eq!((removed.oauth_client_id, removed.oauth_token_url), (None, None));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_test_is_posted_signed_by_the_webhooks_key_and_accepted_by_ingest() {
    let world = World::start(Options::new(1, 1, 0)).await;
    let sendgrid = SendGrid::start().await;
    let client = client(&sendgrid);
    let url = format!("{}/webhooks/sendgrid/main", world.ingest_url(1));
    let made = client.create_webhook(&everything(&url)).await.unwrap();
    let Signing::On { public_key } = client.set_signing(&made.id, SigningSwitch::On).await.unwrap() else {
        panic!("it does not sign")
    };
    let added = ["source", "add", "main", "--public-key", &public_key];
    assert_eq!(sendgrid.cli(&world, &added).await.code, 0);
    client.test_webhook(&Test::of(&made.id, &url)).await.unwrap();
    let posted = sendgrid.posted_at_least(1).await;
    assert_eq!((posted[0].status, posted[0].signed, posted[0].authorized), (Some(204), true, false));
    assert_eq!(posted[0].url, url);

    // With another key it is refused, as is one that nothing signs.
    sendgrid.sign_webhook(made.id.as_str(), false);
    client.test_webhook(&Test::of(&made.id, &url)).await.unwrap();
    assert_eq!(sendgrid.posted_at_least(2).await[1].status, Some(401));
    sendgrid.sign_webhook(made.id.as_str(), true);
    client.test_webhook(&Test::of(&made.id, &url)).await.unwrap();
    assert_eq!(sendgrid.posted_at_least(3).await[2].status, Some(403));

    let unknown = Test::of(&id("unknown"), &url);
    assert!(matches!(client.test_webhook(&unknown).await, Err(Error::NotFound { .. })));
    assert_eq!(
        sendgrid.changes(),
        [
            "POST /v3/user/webhooks/event/settings".to_owned(),
            format!("PATCH /v3/user/webhooks/event/settings/signed/{}", made.id),
        ]
    );
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_stand_in_posts_what_a_webhook_wants_and_signs_it() {
    let world = World::start(Options::new(1, 1, 0)).await;
    let sendgrid = SendGrid::start().await;
    let url = format!("{}/webhooks/sendgrid/main", world.ingest_url(1));
    let webhook = sendgrid.add_webhook(&url, &["delivered", "spam_report"]);
    sendgrid.add_webhook("http://127.0.0.1:9/", &["click"]);
    let key = sendgrid.sign_webhook(&webhook, true).unwrap();
    assert_eq!(sendgrid.signer(&webhook).unwrap().public_key(), key);
    world.source("main", &["--public-key", &key]).await;
    let mail = Mail::new();
    let events = [mail.event("delivered", 1), mail.event("open", 2), mail.event("spamreport", 3)];
    let answers = sendgrid.happens(&events).await;
    assert_eq!(answers.len(), 1, "the other one wants nothing of it");
    let batch = world.batch(answers[0].as_ref().unwrap()).await;
    assert_eq!(batch["elements"], 2);
    assert_eq!(world.message(&mail).await["status"], "delivered");
    sendgrid.change_webhook(&webhook, "enabled", false);
    assert!(sendgrid.post(&events).await.is_empty());
    sendgrid.remove_webhook(&webhook);
    assert_eq!(sendgrid.webhooks().len(), 1);
    world.finish().await;
}
