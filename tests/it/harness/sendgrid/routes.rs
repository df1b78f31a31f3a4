//! Who may ask for what, and who answers it.

use super::account::Book;
use super::post::Delivery;
use super::{State, records, suppressions, webhooks};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// A request, read.
#[derive(Clone, Debug)]
pub(super) struct Request {
    pub(super) method: String,
    pub(super) path: String,
    pub(super) query: BTreeMap<String, String>,
    pub(super) body: Value,
    pub(super) key: Option<String>,
    pub(super) on_behalf_of: Option<String>,
}

/// An answer, and what is to be posted after it.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) body: Option<Value>,
    pub(super) test: Option<Box<Delivery>>,
}

impl Reply {
    pub(super) fn json(status: u16, body: Value) -> Self {
        Self { status, body: Some(body), test: None }
    }

    pub(super) fn empty(status: u16) -> Self {
        Self { status, body: None, test: None }
    }

    /// In the words that SendGrid has for a status.
    pub(super) fn usual(status: u16) -> Self {
        let error = match status {
            // The specification's own example: the text, not the value.
            403 => json!({ "message": "access forbidden", "field": "null" }),
            401 => json!({
                "message": "The provided authorization grant is invalid, expired, or revoked", "field": null,
                "help": null,
            }),
            404 => json!({ "message": "not found", "field": null }),
            429 => json!({ "message": "too many requests" }),
            _ => json!({ "message": "internal server error" }),
        };
        Self::json(status, json!({ "errors": [error] }))
    }

    pub(super) fn bad(message: impl Into<String>) -> Self {
        Self::json(400, json!({ "errors": [{ "message": message.into() }] }))
    }
}

/// Answers a request and changes what it changes.
pub(super) fn answer(state: &mut State, request: &Request) -> Reply {
    let Some(key) = &request.key else {
        let error = json!({ "field": null, "message": "authorization required" });
        return Reply::json(401, json!({ "errors": [error] }));
    };
    let Some(scopes) = state.keys.get(key).cloned() else { return Reply::usual(401) };
    let account = request.on_behalf_of.clone().unwrap_or_default();
    if !state.accounts.contains_key(&account) {
        return Reply::usual(403);
    }
    let path: Vec<_> = request.path.trim_start_matches('/').split('/').collect();
    let needed = needed(&request.method, &path);
    if !needed.is_empty() && !needed.iter().any(|scope| scopes.iter().any(|has| has == scope)) {
        return Reply::usual(403);
    }
    state.made += 1;
    let made = state.made;
    let book: &mut Book = state.accounts.get_mut(&account).expect("looked at above");
    match (request.method.as_str(), path.as_slice()) {
        ("GET", ["v3", "scopes"]) => Reply::json(200, json!({ "scopes": scopes })),
        ("POST", ["v3", "user", "webhooks", "event", "test"]) => webhooks::test(book, request),
        (_, ["v3", "user", "webhooks", "event", "settings", rest @ ..]) => {
            webhooks::settings(book, request, rest, made)
        }
        ("GET", ["v3", "messages"]) => records::activity(book, request),
        ("GET", ["v3", "messages", id]) => records::activity_of(book, &unescaped(id)),
        ("POST", ["v3", "logs"]) => records::logs(book, request),
        ("GET", ["v3", "logs", id]) => records::log_of(book, &unescaped(id)),
        ("GET", ["v3", "suppression", list]) => suppressions::list(book, list, request),
        _ => Reply::usual(404),
    }
}

/// The scopes of which one is enough; empty: any key.
fn needed(method: &str, path: &[&str]) -> &'static [&'static str] {
    match (method, path) {
        ("GET", ["v3", "user", "webhooks", "event", "settings", ..]) => {
            &["user.webhooks.event.settings.read"]
        }
        ("POST", ["v3", "user", "webhooks", "event", "settings"]) => {
            &["user.webhooks.event.settings.create", "user.webhooks.event.settings.update"]
        }
        ("DELETE", ["v3", "user", "webhooks", "event", "settings", ..]) => {
            &["user.webhooks.event.settings.delete", "user.webhooks.event.settings.update"]
        }
        (_, ["v3", "user", "webhooks", "event", "settings", ..]) => &["user.webhooks.event.settings.update"],
        (_, ["v3", "user", "webhooks", "event", "test"]) => {
            &["user.webhooks.event.test.create", "user.webhooks.event.test.update"]
        }
        (_, ["v3", "messages" | "logs", ..]) => &["messages.read"],
        (_, ["v3", "suppression", ..]) => &["suppression.read"],
        _ => &[],
    }
}

/// A step of a path without its escapes.
fn unescaped(step: &str) -> String {
    // In a form, a plus would be a space.
    let form = step.replace('+', "%2B");
    url::form_urlencoded::parse(format!("{form}=").as_bytes()).map(|(name, _)| name.into_owned()).collect()
}
