//! Looking: read-only questions that people ask about what is stored. Role: operator. Nothing here locks.
//!
//! Every answer is bounded by its caller's limit or by one named here. Ids and addresses are looked up by the hashes
//! of `wire::key`, which are 128 bits: what has the same hash is the same.

mod batch;
mod delivery;
mod event;
mod message;
mod quarantine;
mod recipient;

pub use batch::{Batch, batch};
pub use delivery::{Delivery, Notification, deliveries, notifications, unfinished_of};
pub use event::{EVENTS_PER_MESSAGE_MAX, Event, events};
pub use message::{Message, messages_of_recipient, messages_of_send};
pub use quarantine::{QuarantineFilter, Quarantined, quarantine, quarantine_of, quarantined_bytes};
pub use recipient::{Recipient, RecipientFilter, recipients, recipients_page};
