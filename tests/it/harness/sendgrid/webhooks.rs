//! Event Webhook settings.

use super::account::{Book, webhook_id};
use super::post::Delivery;
use super::routes::{Reply, Request};
use crate::harness::clock::now_seconds;
use crate::harness::sender::Sender;
use jiff::Timestamp;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

const TOGGLES: [&str; 12] = [
    "group_resubscribe",
    "delivered",
    "group_unsubscribe",
    "spam_report",
    "bounce",
    "deferred",
    "unsubscribe",
    "processed",
    "open",
    "click",
    "dropped",
    "account_status_change",
];

/// One webhook.
#[derive(Clone, Debug)]
pub(super) struct Webhook {
    pub(super) id: String,
    pub(super) url: String,
    pub(super) friendly_name: Option<String>,
    /// `enabled` and the toggles.
    switches: BTreeMap<String, bool>,
    pub(super) oauth: Option<OAuth>,
    /// Of the newest key pair; `None` when signing is off.
    pub(super) signer: Option<Sender>,
    /// The plan forbids changing it.
    pub(super) frozen: bool,
    created_at: i64,
    updated_at: i64,
}

/// Where tokens come from.
#[derive(Clone, Debug)]
pub(super) struct OAuth {
    pub(super) client_id: String,
    pub(super) client_secret: String,
    pub(super) token_url: String,
}

impl Webhook {
    /// Everything off.
    pub(super) fn new(id: &str, url: &str) -> Self {
        let now = now_seconds();
        let switches = ["enabled"].iter().chain(&TOGGLES).map(|&name| (name.to_owned(), false)).collect();
        Self {
            id: id.to_owned(),
            url: url.to_owned(),
            friendly_name: None,
            switches,
            oauth: None,
            signer: None,
            frozen: false,
            created_at: now,
            updated_at: now,
        }
    }

    /// # Panics
    /// When there is no such setting.
    pub(super) fn set(&mut self, name: &str, on: bool) {
        *self.switches.get_mut(name).unwrap_or_else(|| panic!("a webhook has no {name}")) = on;
    }

    pub(super) fn is_enabled(&self) -> bool {
        self.switches["enabled"]
    }

    /// Whether it posts events of this name, given as the webhook posts it.
    pub(super) fn wants(&self, event: &str) -> bool {
        let toggle = if event == "spamreport" { "spam_report" } else { event };
        self.switches.get(toggle).copied().unwrap_or(false)
    }

    /// From off to on makes a new key pair; on stays as it is.
    pub(super) fn sign(&mut self, on: bool) -> Option<String> {
        match (on, &self.signer) {
            (true, None) => self.signer = Some(Sender::new()),
            (true, Some(_)) => {}
            (false, _) => self.signer = None,
        }
        self.signer.as_ref().map(Sender::public_key)
    }

    /// As SendGrid shows it, without the toggle that has to be asked for.
    fn shown(&self, included: bool) -> Map<String, Value> {
        let mut shown = Map::from_iter([
            ("id".to_owned(), json!(self.id)),
            ("url".to_owned(), json!(self.url)),
            ("friendly_name".to_owned(), json!(self.friendly_name)),
        ]);
        shown.extend(self.switches.iter().map(|(name, on)| (name.clone(), json!(on))));
        if !included {
            shown.remove("account_status_change");
        }
        if let Some(oauth) = &self.oauth {
            shown.insert("oauth_client_id".to_owned(), json!(oauth.client_id));
            shown.insert("oauth_token_url".to_owned(), json!(oauth.token_url));
        }
        shown
    }

    fn dated(&self, included: bool, created: &str, updated: &str) -> Map<String, Value> {
        let time = |at| json!(Timestamp::from_second(at).unwrap().to_string());
        let mut shown = self.shown(included);
        shown.insert(created.to_owned(), time(self.created_at));
        shown.insert(updated.to_owned(), time(self.updated_at));
        shown
    }

    fn public_key(&self) -> Option<Value> {
        self.signer.as_ref().map(|signer| json!(signer.public_key()))
    }

