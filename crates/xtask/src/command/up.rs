//! `cargo xtask up`: a stack that stays.

use super::{Session, detach};
use crate::devstack::{Counts, Directory, Stack};
use crate::report;
use anyhow::Result;
use clap::Args;
use std::process::ExitCode;

/// Start a stack on empty stores and keep it up; what dies is started again after a second.
#[derive(Args, Debug)]
pub struct Up {
    #[command(flatten)]
    counts: Counts,
    /// Return when everything is ready, and leave it to a supervisor in the background until `cargo xtask down`.
    #[arg(long)]
    detach: bool,
    /// Be that supervisor.
    #[arg(long, hide = true)]
    background: bool,
}

impl Up {
    /// # Errors
    /// When the stack does not come up, or on an interrupt.
    pub fn run(&self) -> Result<ExitCode> {
        let directory = Directory::from_environment();
        if self.background {
            let stay = detach::Background::enter()?;
            return self.keep_up(directory, |table| stay.ready(table));
        }
        if self.detach {
            return detach::start(&directory, self.counts);
        }
        self.keep_up(directory, |table| {
            report::print(table)?;
            report::say("Ctrl-C ends everything");
            Ok(())
        })
    }

    fn keep_up(&self, directory: Directory, ready: impl FnOnce(&str) -> Result<()>) -> Result<ExitCode> {
        let session = Session::open(directory, "up")?;
        let mut stack = Stack::start(&session.supervisor, &session.directory, self.counts)?;
        ready(&stack.table())?;
        match stack.keep_up()? {}
    }
}
