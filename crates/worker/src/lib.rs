//! `sendstate-worker`: batches from the broker into PostgreSQL, exactly once each.
//!
//! The way of a batch: `flow` takes a window of deliveries, [`read`] turns each into a [`batch::Batch`], [`persist`]
//! brings them into the database through [`apply`]'s one transaction, and only then the window is acked (promise 2).
//! Beside it: `pending` looks again for the messages of bounces that named none, `instruct` follows what the `sendstate`
//! command asks for, `maintenance` keeps partitions ready, and [`hint`] lets dispatchers look at once.
//! Any number of workers may run: the status hierarchy makes order unnecessary and the ledger makes repeats harmless.
//! What reading a batch costs is measured by `cargo bench -p worker`.
//! Memory is bounded: the prefetch count times the largest body, and for each transaction what reading its window takes, for
//! each of the two lanes.

pub mod apply;
pub mod batch;
mod config;
pub mod counts;
mod flow;
mod hand;
pub mod hint;
mod instruct;
mod isolate;
mod maintenance;
pub mod metrics;
mod open;
mod pending;
pub mod persist;
mod process;
pub mod read;
mod replay;
mod sources;
mod window;

pub use config::Config;
pub use process::{Ended, Worker};

/// What the process says about itself.
pub const PROGRAM: service::Program = service::Program {
    name: "sendstate-worker",
    version: env!("CARGO_PKG_VERSION"),
    about: "Takes batches of events from RabbitMQ, records them in PostgreSQL and works out every message's status.",
    settings: config::SETTINGS,
};

#[expect(
    clippy::disallowed_methods,
    reason = "the worker's edge: whatever is decided below takes the time as an argument"
)]
fn now() -> jiff::Timestamp {
    jiff::Timestamp::now()
}
