//! `sendstate delivery show`: one delivery with everything that was tried.

use super::document::RowDocument;
use crate::args::DeliveryShow;
use crate::failure::Failure;
use crate::output::{self, plain, plain_lines, time};
use crate::settings::Global;
use crate::{database, endpoint};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};
use serde::Serialize;
use store::look::{self, ATTEMPTS_PER_DELIVERY_MAX, Attempt, Delivery, Told};

/// Letters of an answer that a table shows.
const EXCERPT_LETTERS: usize = 120;

/// A delivery with what it tells and what was tried.
pub(crate) struct Whole {
    delivery: Delivery,
    url: String,
    /// `None`: retention took it.
    told: Option<Told>,
    attempts: Vec<Attempt>,
}

#[derive(Serialize)]
struct Document<'a> {
    #[serde(flatten)]
    row: RowDocument<'a>,
    endpoint_url: &'a str,
    /// Null where it came by none, as a test.
    source: Option<&'a str>,
    status: Option<&'a str>,
    implied: bool,
    occurred_at: Option<String>,
    attempt_log: Vec<AttemptDocument<'a>>,
    /// There are more attempts than are shown.
    attempt_log_truncated: bool,
    /// Only with --body.
    body: Option<String>,
}

#[derive(Serialize)]
struct AttemptDocument<'a> {
    number: i16,
    started_at: String,
    duration_ms: i32,
    outcome: &'a str,
    http_status: Option<i16>,
    error: Option<&'a str>,
    /// Null: there was no answer, or it is not UTF-8.
    response: Option<&'a str>,
    response_base64: Option<String>,
}

pub(crate) async fn show(global: &Global, args: &DeliveryShow) -> Result<(), Failure> {
    let client = database::operator(global).await?;
    let whole = Whole::of(&client, args.id).await?;
    print(global, &whole, args.body)
}

impl Whole {
    pub(crate) async fn of(client: &store::Client, id: i64) -> Result<Self, Failure> {
        let now = database::now();
        let delivery = look::deliveries_by_id(client, &[id], now).await?.pop();
        let delivery = delivery.ok_or_else(|| {
            Failure::not_found(format!("there is no delivery {id}"))
                .next("see `sendstate delivery list`; retention may have taken it")
        })?;
        // The clocks that made these times may differ from those that began the attempts.
        let day = |at: Timestamp| at.to_zoned(TimeZone::UTC).date();
        let from = day(delivery.created_at).saturating_sub(1.day());
        let to = day(delivery.finished_at.unwrap_or(now)).saturating_add(1.day());
        let attempts = look::attempts(client, id, from, to).await?;
        let told = look::told(client, delivery.subject_key, &delivery.kind).await?;
        let url = endpoint::find(client, delivery.endpoint_id).await?.url;
        Ok(Self { delivery, url, told, attempts })
    }

    /// As `delivery list` has it.
    pub(crate) fn state(&self) -> &str {
        &self.delivery.state
    }

    fn document(&self, with_body: bool) -> Document<'_> {
        let notification = self.told.as_ref().map(|told| &told.notification);
        let body = self.told.as_ref().filter(|_| with_body);
        Document {
            row: RowDocument::new(&self.delivery, notification),
            endpoint_url: &self.url,
            source: self.told.as_ref().and_then(|told| told.source.as_deref()),
            status: notification.and_then(|told| told.status.as_deref()),
            implied: notification.is_some_and(|told| told.implied),
            occurred_at: notification.map(|told| time(told.occurred_at)),
            attempt_log: self.attempts.iter().map(AttemptDocument::from).collect(),
            attempt_log_truncated: self.attempts.len() >= ATTEMPTS_PER_DELIVERY_MAX,
            body: body.map(|told| String::from_utf8_lossy(&told.body).into_owned()),
        }
    }
}

impl<'a> From<&'a Attempt> for AttemptDocument<'a> {
    fn from(attempt: &'a Attempt) -> Self {
        let response = attempt.response.as_deref();
        Self {
            number: attempt.number,
            started_at: time(attempt.started_at),
            duration_ms: attempt.duration_ms,
            outcome: &attempt.outcome,
            http_status: attempt.http_status,
            error: attempt.error.as_deref(),
            response: response.and_then(|bytes| std::str::from_utf8(bytes).ok()),
            response_base64: response.map(|bytes| BASE64_STANDARD.encode(bytes)),
        }
    }
}

/// Prints it, with the body that is sent if that is wanted.
pub(crate) fn print(global: &Global, whole: &Whole, with_body: bool) -> Result<(), Failure> {
    let document = whole.document(with_body);
    output::print(global.json, &document, || text(&document, &whole.attempts))
}

