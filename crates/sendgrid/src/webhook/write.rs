//! What is asked of SendGrid, exactly as its specification has it (EventWebhookRequest and EventWebhookTestRequest of
//! tsg_webhooks_v3). Fields that nobody asked for are not written, so that SendGrid leaves them as they are.

use super::{SigningSwitch, Toggle, WebhookId};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// What a webhook is to be. What is `None` or not in the map stays as it is, and is SendGrid's choice for a new one.
#[derive(Clone, Debug)]
pub struct WebhookSettings {
    /// The only thing that SendGrid insists on, also for a change.
    pub url: String,
    pub enabled: Option<bool>,
    pub friendly_name: Option<String>,
    pub toggles: BTreeMap<Toggle, bool>,
    pub oauth: OAuthChange,
}

impl WebhookSettings {
    /// Nothing but the URL.
    #[must_use]
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            enabled: None,
            friendly_name: None,
            toggles: BTreeMap::new(),
            oauth: OAuthChange::Keep,
        }
    }

    pub(super) fn body(&self) -> Value {
        let mut body = Map::from_iter([("url".to_owned(), json!(self.url))]);
        if let Some(enabled) = self.enabled {
            body.insert("enabled".to_owned(), json!(enabled));
        }
        if let Some(name) = &self.friendly_name {
            body.insert("friendly_name".to_owned(), json!(name));
        }
        for (toggle, on) in &self.toggles {
            body.insert(toggle.as_str().to_owned(), json!(on));
        }
        match &self.oauth {
            OAuthChange::Keep => {}
            OAuthChange::Remove => body.extend(OAUTH.map(|key| (key.to_owned(), json!("")))),
            OAuthChange::Set(oauth) => oauth.write(&mut body),
        }
        Value::Object(body)
    }
}

const OAUTH: [&str; 3] = ["oauth_client_id", OAUTH_SECRET, "oauth_token_url"];
/// The one field of a request that holds a secret.
pub(crate) const OAUTH_SECRET: &str = "oauth_client_secret";

/// What is to become of a webhook's OAuth settings.
#[derive(Clone, Debug)]
pub enum OAuthChange {
    Keep,
    /// Written as empty texts, as the specification says.
    Remove,
    Set(OAuth),
}

/// Where SendGrid gets a bearer token, and how it says who it is. The secret is not shown by `Debug`.
#[derive(Clone, Debug)]
pub struct OAuth {
    pub client_id: String,
    /// `None`: the one that SendGrid has been given before.
    pub client_secret: Option<SecretString>,
    pub token_url: String,
}

impl OAuth {
    fn write(&self, body: &mut Map<String, Value>) {
        body.insert(OAUTH[0].to_owned(), json!(self.client_id));
        if let Some(secret) = &self.client_secret {
            body.insert(OAUTH[1].to_owned(), json!(secret.expose_secret()));
        }
        body.insert(OAUTH[2].to_owned(), json!(self.token_url));
    }
}

/// A test to be sent.
#[derive(Clone, Debug)]
pub struct Test {
    /// Where to; SendGrid does not look it up.
    pub url: String,
    /// Whose key signs it.
    pub id: Option<WebhookId>,
    /// With what SendGrid gets a token first.
    pub oauth: Option<OAuth>,
}

impl Test {
    /// Of a webhook, at its URL.
    #[must_use]
    pub fn of(id: &WebhookId, url: impl Into<String>) -> Self {
        Self { url: url.into(), id: Some(id.clone()), oauth: None }
    }

    pub(super) fn body(&self) -> Value {
        let mut body = Map::from_iter([("url".to_owned(), json!(self.url))]);
        if let Some(id) = &self.id {
            body.insert("id".to_owned(), json!(id.as_str()));
        }
        if let Some(oauth) = &self.oauth {
            oauth.write(&mut body);
        }
        Value::Object(body)
    }
}

pub(super) fn signing(switch: SigningSwitch) -> Value {
    json!({ "enabled": switch == SigningSwitch::On })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn oauth(secret: Option<&str>) -> OAuth {
        OAuth {
            client_id: "id".to_owned(),
            client_secret: secret.map(SecretString::from),
            token_url: "https://hooks.example.com/oauth/token".to_owned(),
        }
    }

    #[test]
    fn only_what_was_asked_for_is_written() {
        assert_eq!(WebhookSettings::new("https://a.example").body(), json!({ "url": "https://a.example" }));
        let mut settings = WebhookSettings::new("https://a.example");
        settings.enabled = Some(true);
        settings.toggles = BTreeMap::from([(Toggle::SpamReport, true), (Toggle::Open, false)]);
        assert_eq!(
            settings.body(),
            json!({ "url": "https://a.example", "enabled": true, "spam_report": true, "open": false })
        );
    }

    #[test]
    fn oauth_is_removed_by_empty_texts_and_kept_by_silence() {
        let mut settings = WebhookSettings::new("u");
        settings.oauth = OAuthChange::Remove;
        assert_eq!(
            settings.body(),
            json!({ "url": "u", "oauth_client_id": "", "oauth_client_secret": "", "oauth_token_url": "" })
        );
        settings.oauth = OAuthChange::Set(oauth(None));
        assert_eq!(
            settings.body(),
            json!({
                "url": "u", "oauth_client_id": "id", "oauth_token_url": "https://hooks.example.com/oauth/token",
            })
        );
    }

    #[test]
    fn a_client_secret_is_sent_and_not_shown() {
        let test =
            Test { url: "u".to_owned(), id: WebhookId::parse("a-1"), oauth: Some(oauth(Some("hush"))) };
        assert_eq!(test.body()["oauth_client_secret"], "hush");
        assert_eq!(test.body()["id"], "a-1");
        assert!(!format!("{test:?}").contains("hush"));
    }
}
