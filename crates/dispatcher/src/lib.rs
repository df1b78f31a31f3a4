//! Tells consumers what they are owed: leases deliveries, signs and sends them, records what came of it.
//!
//! [`flow`] is the loop, [`limits`] says how much may be in hand, `send` makes one request, `record` writes its end.
//! The protocol of leases is told in `store::delivery`; no transaction and no row lock is held while HTTP is spoken.
//! Whatever dies, dies with leases that end by themselves. What a consumer may be sent to is decided in [`guard`].

pub mod classify;
mod client;
mod clock;
pub mod config;
mod endpoint;
pub mod flow;
pub mod guard;
mod lease;
pub mod limits;
pub mod metrics;
pub mod process;
mod record;
mod request;
mod send;
mod unseal;

pub use process::PROGRAM;