fn text(document: &Document<'_>, attempts: &[Attempt]) -> String {
    let row = &document.row;
    let mut table = output::table(&["delivery", &row.id.to_string()]);
    table.add_row(["endpoint", &format!("{} {}", row.endpoint_id, plain(document.endpoint_url))]);
    table.add_row(["type", &plain(row.r#type)]);
    table.add_row(["webhook-id", row.webhook_id.as_deref().unwrap_or("-")]);
    table.add_row(["source", document.source.unwrap_or("-")]);
    if let (Some(sequence), Some(status)) = (row.sequence, document.status) {
        table.add_row(["says", &format!("{status}, as number {sequence} of its message")]);
    }
    let state = match (&row.due_at, &row.finished_at) {
        (_, Some(at)) => format!("{} at {at}", row.state),
        (Some(at), None) => format!("{}, due at {at}", row.state),
        (None, None) => row.state.to_owned(),
    };
    table.add_row(["state", &state]);
    table.add_row(["owed since", &row.created_at]);
    table.add_row(["attempts", &row.attempts.to_string()]);
    let mut parts = vec![table.trim_fmt()];
    parts.push(if attempts.is_empty() {
        "No attempt has ended yet.".to_owned()
    } else {
        log(document, attempts)
    });
    parts.extend(document.body.as_deref().map(plain_lines));
    parts.join("\n\n")
}

fn log(document: &Document<'_>, attempts: &[Attempt]) -> String {
    let mut table = output::table(&["attempt", "time", "took", "outcome", "status", "error", "answer"]);
    for attempt in attempts {
        table.add_row([
            attempt.number.to_string(),
            time(attempt.started_at),
            format!("{} ms", attempt.duration_ms),
            plain(&attempt.outcome),
            attempt.http_status.map_or_else(|| "-".to_owned(), |status| status.to_string()),
            attempt.error.as_deref().map_or_else(|| "-".to_owned(), plain),
            attempt.response.as_deref().map(excerpt).unwrap_or_default(),
        ]);
    }
    if document.attempt_log_truncated {
        table.add_row(["…", "and more"]);
    }
    table.trim_fmt()
}

/// The beginning of an answer on one harmless line.
fn excerpt(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut letters = line.chars();
    let shown: String = letters.by_ref().take(EXCERPT_LETTERS).collect();
    let more = if letters.next().is_some() { "…" } else { "" };
    format!("{}{more}", plain(&shown))
}

#[cfg(test)]
mod tests {
    use super::super::document::tests::{at, ended, told};
    use super::*;

    fn whole(response: Option<&[u8]>) -> Whole {
        let attempt = Attempt {
            number: 1,
            started_at: at(1),
            duration_ms: 37,
            outcome: "rejected".to_owned(),
            http_status: Some(500),
            error: None,
            response: response.map(<[u8]>::to_vec),
        };
        let body = b"{\"type\":\"message.seen\"}".to_vec();
        Whole {
            delivery: ended(5, "exhausted"),
            url: "https://example.com/hooks".to_owned(),
            told: Some(Told { notification: told(), source: Some("shop".to_owned()), body }),
            attempts: vec![attempt],
        }
    }

    #[test]
    fn an_answer_is_shown_on_one_line_and_cannot_steer_the_terminal() {
        assert_eq!(excerpt(b"<h1>\r\n no\x1b[2J \xff\n"), "<h1> no\u{FFFD}[2J \u{FFFD}");
        let long = excerpt("ä".repeat(500).as_bytes());
        assert_eq!((long.chars().count(), long.ends_with('…')), (EXCERPT_LETTERS + 1, true));
    }

    #[test]
    fn every_attempt_is_shown_and_the_body_only_if_it_is_wanted() {
        let whole = whole(Some(b"down for repairs"));
        let shown = text(&whole.document(false), &whole.attempts);
        for part in ["37 ms", "rejected", "500", "down for repairs", "opened, as number 2", "exhausted at"] {
            assert!(shown.contains(part), "{part}: {shown}");
        }
        assert!(!shown.contains("{\"type\""), "{shown}");
        assert!(text(&whole.document(true), &whole.attempts).ends_with("{\"type\":\"message.seen\"}"));
    }

    #[test]
    fn scripts_get_an_answer_as_text_where_it_is_text_and_its_bytes_always() {
        for (bytes, shown) in [(&b"no\x07"[..], Some("no\u{7}")), (b"\xff", None)] {
            let whole = whole(Some(bytes));
            let json = serde_json::to_value(whole.document(false)).unwrap();
            let attempt = &json["attempt_log"][0];
            assert_eq!(attempt["response"].as_str(), shown);
            let kept = BASE64_STANDARD.decode(attempt["response_base64"].as_str().unwrap()).unwrap();
            assert_eq!(kept, bytes);
            assert!(json["body"].is_null());
        }
        let whole = whole(None);
        let json = serde_json::to_value(whole.document(true)).unwrap();
        assert!(json["attempt_log"][0]["response"].is_null());
        assert_eq!(
            (json["body"].as_str(), json["source"].as_str()),
            (Some("{\"type\":\"message.seen\"}"), Some("shop"))
        );
    }
}
