//! The ten digits that a timestamp header said before it was changed.

use super::super::mistake::Mistake;
use super::{percent_decoded, unquoted};

const DIGITS: usize = 10;
const MILLISECOND_DIGITS: usize = 13;

/// The ten digits, and what had to be undone to come to them.
pub(super) fn read(text: &str) -> Option<(String, Vec<Mistake>)> {
    let (mut text, mut mistakes) = (text.to_owned(), Vec::new());
    if let Some(decoded) = percent_decoded(&text) {
        mistakes.push(Mistake::TimestampEncoded);
        text = decoded;
    }
    if let Some(within) = unquoted(&text) {
        mistakes.push(Mistake::TimestampQuoted);
        text = within.to_owned();
    }
    let compact: String = text.chars().filter(|letter| !letter.is_whitespace()).collect();
    if compact != text {
        mistakes.push(Mistake::TimestampSpaced);
        text = compact;
    }
    if let Some((whole, fraction)) = text.split_once('.') {
        if !digits(fraction) {
            return None;
        }
        mistakes.push(Mistake::TimestampFraction);
        text = whole.to_owned();
    }
    if text.len() == MILLISECOND_DIGITS && digits(&text) {
        mistakes.push(Mistake::TimestampMilliseconds);
        text.truncate(DIGITS);
    }
    (text.len() == DIGITS && digits(&text)).then_some((text, mistakes))
}

fn digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}
