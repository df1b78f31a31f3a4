//! Processes that never outlive their supervisor.

pub mod launch;
pub mod proc;
mod supervisor;
pub mod user;
pub mod watchdog;

pub use launch::{Ending, Launch, Output};
pub use supervisor::{PrivateDirectory, Supervisor};

mod handle;
pub use handle::Process;
