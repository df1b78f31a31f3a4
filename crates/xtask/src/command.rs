//! The commands, one a file, and what they share.

mod bench;
mod demo;
mod detach;
mod down;
mod fuzz;
mod servers;
mod test;
mod up;

pub use bench::{Bench, Choice, Long, Part};
pub use demo::Demo;
pub use down::Down;
pub use fuzz::Fuzz;
pub use servers::Servers;
pub use test::Test;
pub use up::Up;

use crate::devstack::{Directory, Lock};
use crate::interrupt;
use crate::process::Supervisor;
use anyhow::Result;
use std::path::Path;

/// What every command that starts something holds while it runs. Declared before what it starts, so dropped after.
struct Session {
    supervisor: Supervisor,
    directory: Directory,
    _lock: Lock,
}

impl Session {
    fn open(directory: Directory, command: &str) -> Result<Self> {
        interrupt::install()?;
        let lock = Lock::take(&directory, command)?;
        // A path that stays right when cargo replaces the program while it runs.
        let supervisor = Supervisor::start(Path::new("/proc/self/exe"), directory.root())?;
        supervisor.discard_at_end(directory.run())?;
        supervisor.discard_at_end(directory.env())?;
        Ok(Self { supervisor, directory, _lock: lock })
    }
}
