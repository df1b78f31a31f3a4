//! What can be said of a request for which no explanation was found: what is missing, and what cannot be undone.

use super::body::{self, Damage};
use super::diagnose::{Diagnosis, Extent};
use super::header::{self, Presence};
use super::mistake::Mistake;
use super::saved::Saved;
use super::token::Token;
use wire::signature::{HEADER_SIGNATURE, HEADER_TIMESTAMP};

/// U+FFFD in UTF-8, and as JSON escapes it.
const REPLACEMENTS: [&[u8]; 3] = [b"\xEF\xBF\xBD", b"\\ufffd", b"\\uFFFD"];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hint {
    TokenMissing,
    SignatureMissing,
    TimestampMissing,
    HeadersUnreadable,
    EmptyBody,
    CutShort,
    NotJson,
    LengthDiffers { announced: usize, found: usize },
    LossyText,
    NotEverythingTried,
    OtherKeyLikely,
}

/// Everything that stands out, the surest first; at least one.
pub(super) fn hints(saved: &Saved, diagnosis: &Diagnosis, token: Token) -> Vec<Hint> {
    let absent = |name| header::presence(saved, name) == Presence::Absent;
    let (signature, timestamp) = (absent(HEADER_SIGNATURE), absent(HEADER_TIMESTAMP));
    let mut hints = Vec::new();
    let mut add = |applies: bool, hint| hints.extend(applies.then_some(hint));
    add(signature, Hint::SignatureMissing);
    add(timestamp, Hint::TimestampMissing);
    add(!signature && !timestamp && header::readings(saved).is_empty(), Hint::HeadersUnreadable);
    let (found, announced) = (saved.body.len(), saved.announced());
    add(saved.body.is_empty(), Hint::EmptyBody);
    if let Some(announced) = announced.filter(|announced| *announced != found) {
        add(true, Hint::LengthDiffers { announced, found });
    }
    if !saved.body.is_empty() {
        let damage = body::damage(&saved.body);
        add(damage == Damage::CutShort, Hint::CutShort);
        add(damage == Damage::NotJson, Hint::NotJson);
    }
    let holds = |part: &[u8]| saved.body.windows(part.len()).any(|window| window == part);
    add(REPLACEMENTS.iter().any(|part| holds(part)), Hint::LossyText);
    add(diagnosis.work.extent == Extent::Bounded, Hint::NotEverythingTried);
    if hints.is_empty() {
        hints.push(Hint::OtherKeyLikely);
    }
    if token == Token::Missing {
        // Says nothing of why the signature is not right; ingest looks for it first.
        hints.insert(0, Hint::TokenMissing);
    }
    hints
}

impl Hint {
    /// For scripts; never renamed.
    pub(super) fn code(self) -> &'static str {
        match self {
            Self::TokenMissing => Mistake::TokenMissing.row().code,
            Self::SignatureMissing => "signature_missing",
            Self::TimestampMissing => "timestamp_missing",
            Self::HeadersUnreadable => "headers_unreadable",
            Self::EmptyBody => "empty_body",
            Self::CutShort => "cut_short",
            Self::NotJson => "not_json",
            Self::LengthDiffers { .. } => "length_differs",
            Self::LossyText => "lossy_text",
            Self::NotEverythingTried => "not_everything_tried",
            Self::OtherKeyLikely => "other_key_likely",
        }
    }

    /// As a sentence without its full stop.
    pub(super) fn what(self) -> String {
        match self {
            Self::TokenMissing => Mistake::TokenMissing.row().what.to_owned(),
            Self::SignatureMissing => format!(
                "there is no {HEADER_SIGNATURE}: is Signature Verification switched on for this webhook, and does the \
                 proxy pass the header on?"
            ),
            Self::TimestampMissing => format!(
                "there is no {HEADER_TIMESTAMP}, which is part of what is signed: without it nothing can be verified"
            ),
            Self::HeadersUnreadable => "the headers hold no timestamp of ten digits and no signature in any form that \
                 is known: nothing can be verified"
                .to_owned(),
            Self::EmptyBody => "the body is empty: it was consumed before, or not saved".to_owned(),
            Self::CutShort => "the body ends before its JSON does: it was cut off".to_owned(),
            Self::NotJson => "the body is no JSON, in no packing that is known".to_owned(),
            Self::LengthDiffers { announced, found } => {
                format!("Content-Length announced {announced} bytes and the body has {found}")
            }
            Self::LossyText => "the body holds U+FFFD replacement characters: bytes were decoded as text and lost on \
                 the way, which cannot be undone; take the raw bytes"
                .to_owned(),
            Self::NotEverythingTried => {
                "not everything was tried: the bounds on work were reached; give the source's own key alone".to_owned()
            }
            Self::OtherKeyLikely => "most likely it was signed with a key that is not known here: compare the \
                 Verification Key that SendGrid shows for this very webhook. Otherwise something was lost that \
                 cannot be undone: repeated keys, the digits of large numbers, an order of keys that was nobody's"
                .to_owned(),
        }
    }
}
