//! Tables that people read, worked out from the code and compared with what the pages show.
//!
//! Those of this crate's page are generated whole; a failure prints the table to put in its place. Those of the front
//! page are prose beside facts, and only the facts are compared.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod front;
mod recipients;
mod statuses;
mod table;
