//! RabbitMQ: topology, confirmed publishing, consuming. Bytes in, bytes out; what they mean is not known here.
//!
//! * [`Publisher`]: `Ok` from [`Publisher::publish`] means that the broker has confirmed a persistent message on a
//!   durable queue. Anything else is an answer too, and comes within the caller's patience.
//! * [`Consumer`]: hands out windows of deliveries and acknowledges contiguous finished prefixes. It ends when its
//!   subscription ends; its owner subscribes again, waiting a [`Backoff`] between tries.
//! * Publishing and consuming never share a connection: a broker short of memory stops reading from connections that
//!   publish, and acknowledgements must not wait behind that.
//!
//! Both may deliver twice, never silently zero times. Nothing here reconnects behind the caller's back: lapin's own
//! recovery keeps unconfirmed publishes pending for the whole outage, where a sender wants to hear at once.
//!
//! **Logs.** lapin writes every returned message with its body at WARN (`Server returned us a message`). Bodies are
//! personal data, so a process that uses this crate must keep every target of lapin out of its logs, whatever its
//! operator asks for; `service::telemetry` does. What lapin says at ERROR (a connection lost) is reported here as state.

mod backoff;
mod consumer;
mod error;
mod link;
mod message;
pub mod metrics;
mod publisher;
mod settings;
mod topology;

pub use backoff::Backoff;
pub use consumer::{Consumer, Delivery, Tag, Window, WindowLimits};
pub use error::QueueError;
pub use message::{HEADER_BYTES_MAX, MESSAGE_BYTES_MAX, Message};
pub use publisher::{AwayReason, PublishError, Publisher, PublisherLimits, PublisherState, Unsettled};
pub use settings::{Settings, SettingsError};
pub use topology::{QueueName, declare, delete, depth};
