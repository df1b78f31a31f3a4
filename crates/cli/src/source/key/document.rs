//! Keys as people and scripts read them. In JSON, keys may be added, never renamed or removed.

use crate::output::{self, plain, time};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::Serialize;
use store::source::Source;
use store::source::key::{KeyState, SourceKey};

/// All keys on P-256 begin alike: people compare their ends.
const SHOWN_END: usize = 12;

#[derive(Debug, Serialize)]
pub(in super::super) struct KeyDocument<'a> {
    pub id: i32,
    pub sha256: &'a str,
    pub label: Option<&'a str>,
    /// `active`, `retiring` or `retired`.
    pub state: &'static str,
    /// Base64, as SendGrid shows it.
    pub public_key: String,
    pub created_at: String,
    /// From then on it verifies nothing; null: no end is known.
    pub retires_at: Option<String>,
}

impl<'a> From<&'a SourceKey> for KeyDocument<'a> {
    fn from(key: &'a SourceKey) -> Self {
        Self {
            id: key.id,
            sha256: &key.sha256,
            label: key.label.as_deref(),
            state: key.state.as_str(),
            public_key: BASE64.encode(&key.spki),
            created_at: time(key.created_at),
            retires_at: key.retires_at.map(time),
        }
    }
}

impl KeyDocument<'_> {
    /// State and end in a few words.
    fn standing(&self) -> String {
        match (self.state, &self.retires_at) {
            ("retiring", Some(end)) => format!("retiring, until {end}"),
            ("retired", Some(end)) => format!("retired since {end}"),
            (state, _) => state.to_owned(),
        }
    }

    /// The last characters of its base64.
    fn end(&self) -> String {
        let end = self.public_key.len().saturating_sub(SHOWN_END);
        format!("…{}", self.public_key.get(end..).unwrap_or_default())
    }
}

/// What a command did to a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Outcome {
    Added,
    /// It was retiring or retired.
    ActiveAgain,
    /// It was given an end, or an earlier one.
    EndSet,
    Unchanged,
}

#[derive(Debug, Serialize)]
pub(super) struct Outcomes<'a> {
    pub source: &'a str,
    pub outcome: Outcome,
    #[serde(flatten)]
    pub key: KeyDocument<'a>,
}

impl Outcomes<'_> {
    pub(super) fn text(&self) -> String {
        let (id, source, sha256) = (self.key.id, self.source, self.key.sha256);
        let named = match self.key.label {
            Some(label) => format!("Key {id} ({})", plain(label)),
            None => format!("Key {id}"),
        };
        let said = match self.outcome {
            Outcome::Added => format!("{named} of source `{source}` is active."),
            Outcome::ActiveAgain => format!("{named} of source `{source}` is active again."),
            Outcome::EndSet => format!("{named} of source `{source}` is {}.", self.key.standing()),
            Outcome::Unchanged => {
                let standing = self.key.standing();
                return format!(
                    "{named} of source `{source}` was so already: {standing}.\n  sha256 {sha256}"
                );
            }
        };
        format!("{said} Ingest follows within its refresh, 5 s by default.\n  sha256 {sha256}")
    }
}

pub(super) fn table(keys: &[KeyDocument<'_>]) -> String {
    let mut table = output::table(&["id", "label", "state", "added", "key", "sha256"]);
    for key in keys {
        table.add_row([
            key.id.to_string(),
            key.label.map(plain).unwrap_or_default(),
            key.standing(),
            key.created_at.clone(),
            key.end(),
            key.sha256.to_owned(),
        ]);
    }
    table.trim_fmt()
}

/// What has to be said of a source that will soon believe nobody.
pub(super) fn warning(source: &Source, keys: &[SourceKey]) -> Option<String> {
    if !source.signed || keys.iter().any(|key| key.state == KeyState::Active) {
        return None;
    }
    let retiring = keys.iter().filter(|key| key.state == KeyState::Retiring);
    let from = match retiring.filter_map(|key| key.retires_at).max() {
        Some(end) => format!("From {} on every", time(end)),
        None => "Every".to_owned(),
    };
    Some(format!(
        "WARNING: no key of source `{}` is active. {from} request is answered 403, and what SendGrid could not bring within \
         24 hours is lost.",
        source.name
    ))
}
