//! Everything that needs real servers, in one program: it links once, and its tests share the servers.
//!
//! `cargo xtask test` starts PostgreSQL and RabbitMQ and runs it. Nothing is skipped when they are missing.

#![allow(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test fails by panicking, and says why on stderr"
)]

mod harness;

mod answers;
mod broker_faults;
mod dispatch;
mod dispatch_leases;
mod dispatch_load;
mod dispatch_network;
mod hygiene;
mod ingest_database;
mod keys;
mod meaning;
mod oauth;
mod pipeline;
mod promises;
mod provisioning;
mod queue_consume;
mod queue_publish;
mod reconcile;
mod reprocess;
mod scenarios;
mod sendgrid_client;
mod sendgrid_provision;
mod verify;
