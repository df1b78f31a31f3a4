//! Cuts a body into its raw elements by structure alone: brackets, commas and strings.
//!
//! Deliberately more tolerant than JSON, so that whatever is wrong *inside* one element (a broken escape, a raw
//! control character, mismatched brackets) stays that element's own problem. Of an element only the kind of bracket
//! that opened it is counted, which finds its end in anything that is JSON and in much that is not: constant memory
//! and no recursion at any depth. Only a string, an element or an array that does not end takes its neighbours with
//! it: where the next one begins would be a guess, and the text of a remote server might have been written for it.

use super::{MAX_ELEMENTS, QuarantineReason, Unreadable, json};

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// The raw elements, without the white space around them. A bare object is the one element of its batch.
///
/// At most [`MAX_ELEMENTS`] slices are ever collected: the cut stops at the first one too many.
pub(super) fn cut(body: &[u8]) -> Result<Vec<&[u8]>, Unreadable> {
    let body = trim(body.strip_prefix(BYTE_ORDER_MARK).unwrap_or(body));
    match body.first() {
        Some(b'[') => array(body),
        Some(b'{') => object(body),
        _ => Err(match json::whole(body) {
            Ok(value) => Unreadable::new(QuarantineReason::NotAnArray, format!("the body is {value}")),
            Err(malformed) => Unreadable::new(QuarantineReason::NotJson, malformed.to_string()),
        }),
    }
}

fn array(body: &[u8]) -> Result<Vec<&[u8]>, Unreadable> {
    let mut elements = Vec::new();
    let mut open = Open::default();
    let mut start = 1;
    for (at, mark) in (Marks { bytes: body, at: start }) {
        if open.takes(mark) {
            continue;
        }
        let raw = trim(&body[start..at]);
        let empty = mark == b']' && elements.is_empty() && raw.is_empty();
        if !empty {
            if elements.len() == MAX_ELEMENTS {
                let detail = format!("more than {MAX_ELEMENTS} elements");
                return Err(Unreadable::new(QuarantineReason::TooManyElements, detail));
            }
            elements.push(raw);
        }
        start = at + 1;
        if mark == b']' {
            return if trim(&body[start..]).is_empty() {
                Ok(elements)
            } else {
                Err(broken(format!("something follows the array at byte {start}")))
            };
        }
    }
    Err(broken("the array does not end".to_owned()))
}

fn object(body: &[u8]) -> Result<Vec<&[u8]>, Unreadable> {
    let mut open = Open::default();
    for (at, mark) in (Marks { bytes: body, at: 0 }) {
        if open.takes(mark) && open.depth == 0 {
            let (element, rest) = body.split_at(at + 1);
            return if trim(rest).is_empty() {
                Ok(vec![element])
            } else {
                Err(broken(format!("something follows the object at byte {}", at + 1)))
            };
        }
    }
    Err(broken("the object does not end".to_owned()))
}

/// How many brackets are open of the kind that came first.
#[derive(Default)]
struct Open {
    depth: usize,
    brace: bool,
}

impl Open {
    /// Whether the mark lies inside an element or opens or closes one, rather than standing between elements.
    fn takes(&mut self, mark: u8) -> bool {
        let brace = matches!(mark, b'{' | b'}');
        match mark {
            b'{' | b'[' if self.depth == 0 => *self = Self { depth: 1, brace },
            b'{' | b'[' if brace == self.brace => self.depth += 1,
            b'}' | b']' if self.depth > 0 && brace == self.brace => self.depth -= 1,
            // A brace that closes nothing is part of whatever odd thing it stands in.
            b'}' => {}
            _ => return self.depth > 0,
        }
        true
    }
}

fn broken(detail: String) -> Unreadable {
    Unreadable::new(QuarantineReason::NotJson, detail)
}

/// Without the four bytes that JSON calls white space, at both ends.
fn trim(bytes: &[u8]) -> &[u8] {
    let Some(start) = bytes.iter().position(|byte| !json::is_space(*byte)) else { return &[] };
    let end = bytes.iter().rposition(|byte| !json::is_space(*byte)).map_or(start, |last| last + 1);
    &bytes[start..end]
}

/// The brackets and commas outside of strings, in order. An unterminated string ends them.
struct Marks<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Iterator for Marks<'_> {
    type Item = (usize, u8);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let at = self.at;
            let byte = *self.bytes.get(at)?;
            self.at += 1;
            match byte {
                b'{' | b'}' | b'[' | b']' | b',' => return Some((at, byte)),
                b'"' => self.at = json::end_of_text(self.bytes, self.at)?.at + 1,
                _ => {}
            }
        }
    }
}
