//! A running process, owned: dropping the handle ends the process and all it started.

use super::proc::{self, Identity};
use super::{Ending, Launch, Supervisor};
use crate::wait::{self, Seen};
use anyhow::{Context, Result};
use rustix::process::{Signal, kill_process, kill_process_group};
use std::process::{Child, ChildStdout, ExitStatus};
use std::time::Duration;

/// What a politely ended process leaves behind is ending too, as a rule: PostgreSQL's last children free its memory.
pub(super) const FAMILY_PATIENCE: Duration = Duration::from_secs(1);
/// What is left after a KILL is gone within moments; a process in the kernel's hands (disk) may take longer.
const AFTER_KILL: Duration = Duration::from_secs(10);

#[derive(Debug)]
pub struct Process {
    launch: Launch,
    child: Child,
    identity: Identity,
    ended: Option<ExitStatus>,
    supervisor: Supervisor,
}

impl Process {
    pub(super) const fn new(
        launch: Launch,
        child: Child,
        identity: Identity,
        supervisor: Supervisor,
    ) -> Self {
        Self { launch, child, identity, ended: None, supervisor }
    }

    #[must_use]
    pub fn name(&self) -> &str {
        &self.launch.name
    }

    #[must_use]
    pub const fn launch(&self) -> &Launch {
        &self.launch
    }

    #[must_use]
    pub const fn identity(&self) -> Identity {
        self.identity
    }

    /// The pipe of [`super::Output::Piped`], once.
    pub fn take_stdout(&mut self) -> Option<ChildStdout> {
        self.child.stdout.take()
    }

    /// How it ended, if it has.
    ///
    /// # Errors
    /// When the child is not ours to wait for, which cannot happen to a child we started.
    pub fn ended(&mut self) -> Result<Option<ExitStatus>> {
        if self.ended.is_none() {
            self.ended = self.child.try_wait().with_context(|| format!("waiting for {}", self.name()))?;
        }
        Ok(self.ended)
    }

    /// Waits for its end.
    ///
    /// # Errors
    /// When the deadline passes or the command is interrupted; the process still runs then.
    pub fn wait(&mut self, deadline: Duration) -> Result<ExitStatus> {
        let what = format!("the end of {}", self.name());
        wait::until(&what, deadline, || {
            Ok(self.ended()?.map_or_else(|| Seen::Pending("running".to_owned()), Seen::Done))
        })
    }

    /// Sends a signal to the process alone. An ended process takes none, and its pid is never another's: we have not
    /// reaped it.
    ///
    /// # Errors
    /// When it may not be signalled.
    pub fn signal(&mut self, signal: Signal) -> Result<()> {
        if self.ended()?.is_some() {
            return Ok(());
        }
        let pid = self.identity.as_pid().context("no pid")?;
        kill_process(pid, signal).with_context(|| format!("signalling {}", self.name()))
    }

    /// Asks with `polite`, waits as long as `patience`, then kills. Returns whether it went by itself.
    ///
    /// # Errors
    /// When it outlives even a KILL by ten seconds.
    pub fn stop(&mut self, polite: Signal, patience: Duration) -> Result<bool> {
        let family = proc::family(self.identity);
        let asked = self.signal(polite).is_ok() && self.signal(Signal::CONT).is_ok();
        let went = asked && wait::held_within(patience, || matches!(self.ended(), Ok(Some(_))));
        let _all_went = went && wait::held_within(FAMILY_PATIENCE, || !any_alive(&family));
        self.end(&family)?;
        Ok(went)
    }

    /// Kills it and everything it started, and waits until all of that is gone.
    ///
    /// # Errors
    /// When something outlives a KILL by ten seconds.
    pub fn kill(&mut self) -> Result<()> {
        // Taken before, because afterwards nobody knows whose children they were.
        self.end(&proc::family(self.identity))
    }

    fn end(&mut self, family: &[proc::Stat]) -> Result<()> {
        if self.ended()?.is_none() {
            self.signal(Signal::KILL)?;
        }
        end_family(self.identity, family);
        let gone =
            wait::held_within(AFTER_KILL, || matches!(self.ended(), Ok(Some(_))) && !any_alive(family));
        anyhow::ensure!(gone, "{} (pid {}) outlives a KILL", self.name(), self.identity.pid);
        self.supervisor.disown(self.identity)
    }
}

pub(super) fn any_alive(family: &[proc::Stat]) -> bool {
    family.iter().any(|member| member.identity.is_alive())
}

/// Kills a process's group and its relatives, each only while its pid is still its own.
pub(super) fn end_family(leader: Identity, family: &[proc::Stat]) {
    let leads = family.iter().any(|member| member.group == leader.pid && member.identity.is_alive());
    if leads && let Some(group) = leader.as_pid() {
        // Whoever has left the group or was never in it is met below.
        let _emptied_meanwhile = kill_process_group(group, Signal::KILL).is_err();
    }
    for member in family {
        member.identity.send(Signal::KILL);
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let ending = self.launch.ending;
        let over = matches!(self.ended(), Ok(Some(_))) || ending == Ending::Kill;
        let ended = if over { self.kill() } else { self.stop(ending.signal(), ending.patience()).map(drop) };
        if let Err(error) = ended {
            crate::report::say(format_args!("{error:#}"));
        }
    }
}
