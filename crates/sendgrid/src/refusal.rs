//! What an answer that is no success means. Pure.
//!
//! The specification has `{"errors":[{"message":…,"field":…}]}` with `field` null, missing, or the text `"null"`; only
//! `message` is relied on. Creating a webhook whose URL is taken names the holder: `id` and `url` beside the message
//! (tsg_webhooks_v3). A proxy on the way may answer with anything.

use crate::error::{Error, Said, showable};
use crate::lenient::{Object, text};
use crate::webhook::WebhookId;
use serde_json::Value;
use std::time::Duration;

/// Words of the two refusals that have an account's plan as their reason (tsg_webhooks_v3).
const PLAN: &str = "billing plan";
const EXISTS: &str = "already exists";

/// The error of a status that is no success; `retry_after` is what a 429 asks for.
pub(crate) fn read(status: u16, body: &[u8], retry_after: Duration) -> Error {
    let body = serde_json::from_slice::<Value>(body).ok();
    let errors = body.as_ref().map(errors).unwrap_or_default();
    let said = Said::new(errors.iter().filter_map(|error| message(error)));
    match status {
        401 => Error::Unauthorized { said },
        400 | 403 if said.has(PLAN) => Error::PlanLimit { said },
        403 => Error::Forbidden { said },
        404 => Error::NotFound { said },
        429 => Error::RateLimited { retry_after, said },
        400 if said.has(EXISTS) => {
            let holder =
                errors.iter().find_map(|error| error.as_object().filter(|error| names_a_holder(error)));
            let id = holder.and_then(|holder| text(holder, "id")).and_then(|id| WebhookId::parse(&id));
            let url = holder.and_then(|holder| text(holder, "url"));
            Error::AlreadyExists { id, url, said }
        }
        _ => Error::Refused { status, said },
    }
}

fn names_a_holder(error: &Object) -> bool {
    error.contains_key("id") || error.contains_key("url")
}

/// `errors` as a list or one thing, `error`, or the whole body.
fn errors(body: &Value) -> Vec<&Value> {
    let Some(object) = body.as_object() else { return vec![body] };
    match object.get("errors").or_else(|| object.get("error")) {
        Some(Value::Array(errors)) => errors.iter().collect(),
        Some(error) => vec![error],
        None => vec![body],
    }
}

fn message(error: &Value) -> Option<String> {
    match error {
        Value::String(message) => Some(message.clone()),
        Value::Object(error) => text(error, "message"),
        _ => None,
    }
}

/// Why a success cannot be read, for people: a page of HTML tells of a proxy.
pub(crate) fn not_json(body: &[u8]) -> String {
    const SHOWN_BYTES: usize = 60;
    if body.is_empty() {
        return "it is empty".to_owned();
    }
    let start = String::from_utf8_lossy(&body[..body.len().min(SHOWN_BYTES)]);
    if start.trim_start().starts_with('<') {
        return "it is a page of HTML, so something between here and SendGrid answered".to_owned();
    }
    format!("it is no JSON, or not all of it ({} bytes, beginning with {:?})", body.len(), showable(&start))
}

#[cfg(test)]
mod tests;
