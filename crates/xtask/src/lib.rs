//! Development only: private PostgreSQL and RabbitMQ, and whole stacks on top of them.
//!
//! Owns every process that the development commands and the integration tests start. Its one promise: nothing it
//! started outlives its supervisor, however that ends. Three things hold it, each enough for most endings alone:
//! handles end their process when dropped; each child asks the kernel to end it with its parent ([`process::launch`]);
//! and a watchdog in a session of its own sweeps up at the end of a pipe ([`process::watchdog`]).
//! Relies on Linux: `/proc`, parent-death signals, `flock`.

pub mod command;
pub mod devstack;
pub mod http;
pub mod interrupt;
pub mod ports;
pub mod process;
pub mod report;
pub mod secret;
pub mod servers;
pub mod wait;

pub use process::{Ending, Launch, Output, Process, Supervisor};
pub use servers::{Durability, Layout, Postgres, PostgresPrograms, RabbitMq, RabbitMqPrograms, Search};
