//! Which key is meant: by its number, or by how its SHA-256 begins.

use crate::failure::Failure;
use crate::output;
use store::source::key::SourceKey;

/// Fewer digits could be met by chance, and would look like a number.
const PREFIX_MIN: usize = 6;

/// The one key that `text` names.
pub(super) fn one<'a>(keys: &'a [SourceKey], source: &str, text: &str) -> Result<&'a SourceKey, Failure> {
    let text = text.trim();
    let id = text.parse::<i32>().ok();
    let prefix = text.to_ascii_lowercase();
    let is_prefix = text.len() >= PREFIX_MIN;
    let meant: Vec<&SourceKey> = keys
        .iter()
        .filter(|key| Some(key.id) == id || (is_prefix && key.sha256.starts_with(&prefix)))
        .collect();
    match *meant.as_slice() {
        [key] => Ok(key),
        [] if !is_prefix && id.is_none() => Err(Failure::usage(format!(
            "`{}` names no key: give its number, or at least {PREFIX_MIN} digits that its sha256 begins with",
            output::plain(text)
        ))
        .next(format!("see `sendstate source key list {source}`"))),
        [] => Err(unknown(source, text)),
        _ => {
            let ids: Vec<String> = meant.iter().map(|key| key.id.to_string()).collect();
            Err(Failure::usage(format!(
                "`{}` may be any of the keys {}",
                output::plain(text),
                ids.join(", ")
            ))
            .next("give more digits of the sha256"))
        }
    }
}

pub(super) fn unknown(source: &str, text: &str) -> Failure {
    Failure::not_found(format!("source `{source}` has no key `{}`", output::plain(text)))
        .next(format!("see `sendstate source key list {source}`"))
}
