//! The process that sweeps up when its supervisor is gone, however that happened.
//!
//! It lives in a session of its own, so that a Ctrl-C at the terminal is not its business, and reads a pipe that only
//! the supervisor holds. Each line is an [`Order`]; the end of the pipe is the end of the supervisor. Then it ends what
//! is still owned, undoes what is to be undone, removes private directories, and exits. The same lines are kept in a
//! journal, so that whoever comes next can finish the work if both are killed together.

use super::handle::{FAMILY_PATIENCE, any_alive, end_family};
use super::launch::Ending;
use super::proc::{self, Identity};
use crate::wait::{Seen, held_within};
use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// What a supervisor tells its watchdog, one JSON document a line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Order {
    Own {
        process: Identity,
        ending: Ending,
    },
    Disown {
        process: Identity,
    },
    /// A file, or a directory with private data.
    Discard {
        path: PathBuf,
    },
    Discarded {
        path: PathBuf,
    },
    /// A command that puts back what was changed on the machine.
    Undo {
        command: Vec<String>,
    },
    Undone {
        command: Vec<String>,
    },
}

/// What is owned now.
#[derive(Debug, Default)]
pub struct Ledger {
    processes: Vec<(Identity, Ending)>,
    paths: Vec<PathBuf>,
    undo: Vec<Vec<String>>,
}

impl Ledger {
    pub fn note(&mut self, order: Order) {
        match order {
            Order::Own { process, ending } => self.processes.push((process, ending)),
            Order::Disown { process } => self.processes.retain(|(known, _)| *known != process),
            Order::Discard { path } => self.paths.push(path),
            Order::Discarded { path } => self.paths.retain(|known| *known != path),
            Order::Undo { command } => self.undo.push(command),
            Order::Undone { command } => self.undo.retain(|known| *known != command),
        }
    }

    /// The orders that lead to this ledger.
    pub fn orders(&self) -> impl Iterator<Item = Order> + '_ {
        let own = self.processes.iter().map(|&(process, ending)| Order::Own { process, ending });
        let discard = self.paths.iter().map(|path| Order::Discard { path: path.clone() });
        let undo = self.undo.iter().map(|command| Order::Undo { command: command.clone() });
        own.chain(discard).chain(undo)
    }

    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.processes.is_empty() && self.paths.is_empty() && self.undo.is_empty()
    }

    /// Reads a journal. A line cut short by a kill is the last one, and is left out.
    ///
    /// # Errors
    /// When the file is there and cannot be read.
    pub fn read(journal: &Path) -> Result<Self> {
        let mut ledger = Self::default();
        let text = match std::fs::read_to_string(journal) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(ledger),
            Err(error) => return Err(error).with_context(|| journal.display().to_string()),
        };
        for line in text.lines() {
            if let Ok(order) = serde_json::from_str(line) {
                ledger.note(order);
            }
        }
        Ok(ledger)
    }

    /// Ends, undoes and removes everything owned. Goes on past failures and returns them.
    pub fn sweep(&mut self) -> Vec<String> {
        let mut problems = self.end_processes();
        for command in std::mem::take(&mut self.undo).iter().rev() {
            problems.extend(run(command).err().map(|error| format!("{error:#}")));
        }
        for path in std::mem::take(&mut self.paths) {
            problems.extend(remove(&path).err().map(|error| format!("{error:#}")));
        }
        problems
    }

    fn end_processes(&mut self) -> Vec<String> {
        let owned: Vec<_> = std::mem::take(&mut self.processes)
            .into_iter()
            .map(|(process, ending)| (process, ending, proc::family(process)))
            .collect();
        for (process, ending, _) in &owned {
            process.send(ending.signal());
        }
        let started = Instant::now();
        for (process, ending, family) in &owned {
            let patience = ending.patience().saturating_sub(started.elapsed());
            let went = held_within(patience, || !process.is_alive()) && *ending != Ending::Kill;
            let _all_went = went && held_within(FAMILY_PATIENCE, || !any_alive(family));
            end_family(*process, family);
        }
        let _gone =
            held_within(Duration::from_secs(10), || !owned.iter().any(|(.., family)| any_alive(family)));
        let left = owned.iter().flat_map(|(.., family)| family).filter(|member| member.identity.is_alive());
        left.map(|member| format!("{} (pid {}) outlives a KILL", member.name, member.identity.pid)).collect()
    }
}

