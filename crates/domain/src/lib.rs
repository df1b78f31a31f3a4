//! What an event, a message, a status, a notification and a retry *mean*.
//!
//! Pure decisions: no I/O, no clock, no randomness. Whatever depends on time or chance takes it as an argument.
//! The status hierarchy and its laws are in [`message`], told once and proven by enumeration in its tests.

pub mod breaker;
pub mod correlation;
mod event;
mod id;
pub mod message;
mod notification;
pub mod origin;
mod recipient;
pub mod retry;
mod status;

pub use correlation::CorrelatedBy;
pub use event::{EventKind, EventOrder, Failure, IgnoreReason, MachineOpens, MessageEvent, Outcome};
pub use id::{EventKey, MessageKey, SourceId};
pub use message::{Counts, Facts, Message};
pub use notification::{Notice, NotificationType, NotificationTypes};
pub use origin::Origin;
pub use recipient::{Group, Mark, Recipient, RecipientFact, Standing, StandingChange, Subscription};
pub use status::{Precedence, Rank, Status};