    /// For tests: everything.
    pub(super) fn whole(&self) -> Value {
        let mut whole = self.shown(true);
        whole.insert("public_key".to_owned(), self.public_key().unwrap_or_else(|| json!("")));
        if let Some(oauth) = &self.oauth {
            whole.insert("oauth_client_secret".to_owned(), json!(oauth.client_secret));
        }
        Value::Object(whole)
    }

    /// Takes over a request's settings, or says what is wrong with them.
    fn take(&mut self, body: &Map<String, Value>) -> Result<(), Reply> {
        let mut oauth = BTreeMap::new();
        for (name, value) in body {
            match (name.as_str(), value) {
                ("url", Value::String(url)) => self.url.clone_from(url),
                ("friendly_name", Value::String(name)) => self.friendly_name = Some(name.clone()),
                ("friendly_name", Value::Null) => self.friendly_name = None,
                ("oauth_client_id" | "oauth_client_secret" | "oauth_token_url", Value::String(text)) => {
                    oauth.insert(name.as_str(), text.clone());
                }
                (name, Value::Bool(on)) if self.switches.contains_key(name) => self.set(name, *on),
                _ => return Err(Reply::bad(format!("'{name}' cannot be {value}"))),
            }
        }
        if !oauth.is_empty() {
            self.oauth = self.new_oauth(&oauth)?;
        }
        self.updated_at = now_seconds();
        Ok(())
    }

    fn new_oauth(&self, told: &BTreeMap<&str, String>) -> Result<Option<OAuth>, Reply> {
        if told.values().all(String::is_empty) {
            return Ok(None);
        }
        let known = self.oauth.as_ref().map(|oauth| oauth.client_secret.clone());
        match (told.get("oauth_client_id"), told.get("oauth_client_secret").cloned().or(known)) {
            (Some(id), Some(secret)) if told.contains_key("oauth_token_url") => Ok(Some(OAuth {
                client_id: id.clone(),
                client_secret: secret,
                token_url: told["oauth_token_url"].clone(),
            })),
            _ => Err(Reply::bad("oauth_client_id, oauth_client_secret and oauth_token_url belong together")),
        }
    }
}

/// Everything under `/v3/user/webhooks/event/settings`.
pub(super) fn settings(book: &mut Book, request: &Request, rest: &[&str], made: u32) -> Reply {
    let included = request.query.get("include").is_some_and(|include| include == "account_status_change");
    match (request.method.as_str(), rest) {
        ("GET", ["all"]) => all(book, included),
        ("POST", []) => create(book, request, made),
        // Without an id it is the oldest one, which no command of ours may rely on.
        ("GET", []) => shown(book.webhooks.first(), included),
        ("GET", ["signed", id]) => {
            let Some(webhook) = book.webhook_mut(id) else { return invalid_id() };
            Reply::json(200, json!({ "id": id, "public_key": webhook.public_key().unwrap_or(json!("")) }))
        }
        ("PATCH", ["signed", id]) => {
            let Some(on) = request.body["enabled"].as_bool() else {
                return Reply::bad("'enabled' is required");
            };
            let Some(webhook) = book.webhook_mut(id) else { return invalid_id() };
            Reply::json(200, json!({ "id": id, "public_key": webhook.sign(on).unwrap_or_default() }))
        }
        ("GET", [id]) => shown(book.webhooks.iter().find(|webhook| webhook.id == *id), included),
        ("PATCH", [id]) => update(book, request, id, included),
        ("DELETE", [id]) => {
            if book.webhook_mut(id).is_none() {
                return invalid_id();
            }
            book.webhooks.retain(|webhook| webhook.id != *id);
            Reply::empty(204)
        }
        _ => Reply::usual(404),
    }
}

fn all(book: &Book, included: bool) -> Reply {
    let mut webhooks: Vec<Value> = Vec::new();
    for webhook in &book.webhooks {
        let mut shown = webhook.dated(included, "created_date", "updated_date");
        shown.extend(webhook.public_key().map(|key| ("public_key".to_owned(), key)));
        webhooks.push(Value::Object(shown));
    }
    if webhooks.is_empty() {
        // As the specification's example of an account without webhooks.
        webhooks.push(json!({}));
    }
    Reply::json(200, json!({ "max_allowed": book.webhooks_max, "webhooks": webhooks }))
}

