//! A request as it goes over the wire (RFC 9112), and header lines alone.

use super::super::body;
use super::super::saved::{HEADERS_MAX, Saved};
use super::Unreadable;

/// Whether a text begins with a request line.
pub(super) fn is_request(text: &[u8]) -> bool {
    let first = text.trim_ascii_start().split(|byte| *byte == b'\n').next().unwrap_or_default();
    let first = first.trim_ascii_end();
    first.ends_with(b" HTTP/1.1") || first.ends_with(b" HTTP/1.0")
}

/// Reads the request. What its head says of its length counts, where the body is long enough; chunks are joined.
pub(super) fn request(text: &[u8]) -> Result<Saved, Unreadable> {
    let text = text.trim_ascii_start();
    let (head, rest) = split(text).ok_or("has no empty line between its head and its body")?;
    let mut saved = Saved { headers: headers(head)?, body: rest.to_vec() };
    let chunked = saved.values(|name| name.eq_ignore_ascii_case("transfer-encoding")).concat();
    if chunked.to_ascii_lowercase().contains("chunked") {
        if let Some(joined) = body::dechunk(rest) {
            saved.body = joined;
        }
    } else if let Some(announced) = saved.announced() {
        saved.body.truncate(announced);
    }
    Ok(saved)
}

/// What is before the first empty line, and what follows it.
fn split(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut at = 0;
    loop {
        let rest = text.get(at..)?;
        let length = rest.iter().position(|byte| *byte == b'\n')? + 1;
        if matches!(rest.get(..length)?, b"\n" | b"\r\n") {
            return Some((text.get(..at)?, rest.get(length..)?));
        }
        at += length;
    }
}

/// Reads header lines; a request or status line before them is passed over.
pub(super) fn headers(text: &[u8]) -> Result<Vec<(String, String)>, Unreadable> {
    let text = String::from_utf8_lossy(text);
    let mut headers: Vec<(String, String)> = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let first = number == 0 && (line.contains(" HTTP/1.") || line.starts_with("HTTP/"));
        if line.trim().is_empty() || first {
            continue;
        }
        if headers.len() == HEADERS_MAX {
            return Err(format!("has more than {HEADERS_MAX} header lines"));
        }
        headers
            .push(header(line).ok_or_else(|| format!("has the line `{}`, which is no header", cut(line)))?);
    }
    Ok(headers)
}

/// `Name: value`, without the white space that HTTP allows around the value.
pub(super) fn header(line: &str) -> Option<(String, String)> {
    let (name, value) = line.split_once(':')?;
    let name = name.trim();
    let is_name = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_graphic());
    is_name.then(|| (name.to_owned(), value.trim_matches([' ', '\t', '\r']).to_owned()))
}

/// The beginning of a line: the rest may be a body.
fn cut(line: &str) -> String {
    line.chars().take(40).collect()
}
