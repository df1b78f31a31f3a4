//! Why something could not be read. The names are stored with the quarantined bytes and must not change.

use super::json::Malformed;
use std::fmt;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum QuarantineReason {
    /// The body, or this element, is not JSON.
    NotJson,
    /// The body is JSON, but neither an array nor an object.
    NotAnArray,
    /// The body has more than [`MAX_ELEMENTS`](super::MAX_ELEMENTS).
    TooManyElements,
    /// The element is JSON, but not an object.
    NotAnObject,
    /// A field of the element nests arrays or objects deeper than 64 levels.
    TooDeep,
    /// The element, or its `unique_args`, has more than [`MAX_FIELDS`](super::MAX_FIELDS).
    TooManyFields,
    /// `event` is absent, empty or not a string.
    MissingEvent,
    /// `timestamp` is absent, null or empty.
    MissingTimestamp,
    /// `timestamp` is not a number, before 2009, or more than a day after the body was received.
    BadTimestamp,
    /// The event names nobody: it has neither `email` nor `sg_message_id`, and its kind needs one of them.
    MissingEmail,
}

impl QuarantineReason {
    pub const ALL: [Self; 10] = [
        Self::NotJson,
        Self::NotAnArray,
        Self::TooManyElements,
        Self::NotAnObject,
        Self::TooDeep,
        Self::TooManyFields,
        Self::MissingEvent,
        Self::MissingTimestamp,
        Self::BadTimestamp,
        Self::MissingEmail,
    ];

    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NotJson => "not_json",
            Self::NotAnArray => "not_an_array",
            Self::TooManyElements => "too_many_elements",
            Self::NotAnObject => "not_an_object",
            Self::TooDeep => "too_deep",
            Self::TooManyFields => "too_many_fields",
            Self::MissingEvent => "missing_event",
            Self::MissingTimestamp => "missing_timestamp",
            Self::BadTimestamp => "bad_timestamp",
            Self::MissingEmail => "missing_email",
        }
    }
}

/// A reason, and what exactly was found, for the person who looks at the quarantine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreadable {
    pub reason: QuarantineReason,
    /// At most a few hundred bytes. Quotes nothing of the input but a `timestamp`.
    pub detail: String,
}

impl Unreadable {
    pub(super) const fn new(reason: QuarantineReason, detail: String) -> Self {
        Self { reason, detail }
    }
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.reason.as_str(), self.detail)
    }
}

impl From<Malformed> for Unreadable {
    fn from(malformed: Malformed) -> Self {
        let reason = match malformed {
            Malformed::Expected { .. } => QuarantineReason::NotJson,
            Malformed::TooDeep { .. } => QuarantineReason::TooDeep,
        };
        Self::new(reason, malformed.to_string())
    }
}
