//! `cargo xtask down`: ends a stack and sweeps up after one that was killed.

use crate::devstack::{Directory, Holder, Lock, Locking};
use crate::process::watchdog;
use crate::{interrupt, report, wait};
use anyhow::{Context, Result};
use clap::Args;
use rustix::process::Signal;
use std::process::ExitCode;
use std::time::Duration;

/// Processes drain, then the servers write their last checkpoint.
const POLITE_DEADLINE: Duration = Duration::from_mins(2);

/// End the stack that is up, if any.
#[derive(Args, Debug)]
pub struct Down {}

impl Down {
    /// # Errors
    /// When something does not end.
    pub fn run(&self) -> Result<ExitCode> {
        interrupt::install()?;
        let directory = Directory::from_environment();
        let mut ended = false;
        let lock = loop {
            match Lock::try_take(&directory, "down")? {
                Locking::Locked(lock) => break lock,
                Locking::Held(holder) => end(&directory, holder)?,
            }
            ended = true;
        };
        watchdog::finish(&directory.root().join("journal"))?;
        directory.clear()?;
        drop(lock);
        report::say(if ended { "everything is down" } else { "nothing was up" });
        Ok(ExitCode::SUCCESS)
    }
}

/// Asks the holder to end everything, and kills it if it does not: its watchdog does the rest.
fn end(directory: &Directory, holder: Option<Holder>) -> Result<()> {
    let holder = holder.context("someone has just begun to use it; run this again")?;
    let is_gone = || -> Result<wait::Seen<()>> {
        let held =
            matches!(Lock::try_take(directory, "down")?, Locking::Held(_)) && holder.process.is_alive();
        Ok(if held { wait::Seen::Pending("still running".to_owned()) } else { wait::Seen::Done(()) })
    };
    let who = format!("`cargo xtask {}` (pid {})", holder.command, holder.process.pid);
    // Another `down` is left to finish: it holds the directory only at its end.
    if holder.command != "down" && holder.process.send(Signal::TERM) {
        report::say(format_args!("ending {who}"));
    }
    let what = format!("{who} to end");
    if wait::until(&what, POLITE_DEADLINE, is_gone).is_err() {
        interrupt::check()?;
        holder.process.send(Signal::KILL);
        wait::until(&what, Duration::from_secs(10), is_gone)?;
    }
    Ok(())
}
