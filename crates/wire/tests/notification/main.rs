//! The published contract of notifications: the JSON Schema, an example of each type, and everything that the code can
//! decide to tell, each held against the others.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod contract;
mod decided;
mod examples;
mod refusals;
mod trial;
