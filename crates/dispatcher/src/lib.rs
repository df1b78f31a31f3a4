//! Tells consumers what they are owed: leases deliveries, signs and sends them, records what came of it.
//!
//! [`flow`] is the loop. `lease` looks at the queue, `hints` say that it may be worth it, and `rooms` says how much it takes
//! of whom; [`limits`] says how much may be in hand and whose turn it is; `send` makes one request, [`verdict`] says what its
//! end means, `record` writes that, and `standing` what it says of the endpoint. The protocol of leases is told in
//! `store::delivery`; no transaction and no row lock is held while HTTP is spoken. Whatever dies, dies with leases that end
//! by themselves, and those outlive every request: see `terms`. What a consumer may be sent to is decided in [`guard`], and
//! with which headers in [`headers`].

pub mod classify;
mod client;
mod clock;
pub mod config;
mod endpoint;
pub mod flow;
pub mod guard;
pub mod headers;
mod hints;
mod lease;
pub mod limits;
pub mod metrics;
pub mod process;
mod record;
mod request;
mod retry_after;
mod rooms;
mod send;
mod signers;
mod standing;
mod terms;
mod unseal;
pub mod verdict;

pub use process::PROGRAM;
