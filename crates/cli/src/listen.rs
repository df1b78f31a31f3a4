//! `sendstate listen`: a consumer that prints what it is told.

use crate::args::ListenArgs;
use crate::consumer::{self, Delivered, Receiver};
use crate::failure::Failure;
use crate::output::{self, plain};
use crate::settings::Global;
use hyper::StatusCode;
use secrecy::ExposeSecret as _;
use serde_json::Value;
use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::net::TcpListener;
use wire::webhook::Secret;

/// Ids that are remembered to tell repeats; beyond it everything counts as new.
const REMEMBERED_MAX: usize = 100_000;

pub(crate) async fn run(global: &Global, args: &ListenArgs) -> Result<(), Failure> {
    let secret = Secret::parse(args.secret.expose_secret())
        .map_err(|error| Failure::usage(format!("--secret cannot be used: {error}")))?;
    let place = (args.address, args.port);
    let listener = TcpListener::bind(place).await.map_err(|error| {
        Failure::failed(format!("cannot listen on {}:{}: {error}", place.0, place.1))
            .next("choose another --port")
    })?;
    let address = listener.local_addr().map_err(|error| Failure::failed(error.to_string()))?;
    output::note(&format!("sendstate: listening on http://{address}/, Ctrl-C ends it"));
    let printer = Arc::new(Printer { json: global.json, seen: Mutex::default() });
    let drained = consumer::run(listener, secret, Arc::clone(&printer), service::shutdown::on_signal()).await;
    let seen = printer.seen.lock().unwrap_or_else(PoisonError::into_inner);
    output::note(&format!(
        "sendstate: {} notifications, {} of them repeats; {} requests refused; {} connections cut",
        seen.delivered, seen.repeated, seen.refused, drained.left
    ));
    Ok(())
}

struct Printer {
    json: bool,
    seen: Mutex<Seen>,
}

#[derive(Default)]
struct Seen {
    ids: HashSet<String>,
    delivered: u64,
    repeated: u64,
    refused: u64,
}

impl Receiver for Printer {
    fn delivered(&self, delivered: Delivered) -> StatusCode {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.delivered += 1;
        let repeat = seen.ids.contains(&delivered.webhook_id);
        seen.repeated += u64::from(repeat);
        if seen.ids.len() < REMEMBERED_MAX {
            seen.ids.insert(delivered.webhook_id.clone());
        }
        // Written under the lock, so that lines do not mix.
        let printed =
            output::line(&if self.json { json(&delivered, repeat) } else { line(&delivered, repeat) });
        drop(seen);
        // Not shown means not received: the sender keeps it and tries again.
        if printed.is_ok() { StatusCode::NO_CONTENT } else { StatusCode::INTERNAL_SERVER_ERROR }
    }

    fn refused(&self, why: &str) {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).refused += 1;
        output::note(&format!("sendstate: refused a request: {}", plain(why)));
    }
}

/// The notification as it came, with its id beside its own keys.
fn json(delivered: &Delivered, repeat: bool) -> String {
    let mut document = match serde_json::from_slice(&delivered.body) {
        Ok(Value::Object(fields)) => fields,
        _ => {
            [("body".to_owned(), Value::from(String::from_utf8_lossy(&delivered.body)))].into_iter().collect()
        }
    };
    document.insert("webhook_id".to_owned(), delivered.webhook_id.clone().into());
    document.insert("repeat".to_owned(), repeat.into());
    Value::Object(document).to_string()
}

fn line(delivered: &Delivered, repeat: bool) -> String {
    let body: Value = serde_json::from_slice(&delivered.body).unwrap_or_default();
    let text = |value: &Value| match value {
        Value::Null => "-".to_owned(),
        Value::String(text) => plain(text),
        other => other.to_string(),
    };
    let data = &body["data"];
    format!(
        "{:<24} {:<22} {:<10} {:<3} {:<36} {}{}",
        text(&body["timestamp"]),
        text(&body["type"]),
        text(&data["status"]),
        text(&data["sequence"]),
        text(&data["recipient"]),
        plain(&delivered.webhook_id),
        if repeat { " (again)" } else { "" }
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn delivered(body: &'static str) -> Delivered {
        Delivered { webhook_id: "msg_1".to_owned(), body: body.into() }
    }

    #[test]
    fn a_notification_is_one_line_whatever_it_holds() {
        let body = r#"{"type":"message.seen","data":{"status":"opened","sequence":2,"recipient":"a\n@example.com"}}"#;
        let line = line(&delivered(body), true);
        assert!(line.contains("message.seen") && line.ends_with("msg_1 (again)"), "{line}");
        assert!(!line.contains('\n'));
        assert!(!super::line(&delivered("not json"), false).contains('\n'));
    }

    #[test]
    fn json_keeps_the_notifications_own_keys_and_adds_its_id() {
        let document: Value =
            serde_json::from_str(&json(&delivered(r#"{"type":"message.seen"}"#), false)).unwrap();
        assert_eq!(document["type"], "message.seen");
        assert_eq!(document["webhook_id"], "msg_1");
    }
}
