//! Suppression lists, page by page.

use super::account::Book;
use super::routes::{Reply, Request};
use serde_json::{Value, json};

const LISTS: [&str; 5] = ["bounces", "blocks", "invalid_emails", "spam_reports", "unsubscribes"];
const PAGE_MAX: usize = 500;

pub(super) fn list(book: &Book, list: &str, request: &Request) -> Reply {
    if !LISTS.contains(&list) {
        return Reply::usual(404);
    }
    let number = |name: &str, default: i64| match request.query.get(name) {
        None => Ok(default),
        Some(text) => text.parse().map_err(|_| Reply::bad(format!("{name} should be an integer"))),
    };
    let read = || {
        let limit = number("limit", 500)?;
        let offset = number("offset", 0)?;
        let (first, last) = (number("start_time", 0)?, number("end_time", i64::MAX)?);
        Ok::<_, Reply>((usize::try_from(limit), usize::try_from(offset), first..=last))
    };
    let (limit, offset, span) = match read() {
        Err(refusal) => return refusal,
        Ok((Ok(limit), Ok(offset), span)) if (1..=PAGE_MAX).contains(&limit) => (limit, offset, span),
        Ok(_) => return Reply::bad("limit and offset are out of range"),
    };
    let rows = book.suppressed.get(list).map(Vec::as_slice).unwrap_or_default();
    let within = rows.iter().filter(|row| span.contains(&row["created"].as_i64().unwrap_or_default()));
    let page: Vec<&Value> = within.skip(offset).take(limit).collect();
    Reply::json(200, json!(page))
}
