//! What `/proc` says of processes. A pid alone names nobody for long; with its start time it does.

use anyhow::{Result, bail};
use rustix::process::{Pid, Signal, kill_process};
use serde::{Deserialize, Serialize};
use std::path::Path;

/// One process for ever: a reused pid has another start time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Identity {
    pub pid: i32,
    /// Clock ticks since the machine started.
    pub started: u64,
}

impl Identity {
    /// Of the process that has this pid now, a zombie included.
    #[must_use]
    pub fn of(pid: i32) -> Option<Self> {
        Stat::of(pid).map(|stat| stat.identity)
    }

    /// Of this process.
    ///
    /// # Errors
    /// When `/proc` is not mounted.
    pub fn own() -> Result<Self> {
        match Self::of(rustix::process::getpid().as_raw_nonzero().get()) {
            Some(identity) => Ok(identity),
            None => bail!("/proc is not mounted: run `mount -t proc proc /proc`, then this again"),
        }
    }

    /// Still the same process, and not merely a zombie that nobody has reaped.
    #[must_use]
    pub fn is_alive(self) -> bool {
        Stat::of(self.pid).is_some_and(|stat| stat.identity == self && !stat.is_dead())
    }

    /// Sends a signal if it is still the same process. Says whether it was sent: one that is gone needs none.
    pub fn send(self, signal: Signal) -> bool {
        self.is_alive() && self.as_pid().is_some_and(|pid| kill_process(pid, signal).is_ok())
    }

    /// For signals; `None` for pids that signals would not take as one process.
    #[must_use]
    pub fn as_pid(self) -> Option<Pid> {
        (self.pid > 1).then(|| Pid::from_raw(self.pid)).flatten()
    }
}

/// The fields used here of `/proc/<pid>/stat`.
#[derive(Clone, Debug)]
pub struct Stat {
    pub identity: Identity,
    /// The program's file name, cut at 15 bytes.
    pub name: String,
    state: char,
    pub parent: i32,
    pub group: i32,
}

impl Stat {
    #[must_use]
    pub fn of(pid: i32) -> Option<Self> {
        let text = std::fs::read(format!("/proc/{pid}/stat")).ok()?;
        Self::parse(pid, &String::from_utf8_lossy(&text))
    }

    /// The name may hold spaces and parentheses, so the fields are counted from the last closing one.
    fn parse(pid: i32, text: &str) -> Option<Self> {
        let (head, rest) = text.rsplit_once(')')?;
        let (_, name) = head.split_once('(')?;
        let fields: Vec<_> = rest.split_ascii_whitespace().collect();
        Some(Self {
            // Field 22 of the line is field 19 after the name.
            identity: Identity { pid, started: fields.get(19)?.parse().ok()? },
            name: name.to_owned(),
            state: fields.first()?.chars().next()?,
            parent: fields.get(1)?.parse().ok()?,
            group: fields.get(2)?.parse().ok()?,
        })
    }

    const fn is_dead(&self) -> bool {
        matches!(self.state, 'Z' | 'X' | 'x')
    }
}

/// Every process there is now, without zombies.
#[must_use]
pub fn all() -> Vec<Stat> {
    let Ok(entries) = std::fs::read_dir(Path::new("/proc")) else { return Vec::new() };
    entries
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .filter_map(Stat::of)
        .filter(|stat| !stat.is_dead())
        .collect()
}

/// The process, its descendants, and the members of the groups that it or one of those leads. A group counts as long
/// as its leader's pid is not someone else's by now: the kernel reuses no pid while a group still carries it.
#[must_use]
pub fn family(root: Identity) -> Vec<Stat> {
    let all = all();
    let reused = all.iter().any(|stat| stat.identity.pid == root.pid && stat.identity != root);
    if reused {
        return Vec::new();
    }
    let mut members: Vec<Stat> = Vec::new();
    loop {
        let before = members.len();
        for stat in &all {
            let known = |pid: i32| pid == root.pid || members.iter().any(|member| member.identity.pid == pid);
            let related = stat.identity == root || known(stat.parent) || known(stat.group);
            if related && !members.iter().any(|member| member.identity == stat.identity) {
                members.push(stat.clone());
            }
        }
        if members.len() == before {
            return members;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_spaces_and_parentheses_does_not_shift_the_fields() {
        let line = "77 (a) b (c)) S 5 6 7 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 4242 0 0";
        let stat = Stat::parse(77, line).unwrap();
        assert_eq!((stat.name.as_str(), stat.parent, stat.group), ("a) b (c)", 5, 6));
        assert_eq!(stat.identity, Identity { pid: 77, started: 4242 });
    }

    #[test]
    fn this_process_is_alive_and_a_reused_pid_is_not_it() {
        let own = Identity::own().unwrap();
        assert!(own.is_alive());
        assert!(!Identity { started: own.started + 1, ..own }.is_alive());
    }
}
