//! What a body may have been before somebody changed it: every candidate that undoing common mistakes leads to, those
//! with the fewest undone first, each once.
//!
//! Candidates are made one at a time, so memory is bounded by a few bodies. Which of several ways to the same bytes is
//! named depends on this order alone; that the right bytes are found does not, since only one text verifies.

mod charset;
mod json;
mod lines;
mod packing;

pub(super) use json::{Damage, damage};
pub(super) use packing::{Plus, dechunk, percent_decode};

use super::mistake::Mistake;
use super::saved::BODY_BYTES_MAX;
use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

/// Packings and encodings that are undone one after the other.
const UNDONE_IN_A_ROW_MAX: usize = 3;

/// Bodies that undoing packings and encodings may lead to.
const BASES_MAX: usize = 16;

/// A body with a packing or an encoding undone.
#[derive(Clone, Debug)]
struct Base {
    bytes: Vec<u8>,
    mistakes: Vec<Mistake>,
}

/// Hands candidates other than the body itself to `attempt` until it returns something; with the mistakes that lead there.
pub(super) fn search<T>(
    body: &[u8],
    mut attempt: impl FnMut(&[u8]) -> Option<T>,
) -> Option<(Vec<Mistake>, T)> {
    let mut seen = HashSet::from([mark(body)]);
    let mut once = |candidate: &[u8]| if seen.insert(mark(candidate)) { attempt(candidate) } else { None };
    let bases = bases(body);
    for base in &bases {
        if let Some((of_lines, found)) = lines::search(&base.bytes, &mut once) {
            return Some(([base.mistakes.as_slice(), &of_lines].concat(), found));
        }
    }
    for base in &bases {
        if let Some((of_json, found)) = json::search(&base.bytes, &mut once) {
            return Some(([base.mistakes.as_slice(), &of_json].concat(), found));
        }
    }
    None
}

/// By what a candidate is known again. Two of one length and hash would count as one, once in 10¹⁹ times.
fn mark(candidate: &[u8]) -> (usize, u64) {
    let mut hash = DefaultHasher::new();
    candidate.hash(&mut hash);
    (candidate.len(), hash.finish())
}

/// The body, and what undoing packings and encodings makes of it, in the order of how many are undone.
fn bases(body: &[u8]) -> Vec<Base> {
    let mut bases = vec![Base { bytes: body.to_vec(), mistakes: Vec::new() }];
    let mut from = 0;
    for _ in 0..UNDONE_IN_A_ROW_MAX {
        let level = from..bases.len();
        from = level.end;
        for position in level {
            for (bytes, mistake) in undone(&bases[position].bytes) {
                let known = bases.iter().any(|base| base.bytes == bytes);
                if !known && bytes.len() <= BODY_BYTES_MAX && bases.len() < BASES_MAX {
                    let mistakes = [bases[position].mistakes.as_slice(), &[mistake]].concat();
                    bases.push(Base { bytes, mistakes });
                }
            }
        }
    }
    bases
}

fn undone(bytes: &[u8]) -> Vec<(Vec<u8>, Mistake)> {
    let mut found = packing::undone(bytes);
    found.extend(charset::undone(bytes));
    found
}
