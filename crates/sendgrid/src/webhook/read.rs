//! What SendGrid says of webhooks. Dates go by `created_date` and `created_at`, a list without webhooks holds one that is
//! empty, toggles are missing where an endpoint does not tell them (tsg_webhooks_v3).

use super::{Signing, Toggle, Webhook, WebhookId, Webhooks};
use crate::lenient::{Object, flag, number, objects, text, time};
use serde_json::Value;

pub(super) fn webhooks(body: &Value) -> Option<Webhooks> {
    let (listed, _) = objects(body.get("webhooks"))?;
    let mut webhooks = Vec::new();
    let mut without_id = Vec::new();
    for object in listed {
        match webhook(object, None) {
            Some(webhook) => webhooks.push(webhook),
            None => without_id.extend(text(object, "url")),
        }
    }
    let max_allowed = body.as_object().and_then(|body| number(body, "max_allowed"));
    Some(Webhooks { webhooks, max_allowed, without_id })
}

/// `asked` is the id that the request named; answers do not always repeat it.
pub(super) fn webhook_of(body: &Value, asked: Option<&WebhookId>) -> Option<Webhook> {
    webhook(body.as_object()?, asked)
}

fn webhook(object: &Object, asked: Option<&WebhookId>) -> Option<Webhook> {
    let id = match text(object, "id") {
        Some(id) => WebhookId::parse(&id)?,
        None => asked?.clone(),
    };
    let told = |toggle: Toggle| Some((toggle, flag(object, toggle.as_str())?));
    Some(Webhook {
        id,
        url: text(object, "url"),
        enabled: flag(object, "enabled"),
        friendly_name: text(object, "friendly_name"),
        toggles: Toggle::ALL.into_iter().filter_map(told).collect(),
        public_key: text(object, "public_key"),
        oauth_client_id: text(object, "oauth_client_id"),
        oauth_token_url: text(object, "oauth_token_url"),
        created_at: time(object, "created_date").or_else(|| time(object, "created_at")),
        updated_at: time(object, "updated_date").or_else(|| time(object, "updated_at")),
    })
}

/// An empty key, null and none at all mean that signing is off.
pub(super) fn signing(body: &Value) -> Option<Signing> {
    let key = text(body.as_object()?, "public_key");
    let key = key.map(|key| key.trim().to_owned()).filter(|key| !key.is_empty());
    Some(key.map_or(Signing::Off, |public_key| Signing::On { public_key }))
}

#[cfg(test)]
mod tests;
