//! Measures the product: floors, runs, and the report on them.
//!
//! Started by `cargo xtask bench`, which builds the product as it is released and starts servers that keep what they
//! confirm. Every run has a database and queues of its own, and the real processes. Where that can be, rounds of a run and
//! of what it is held against take turns, so that both see the same machine; where it cannot, as beside a bad endpoint, the
//! report says what was done instead. A run that loses an event, is told one twice or has one refused fails as a whole.

pub mod id;
pub mod machine;
pub mod report;
pub mod result;
pub mod statistics;
pub mod target;

mod consumer;
mod environment;
mod load;
mod measure;
mod method;
mod session;
mod settings;
mod usage;
mod world;

pub use session::run;
