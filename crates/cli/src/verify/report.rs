//! What is told of a diagnosis: one document, or a text.

use super::diagnose::{Extent, Found, Work};
use super::hint::Hint;
use super::keys::Known;
use super::mistake::Mistake;
use super::token::Token;
use crate::output::{plain, time};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use wire::signature;

/// Everything that a report is made of.
pub(super) struct Findings<'a> {
    pub found: Option<&'a Found>,
    /// The mistakes of what was found, and what its age has against it.
    pub mistakes: &'a [Mistake],
    pub hints: &'a [Hint],
    pub known: &'a [Known],
    pub token: Token,
    pub work: Work,
    pub body_bytes: usize,
    /// When it was received, if that was said.
    pub at: Option<Timestamp>,
    pub age_max: SignedDuration,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Verdict {
    Verified,
    /// It would verify without the mistakes.
    Explained,
    Unexplained,
}

#[derive(Serialize)]
pub(super) struct Document<'a> {
    verified: bool,
    verdict: Verdict,
    mistakes: Vec<MistakeDocument>,
    hints: Vec<HintDocument>,
    key: Option<KeyDocument<'a>>,
    signed_at: Option<String>,
    /// Seconds from the signature to `--at`; null without that, or without a right signature.
    age_s: Option<i64>,
    max_age_s: i64,
    body_bytes: usize,
    /// Null: without a source that asks for tokens.
    oauth: Option<OauthDocument>,
    tried: Tried,
}

#[derive(Serialize)]
struct OauthDocument {
    /// `present` or `missing`.
    token: &'static str,
    /// Whether the token was checked, too: only ingest can.
    checked: bool,
}

#[derive(Serialize)]
struct MistakeDocument {
    code: &'static str,
    origin: &'static str,
    what: &'static str,
    remedy: &'static str,
}

#[derive(Serialize)]
struct HintDocument {
    code: &'static str,
    what: String,
}

#[derive(Serialize)]
struct KeyDocument<'a> {
    sha256: String,
    /// Null, with id, label and state, for a key of the command line that no source of the database has.
    source: Option<&'a str>,
    id: Option<i32>,
    label: Option<&'a str>,
    state: Option<&'static str>,
}

#[derive(Serialize)]
struct Tried {
    bodies: u64,
    verifications: u64,
    everything: bool,
}

impl Findings<'_> {
    pub(super) fn verdict(&self) -> Verdict {
        match self.found {
            Some(_) if self.mistakes.is_empty() => Verdict::Verified,
            Some(_) => Verdict::Explained,
            None => Verdict::Unexplained,
        }
    }

    pub(super) fn document(&self) -> Document<'_> {
        let told = |mistake: &Mistake| {
            let row = mistake.row();
            let (origin, remedy) = (row.origin.as_str(), row.origin.remedy());
            MistakeDocument { code: row.code, origin, what: row.what, remedy }
        };
        let hint = |hint: &Hint| HintDocument { code: hint.code(), what: hint.what() };
        Document {
            verified: self.verdict() == Verdict::Verified,
            verdict: self.verdict(),
            mistakes: self.mistakes.iter().map(told).collect(),
            hints: self.hints.iter().map(hint).collect(),
            key: self.key().map(|known| KeyDocument {
                sha256: known.key.fingerprint(),
                source: known.stored.as_ref().map(|place| place.source.as_str()),
                id: known.stored.as_ref().map(|place| place.id),
                label: known.stored.as_ref().and_then(|place| place.label.as_deref()),
                state: known.stored.as_ref().map(|place| place.state.as_str()),
            }),
            signed_at: self.signed_at().map(time),
            age_s: self.age().map(|age| age.as_secs()),
            max_age_s: self.age_max.as_secs(),
            body_bytes: self.body_bytes,
            oauth: match self.token {
                Token::NotAsked => None,
                Token::Present => Some(OauthDocument { token: "present", checked: false }),
                Token::Missing => Some(OauthDocument { token: "missing", checked: false }),
            },
            tried: Tried {
                bodies: self.work.bodies,
                verifications: self.work.verifications,
                everything: self.work.extent == Extent::Whole,
            },
        }
    }

    fn key(&self) -> Option<&Known> {
        self.known.get(self.found?.key)
    }

    fn signed_at(&self) -> Option<Timestamp> {
        Timestamp::from_second(signature::signed_at(self.found?.timestamp.as_bytes())?).ok()
    }

    fn age(&self) -> Option<SignedDuration> {
        signature::age(self.found?.timestamp.as_bytes(), self.at?)
    }

    pub(super) fn text(&self) -> String {
        let mut lines = vec![match self.verdict() {
            Verdict::Verified => "It verifies.".to_owned(),
            Verdict::Explained => "It does not verify. It would, had this not happened:".to_owned(),
            Verdict::Unexplained => "It does not verify, and nothing that was tried explains it.".to_owned(),
        }];
        lines.extend(
            self.mistakes.iter().map(|mistake| format!("  {} ({})", mistake.row().what, mistake.row().code)),
        );
        lines.extend(self.hints.iter().map(|hint| format!("  {} ({})", hint.what(), hint.code())));
        let mut remedies: Vec<&str> =
            self.mistakes.iter().map(|mistake| mistake.row().origin.remedy()).collect();
        remedies.sort_unstable();
        remedies.dedup();
        if !remedies.is_empty() {
            lines.push("What to do:".to_owned());
            lines.extend(remedies.iter().map(|remedy| format!("  {remedy}")));
        }
        lines.extend(self.signed());
        if self.token == Token::Present {
            lines.push(
                "It carries an OAuth token, as the source asks; only ingest can say whether it is good."
                    .to_owned(),
            );
        }
        lines.push(format!(
            "Bodies tried: {}; verifications: {}{}.",
            self.work.bodies,
            self.work.verifications,
            if self.work.extent == Extent::Whole { "" } else { "; not everything was tried" }
        ));
        lines.join("\n")
    }

    /// When it was signed and with which key.
    fn signed(&self) -> Option<String> {
        let known = self.key()?;
        let place = match &known.stored {
            Some(place) => {
                format!("key {} ({}) of source `{}`", place.id, place.state.as_str(), plain(&place.source))
            }
            None => "the given key".to_owned(),
        };
        let age = match self.age() {
            Some(age) if age.is_negative() => format!(", {:#} after it was received", age.abs()),
            Some(age) => format!(", {age:#} before it was received (at most {:#})", self.age_max),
            None => "; whether it came in time is checked with --at".to_owned(),
        };
        let at = self.signed_at().map(time).unwrap_or_default();
        Some(format!("Signed {at} with {place}, SHA-256 {}{age}.", known.key.fingerprint()))
    }
}
