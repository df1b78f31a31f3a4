use super::super::key::label;
use super::*;
use jiff::Timestamp;
use std::collections::BTreeMap;
use store::source::key::KeyState;
use wire::signature::{PublicKey, SigningKey};

fn webhook(id: &str, url: &str, enabled: bool) -> Webhook {
    Webhook {
        id: WebhookId::parse(id).unwrap(),
        url: Some(url.to_owned()),
        enabled: Some(enabled),
        friendly_name: Some("news\u{1b}letter".to_owned()),
        toggles: BTreeMap::new(),
        public_key: None,
        oauth_client_id: None,
        oauth_token_url: None,
        created_at: None,
        updated_at: None,
    }
}

fn signed(id: &str, url: &str, key: Option<&PublicKey>) -> Found {
    let signing = key.map_or(Signing::Off, |key| Signing::On { public_key: key.to_base64() });
    Found { webhook: webhook(id, url, true), signing }
}

fn held(key: &PublicKey, label: Option<String>) -> SourceKey {
    SourceKey {
        id: 1,
        spki: key.to_spki_der(),
        sha256: key.fingerprint(),
        label,
        state: KeyState::Active,
        created_at: Timestamp::UNIX_EPOCH,
        retires_at: None,
    }
}

const HERE: &str = "https://here.example/webhooks/sendgrid/main";
const THERE: &str = "https://there.example/webhooks/sendgrid/main";

#[test]
fn of_those_at_a_url_the_one_that_is_written_so_and_on_comes_first() {
    let all = Webhooks {
        webhooks: vec![
            webhook("1", "https://here.example/webhooks/sendgrid/main/", true),
            webhook("2", "https://me:x@here.example/webhooks/sendgrid/main", false),
            webhook("3", HERE, true),
            webhook("4", THERE, true),
        ],
        max_allowed: None,
        without_id: Vec::new(),
    };
    let address = Address::parse("https://here.example", "main", false).unwrap();
    let ids: Vec<&str> = at(&all, &address).iter().map(|webhook| webhook.id.as_str()).collect();
    assert_eq!(ids, ["3", "2", "1"]);
}

#[test]
fn among_several_of_one_name_the_keys_tell_which_is_meant() {
    let (ours, theirs) = (SigningKey::generate().public_key(), SigningKey::generate().public_key());
    let found = vec![signed("1", THERE, Some(&theirs)), signed("2", HERE, Some(&ours))];
    let one = by_keys(found.clone(), "main", &[held(&ours, None)], Use::Change).unwrap().unwrap();
    assert_eq!(one.webhook.id.as_str(), "2");
    let failure = by_keys(found, "main", &[], Use::Look).unwrap_err();
    assert!(failure.to_string().contains("--webhook"), "{failure}");
}

#[test]
fn what_only_has_the_name_may_be_looked_at_and_not_changed() {
    let (ours, theirs) = (SigningKey::generate().public_key(), SigningKey::generate().public_key());
    let found = vec![signed("1", THERE, Some(&theirs))];
    let keys = [held(&ours, None)];
    assert!(by_keys(found.clone(), "main", &keys, Use::Look).unwrap().is_some());
    assert_eq!(by_keys(found, "main", &keys, Use::Change).unwrap_err().code, 1);
    assert!(by_keys(Vec::new(), "main", &keys, Use::Change).unwrap().is_none());
}

#[test]
fn one_that_has_stopped_signing_is_known_by_the_label_of_its_old_key() {
    let key = SigningKey::generate().public_key();
    let id = WebhookId::parse("1").unwrap();
    let found = vec![signed("1", HERE, None)];
    assert!(by_keys(found.clone(), "main", &[held(&key, Some(label(&id)))], Use::Change).unwrap().is_some());
    assert!(by_keys(found, "main", &[held(&key, None)], Use::Change).is_err());
}

#[test]
fn a_webhook_is_named_without_what_is_secret_or_steers_a_terminal() {
    let told = described(&webhook("1", "https://me:hidden@here.example/?t=hidden", true));
    assert_eq!(told, "`news\u{FFFD}letter` 1 (https://here.example/)");
}