fn run(command: &[String]) -> Result<()> {
    let (program, arguments) = command.split_first().context("an empty command")?;
    let status = std::process::Command::new(program)
        .args(arguments)
        .stdin(std::process::Stdio::null())
        .status()
        .with_context(|| command.join(" "))?;
    anyhow::ensure!(status.success(), "{}: {status}", command.join(" "));
    Ok(())
}

/// Removes a file, or a directory in which a process may have written a last file just now.
pub(super) fn remove(path: &Path) -> Result<()> {
    let mut last = None;
    let removed = held_within(Duration::from_secs(5), || {
        let result = if path.is_dir() { std::fs::remove_dir_all(path) } else { std::fs::remove_file(path) };
        match result {
            Ok(()) => true,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => true,
            Err(error) => {
                last = Some(error);
                false
            }
        }
    });
    match last {
        Some(error) if !removed => Err(error).with_context(|| format!("cannot remove {}", path.display())),
        _ => Ok(()),
    }
}

/// `xtask watchdog`: reads orders until the supervisor is gone, then sweeps and removes the journal. The journal is
/// locked meanwhile: the next supervisor waits for that.
///
/// # Errors
/// When something could not be swept up; stderr is the supervisor's log.
pub fn serve(journal: &Path) -> Result<()> {
    rustix::process::setsid().context("cannot leave the terminal's session")?;
    let locked = File::open(journal).with_context(|| journal.display().to_string())?;
    locked.lock().context("cannot lock the journal")?;
    let mut stdout = std::io::stdout();
    writeln!(stdout, "ready").and_then(|()| stdout.flush()).context("the supervisor is gone")?;
    let mut ledger = Ledger::default();
    for line in BufReader::new(std::io::stdin().lock()).lines() {
        // A line cut short is the supervisor's last; what it started then ends by its own parent-death signal.
        let Ok(line) = line else { break };
        if let Ok(order) = serde_json::from_str(&line) {
            ledger.note(order);
        }
    }
    let problems = ledger.sweep();
    anyhow::ensure!(problems.is_empty(), "left behind:\n{}", problems.join("\n"));
    std::fs::remove_file(journal).with_context(|| format!("cannot remove {}", journal.display()))
}

/// Finishes what an earlier supervisor and its watchdog could not, once that watchdog has done its part.
///
/// # Errors
/// When the watchdog is still busy after five minutes, or something could not be swept up.
pub fn finish(journal: &Path) -> Result<()> {
    let Ok(file) = File::open(journal) else { return Ok(()) };
    crate::wait::until("the watchdog of an earlier run", Duration::from_mins(5), || {
        Ok(match file.try_lock() {
            Ok(()) => Seen::Done(()),
            Err(_) => Seen::Pending("still sweeping up".to_owned()),
        })
    })?;
    let problems = Ledger::read(journal)?.sweep();
    anyhow::ensure!(problems.is_empty(), "an earlier run left behind:\n{}", problems.join("\n"));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_disowned_is_no_longer_owed() {
        let process = Identity { pid: 7, started: 8 };
        let path = PathBuf::from("/nowhere");
        let command = vec!["true".to_owned()];
        let mut ledger = Ledger::default();
        ledger.note(Order::Own { process, ending: Ending::Kill });
        ledger.note(Order::Discard { path: path.clone() });
        ledger.note(Order::Undo { command: command.clone() });
        assert_eq!(ledger.orders().count(), 3);
        ledger.note(Order::Disown { process });
        ledger.note(Order::Discarded { path });
        ledger.note(Order::Undone { command });
        assert!(ledger.is_empty());
    }

    #[test]
    fn orders_survive_the_journal() {
        let order = Order::Own { process: Identity { pid: 7, started: 8 }, ending: Ending::Quit };
        let line = serde_json::to_string(&order).unwrap();
        assert_eq!(serde_json::from_str::<Order>(&line).unwrap(), order);
    }
}
