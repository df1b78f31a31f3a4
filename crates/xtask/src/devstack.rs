//! A whole stack on this machine: servers, processes, and what scripts need to know of them.

mod apps;
mod build;
mod directory;
mod platform;
mod stack;

pub use apps::Counts;
pub use build::{binaries, build, build_release, cargo, released_binaries, workspace};
pub use directory::{Directory, Holder, Lock, Locking};
pub use platform::Platform;
pub use stack::Stack;
