//! Reads the body of a POST of SendGrid's Event Webhook: strict in what is concluded, lenient in what is read.
//!
//! The body is cut into raw elements by structure alone (`scan`); each is then read by itself, so that one odd
//! element never harms its neighbours: it becomes an [`Unreadable`], with its bytes beside it, for the quarantine.
//! Only a body that is no array (and no bare object, which is a batch of one) is unreadable as a whole.
//!
//! Bounds: [`MAX_ELEMENTS`] elements, [`MAX_FIELDS`] fields in one object, 64 levels of nesting in one field,
//! [`MAX_CATEGORIES`]. No input panics or recurses; a body of 5 MiB, ingest's default limit, costs at most 100 MiB
//! beside it (`tests/memory.rs`), and a body over the first bound no more than that many slices. What holds of the
//! reading of any bytes at all is written down in `tests/reading/laws.rs`, for generated bodies and for `fuzz/`.

mod arguments;
mod event;
mod fields;
mod json;
mod reason;
mod reserved;
mod scan;
mod text;
mod value;

#[cfg(test)]
mod tests;

pub use event::{Event, normalise_address};
pub use reason::{QuarantineReason, Unreadable};

use event::Assembler;
use jiff::Timestamp;
use std::borrow::Cow;

/// More elements than this in one body, and the batch is quarantined whole. SendGrid sends at most 768 KB, some
/// 3,000 events.
pub const MAX_ELEMENTS: usize = 50_000;

/// More fields than this in one object, and its element is quarantined. SendGrid allows 10,000 bytes of custom
/// arguments, fewer than 1,500 of the shortest possible, beside some 40 fields of its own.
pub const MAX_FIELDS: usize = 2_000;

/// More categories than this of one event are not kept beside it, which counts as lossy. SendGrid allows ten.
pub const MAX_CATEGORIES: usize = 100;

/// A body, read.
#[derive(Clone, Debug, PartialEq)]
pub enum Reading<'a> {
    /// In the order of the body; ordinals count from 0 without gaps. `[]` has none.
    Elements(Vec<Element<'a>>),
    /// The ledger counts the body as one element.
    Unreadable(Unreadable),
}

/// One item of the body's array.
#[derive(Clone, Debug, PartialEq)]
pub struct Element<'a> {
    pub ordinal: u32,
    /// Exactly the bytes that SendGrid sent, without the white space around the element. Empty where two commas
    /// follow each other.
    pub raw: Cow<'a, [u8]>,
    pub event: Result<Event<'a>, Unreadable>,
}

/// `received_at` is when ingest received the body; events more than a day later than that are refused as
/// [`QuarantineReason::BadTimestamp`].
#[must_use]
pub fn read(body: &[u8], received_at: Timestamp) -> Reading<'_> {
    let raws = match scan::cut(body) {
        Ok(raws) => raws,
        Err(unreadable) => return Reading::Unreadable(unreadable),
    };
    let mut assembler = Assembler::new(received_at);
    let element = |(ordinal, raw)| Element { ordinal, raw: Cow::Borrowed(raw), event: assembler.read(raw) };
    Reading::Elements((0..).zip(raws).map(element).collect())
}

/// Reads one element that was kept, as [`Element::raw`] has it: exactly what [`read`] said of it among its neighbours.
/// Its ordinal is 0.
#[must_use]
pub fn element(raw: &[u8], received_at: Timestamp) -> Element<'_> {
    Element { ordinal: 0, raw: Cow::Borrowed(raw), event: Assembler::new(received_at).read(raw) }
}
