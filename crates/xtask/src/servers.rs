//! PostgreSQL and RabbitMQ of our own: found on this machine or installed, started privately on loopback.

pub mod install;
mod postgres;
mod programs;
mod rabbitmq;

pub use postgres::{Durability, Postgres};
pub use programs::{PostgresPrograms, RabbitMqPrograms, Search};
pub use rabbitmq::RabbitMq;

use crate::process::{Launch, Process, Supervisor};
use anyhow::Result;
use rustix::process::Signal;
use std::path::PathBuf;
use std::time::Duration;

/// Where a server's files go.
#[derive(Clone, Debug)]
pub struct Layout {
    /// Preferred parent of private data directories.
    pub data: PathBuf,
    pub logs: PathBuf,
    /// Where `<name>.pid` files go, if anyone wants them.
    pub pids: Option<PathBuf>,
}

/// A process that is meant to run always: what to start, and the one that runs now, if any.
#[derive(Debug)]
pub struct Daemon {
    launch: Launch,
    polite: Signal,
    patience: Duration,
    pid_file: Option<PathBuf>,
    process: Option<Process>,
    supervisor: Supervisor,
}

impl Daemon {
    /// Stopped by `polite`, and killed when `patience` is over.
    #[must_use]
    pub fn new(
        supervisor: &Supervisor,
        launch: Launch,
        pids: Option<&PathBuf>,
        polite: Signal,
        patience: Duration,
    ) -> Self {
        let pid_file = pids.map(|directory| directory.join(format!("{}.pid", launch.name)));
        Self { launch, polite, patience, pid_file, process: None, supervisor: supervisor.clone() }
    }

    #[must_use]
    pub const fn launch(&self) -> &Launch {
        &self.launch
    }

    #[must_use]
    pub fn name(&self) -> &str {
        &self.launch.name
    }

    /// The one that runs, or ran last.
    pub const fn process(&mut self) -> Option<&mut Process> {
        self.process.as_mut()
    }

    /// Starts it; does not wait until it is ready.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn start(&mut self) -> Result<()> {
        // The one before and its children first: they hold the port and the data directory.
        self.process = None;
        let process = self.supervisor.launch(&self.launch)?;
        if let Some(path) = &self.pid_file {
            std::fs::write(path, format!("{}\n", process.identity().pid))?;
        }
        self.process = Some(process);
        Ok(())
    }

    /// Whether it is down: ended, or never started.
    ///
    /// # Errors
    /// When the process cannot be waited for.
    pub fn is_down(&mut self) -> Result<bool> {
        self.process.as_mut().map_or(Ok(true), |process| Ok(process.ended()?.is_some()))
    }

    /// Asks it to end, without waiting. One without patience has nothing to finish and is left until it is stopped.
    pub fn ask_to_end(&mut self) {
        if self.patience.is_zero() {
            return;
        }
        let polite = self.polite;
        if let Some(process) = &mut self.process {
            drop(process.signal(polite).and_then(|()| process.signal(Signal::CONT)));
        }
    }

    /// Ends it politely, and by force when its patience is over.
    ///
    /// # Errors
    /// When it outlives a KILL.
    pub fn stop(&mut self) -> Result<()> {
        let (polite, patience) = (self.polite, self.patience);
        if let Some(mut process) = self.process.take() {
            process.stop(polite, patience)?;
        }
        if let Some(path) = &self.pid_file {
            drop(std::fs::remove_file(path));
        }
        Ok(())
    }

    /// # Errors
    /// When it outlives a KILL.
    pub fn kill(&mut self) -> Result<()> {
        self.process.as_mut().map_or(Ok(()), Process::kill)
    }

    /// Freezes it: connections stay open and nothing answers.
    ///
    /// # Errors
    /// When it may not be signalled.
    pub fn pause(&mut self) -> Result<()> {
        self.process.as_mut().map_or(Ok(()), |process| process.signal(Signal::STOP))
    }

    /// # Errors
    /// When it may not be signalled.
    pub fn resume(&mut self) -> Result<()> {
        self.process.as_mut().map_or(Ok(()), |process| process.signal(Signal::CONT))
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        if let Err(error) = self.stop() {
            crate::report::say(format_args!("{error:#}"));
        }
    }
}
