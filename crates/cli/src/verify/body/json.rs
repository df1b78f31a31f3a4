//! JSON that was parsed and written again: candidates for how SendGrid had written it.
//!
//! SendGrid writes events without white space and joins them by `,` CR LF; everything else is tried: the keys as they
//! are, sorted (as in real traffic) and in the order of the reference (as in SendGrid's test), and each way of escaping.
//! Numbers stay as they are written; what a parser has rounded, and repeated keys that it dropped, are gone.

mod difference;
mod tree;

use super::super::mistake::Mistake;
use tree::{Escapes, Order, Strings, Style, Tree};

/// What stands between events, and after the last.
const JOINTS: [(&str, &str); 4] = [(",\r\n", "\r\n"), (",", ""), (",\n", "\n"), (",", "\r\n")];

const ORDERS: [Order; 3] = [Order::Kept, Order::Sorted, Order::Documented];

/// Whether a body is JSON at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Damage {
    None,
    /// It ends before its end.
    CutShort,
    NotJson,
}

pub(in super::super) fn damage(body: &[u8]) -> Damage {
    match serde_json::from_slice::<serde::de::IgnoredAny>(body) {
        Ok(_) => Damage::None,
        Err(error) if error.is_eof() => Damage::CutShort,
        Err(_) => Damage::NotJson,
    }
}

/// As [`super::search`], for JSON alone.
pub(super) fn search<T>(
    body: &[u8],
    attempt: &mut impl FnMut(&[u8]) -> Option<T>,
) -> Option<(Vec<Mistake>, T)> {
    let received = std::str::from_utf8(body).ok()?;
    let tree = Tree::parse(received)?;
    for strings in strings() {
        for order in ORDERS {
            for joint in JOINTS {
                let style = Style { order, strings, joint };
                let candidate = tree.write(style);
                if let Some(found) = attempt(candidate.as_bytes()) {
                    return Some((difference::mistakes(received, &tree, style, &candidate), found));
                }
            }
        }
    }
    None
}

/// The strings as they are, then in every way to write them.
fn strings() -> impl Iterator<Item = Strings> {
    let ways = (0..8).map(|bits| {
        Strings::Written(Escapes { markup: bits & 1 != 0, non_ascii: bits & 2 != 0, slashes: bits & 4 != 0 })
    });
    std::iter::once(Strings::Kept).chain(ways)
}
