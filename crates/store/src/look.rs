//! Looking: read-only questions that people ask about what is stored. Role: operator. Nothing here locks.
//!
//! Every answer is bounded by its caller's limit or by one named here. Ids and addresses are looked up by the hashes
//! of `wire::key`, which are 128 bits: what has the same hash is the same.

mod attempt;
mod batch;
mod delivery;
mod endpoint;
mod event;
mod message;
mod notification;
mod quarantine;
mod recipient;

pub use attempt::{ATTEMPTS_PER_DELIVERY_MAX, Attempt, attempts};
pub use batch::{Batch, batch, batches_naming, batches_since};
pub use delivery::{
    Delivery, DeliveryFilter, Walk, deliveries, deliveries_by_id, finished, finished_after, unfinished,
};
pub use endpoint::{secrets_of_each, unfinished_of, unfinished_of_each};
pub use event::{EVENTS_PER_MESSAGE_MAX, Event, events};
pub use message::{Message, messages_of_recipient, messages_of_send};
pub use notification::{Notification, Told, notifications, told};
pub use quarantine::{QuarantineFilter, Quarantined, quarantine, quarantine_of, quarantined_bytes};
pub use recipient::{Recipient, RecipientFilter, recipients, recipients_page};
