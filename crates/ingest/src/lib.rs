//! `sendstate-ingest`: takes SendGrid's POSTs, verifies their raw bytes, and answers 204 only when the broker has
//! confirmed the batch.
//!
//! No per-event work and no database on the way of a request: the list of sources is refreshed beside it and survives
//! the database in a snapshot file. The order of the checks and their answers is in `intake.rs`, told once. Whatever
//! goes wrong is answered with a code that makes SendGrid try again; nothing is accepted and then lost.

mod answer;
mod batch;
mod body;
mod config;
mod intake;
pub mod metrics;
mod oauth;
mod process;
mod request;
mod room;
mod sources;

pub use config::{Config, PROGRAM};
pub use process::{Ended, Ingest, Left};