fn shown(webhook: Option<&Webhook>, included: bool) -> Reply {
    let Some(webhook) = webhook else { return invalid_id() };
    let mut shown = webhook.dated(included, "created_at", "updated_at");
    shown.extend(webhook.public_key().map(|key| ("public_key".to_owned(), key)));
    Reply::json(200, Value::Object(shown))
}

fn invalid_id() -> Reply {
    Reply::json(404, json!({ "errors": [{ "message": "Invalid id provided." }] }))
}

fn create(book: &mut Book, request: &Request, made: u32) -> Reply {
    let (body, url) = match body_with_url(request) {
        Ok(read) => read,
        Err(refusal) => return refusal,
    };
    if let Some(holder) = book.webhooks.iter().find(|webhook| webhook.url == url) {
        return taken(holder);
    }
    if book.webhooks.len() >= book.webhooks_max {
        return Reply::bad("You have reached the maximum number of webhooks per your current billing plan.");
    }
    let mut webhook = Webhook::new(&webhook_id(made), url);
    if let Err(refusal) = webhook.take(body) {
        return refusal;
    }
    let reply = Reply::json(201, Value::Object(webhook.dated(false, "created_date", "updated_date")));
    book.webhooks.push(webhook);
    reply
}

fn update(book: &mut Book, request: &Request, id: &str, included: bool) -> Reply {
    let (body, url) = match body_with_url(request) {
        Ok(read) => read,
        Err(refusal) => return refusal,
    };
    if let Some(holder) = book.webhooks.iter().find(|webhook| webhook.url == url && webhook.id != id) {
        return taken(holder);
    }
    let Some(webhook) = book.webhook_mut(id) else { return invalid_id() };
    if webhook.frozen {
        return Reply::bad("This webhook cannot be modified based on your current billing plan.");
    }
    let mut changed = webhook.clone();
    if let Err(refusal) = changed.take(body) {
        return refusal;
    }
    *webhook = changed;
    Reply::json(200, Value::Object(webhook.dated(included, "created_date", "updated_date")))
}

/// The body, and the one field that it must have.
fn body_with_url(request: &Request) -> Result<(&Map<String, Value>, &str), Reply> {
    let body = request.body.as_object().ok_or_else(|| Reply::bad("the body is required"))?;
    let url = body.get("url").and_then(Value::as_str).ok_or_else(|| Reply::bad("url is required"))?;
    let parsed = url::Url::parse(url).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
    parsed.map(|_| (body, url)).ok_or_else(|| Reply::bad(format!("'{url}' is not a valid url")))
}

fn taken(holder: &Webhook) -> Reply {
    let message = format!("Webhook at '{}' already exists. Please provide a unique URL.", holder.url);
    Reply::json(400, json!({ "errors": [{ "id": holder.id, "message": message, "url": holder.url }] }))
}

/// `POST /v3/user/webhooks/event/test`.
pub(super) fn test(book: &mut Book, request: &Request) -> Reply {
    let (body, url) = match body_with_url(request) {
        Ok(read) => read,
        Err(refusal) => return refusal,
    };
    let text = |name| body.get(name).and_then(Value::as_str).map(str::to_owned);
    let webhook = match text("id") {
        None => None,
        Some(id) => match book.webhook_mut(&id) {
            None => return invalid_id(),
            Some(webhook) => Some(webhook.clone()),
        },
    };
    let saved = webhook.as_ref().and_then(|webhook| webhook.oauth.clone());
    let oauth = match (text("oauth_client_id"), text("oauth_token_url")) {
        (None, None) => None,
        (Some(client_id), Some(token_url)) => {
            let secret = text("oauth_client_secret").or(saved.map(|saved| saved.client_secret));
            let Some(client_secret) = secret else { return Reply::bad("oauth_client_secret is required") };
            Some(OAuth { client_id, client_secret, token_url })
        }
        _ => return Reply::bad("oauth_client_id and oauth_token_url belong together"),
    };
    let test = Delivery::of_test(url, webhook.as_ref(), oauth);
    Reply { status: 204, body: None, test: Some(Box::new(test)) }
}
