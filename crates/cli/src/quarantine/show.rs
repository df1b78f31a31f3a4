//! One quarantined row with the whole of what was received.

use super::document::{RowDocument, place, state};
use crate::args::QuarantineShow;
use crate::database;
use crate::failure::Failure;
use crate::output::{self, plain, plain_lines, time};
use crate::settings::Global;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde::Serialize;
use store::look::{self, Quarantined};

#[derive(Serialize)]
struct Document<'a> {
    #[serde(flatten)]
    row: RowDocument<'a>,
    /// Null: not UTF-8.
    raw: Option<&'a str>,
    raw_base64: String,
}

pub(crate) async fn show(global: &Global, args: &QuarantineShow) -> Result<(), Failure> {
    let client = database::operator(global).await?;
    let bytes = look::quarantined_bytes(&client, args.id).await?;
    let row = look::quarantine_of(&client, &[args.id]).await?.pop();
    let (Some(row), Some(bytes)) = (row, bytes) else {
        return Err(Failure::not_found(format!("nothing was ever quarantined as {}", args.id))
            .next("see `sendstate quarantine list --state any`"));
    };
    if args.raw {
        return output::bytes(&bytes);
    }
    let document = Document {
        row: RowDocument::from(&row),
        raw: std::str::from_utf8(&bytes).ok(),
        raw_base64: BASE64_STANDARD.encode(&bytes),
    };
    output::print(global.json, &document, || text(&row, &bytes))
}

fn text(row: &Quarantined, bytes: &[u8]) -> String {
    let mut table = output::table(&["quarantined", &row.id.to_string()]);
    table.add_row(["batch", &row.batch_id.to_string()]);
    table.add_row(["element", &place(row)]);
    table.add_row(["source", row.source.as_deref().unwrap_or("-")]);
    table.add_row(["received at", &time(row.received_at)]);
    table.add_row(["state", &state(row)]);
    if let Some(at) = row.settled_at {
        table.add_row(["settled at", &time(at)]);
    }
    table.add_row(["reason", &plain(&row.reason)]);
    table.add_row(["detail", &plain(&row.detail)]);
    if let Some(refusal) = &row.last_refusal {
        table.add_row(["last refusal", &plain(refusal)]);
    }
    table.add_row(["bytes", &row.bytes.to_string()]);
    let read = String::from_utf8_lossy(bytes);
    format!("{}\n\n{}", table.trim_fmt(), plain_lines(&read))
}

#[cfg(test)]
mod tests {
    use super::super::document::tests::held;
    use super::*;

    #[test]
    fn what_was_received_is_shown_whole_and_harmless() {
        let shown = text(&held(17), b"<p>\r\n\x1b]0;owned\x07 \xff</p>\n");
        assert!(shown.ends_with("\n\n<p>\n\u{FFFD}]0;owned\u{FFFD} \u{FFFD}</p>"), "{shown}");
        assert!(shown.contains("bad_timestamp"), "{shown}");
    }

    #[test]
    fn the_first_cause_and_the_last_refusal_are_told_apart() {
        assert!(!text(&held(17), b"").contains("last refusal"));
        let row = Quarantined { last_refusal: Some("not_an_object: \u{1b}[2J".to_owned()), ..held(17) };
        let shown = text(&row, b"");
        assert!(shown.contains("bad_timestamp") && shown.contains("not_an_object: \u{FFFD}[2J"), "{shown}");
    }

    #[test]
    fn scripts_get_text_where_it_is_text_and_the_bytes_always() {
        for (bytes, raw) in [(&b"[\"\xc3\xa9\"]"[..], Some("[\"é\"]")), (b"\xff", None)] {
            let row = held(17);
            let document = Document {
                row: RowDocument::from(&row),
                raw: std::str::from_utf8(bytes).ok(),
                raw_base64: BASE64_STANDARD.encode(bytes),
            };
            let json = serde_json::to_value(&document).unwrap();
            assert_eq!((json["raw"].as_str(), json["id"].as_i64()), (raw, Some(17)));
            assert_eq!(BASE64_STANDARD.decode(json["raw_base64"].as_str().unwrap()).unwrap(), bytes);
        }
    }
}
