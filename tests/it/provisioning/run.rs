//! Running `xtask` in a sandbox, and looking for what it left.

use crate::harness::environment;
use rustix::process::Signal;
use std::collections::BTreeMap;
use std::fs::File;
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use xtask::process::proc::{self, Identity, Stat};
use xtask::wait::held_within;

/// Longer than any boot on a slow machine; reaching it is a failure.
const DEADLINE: Duration = Duration::from_secs(180);

/// In place of cargo: notes what it is told, and holds test runs still unless they are to end with a code.
const CARGO: &str = r#"#!/bin/sh
case "$*" in
    *"-p tests"*) told="$* $SENDSTATE_TEST_DATABASE_URL $SENDSTATE_TEST_AMQP_URL" ;;
    *) told="$*" ;;
esac
printf '%s\n' "$told" >> "$SENDSTATE_DEVSTACK_DIR/cargo.told"
case "$*" in
    build*) exit 0 ;;
    *"-p tests"*) [ -n "$CARGO_TEST_EXIT" ] && exit "$CARGO_TEST_EXIT"; sleep 600 ;;
    *) exit 0 ;;
esac
"#;

/// A point on a command's way, seen from outside.
#[derive(Clone, Copy, Debug)]
pub(super) enum Moment {
    Begun,
    Database,
    Broker,
    Testing,
    Up,
}

/// A control directory of one test.
pub(super) struct Sandbox {
    directory: PathBuf,
}

impl Sandbox {
    pub(super) fn new(name: &str) -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("xtask-{name}-{}-{number}", std::process::id());
        let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        std::fs::create_dir_all(&directory).unwrap();
        let cargo = directory.join("cargo");
        std::fs::write(&cargo, CARGO).unwrap();
        std::fs::set_permissions(&cargo, Permissions::from_mode(0o755)).unwrap();
        Self { directory }
    }

    pub(super) fn directory(&self) -> &Path {
        &self.directory
    }

    pub(super) fn start(&self, arguments: &[&str]) -> Run<'_> {
        self.start_with(arguments, &[])
    }

    pub(super) fn start_with(&self, arguments: &[&str], environment_: &[(&str, &str)]) -> Run<'_> {
        let stderr = self.directory.join(format!("{}.stderr", arguments[0]));
        let child = Command::new(environment().programs.join("xtask"))
            .args(arguments)
            .env_remove("SENDSTATE_TEST_DATABASE_URL")
            .env_remove("SENDSTATE_TEST_AMQP_URL")
            .env_remove("SENDSTATE_SERVER_PATH")
            .env("SENDSTATE_DEVSTACK_DIR", &self.directory)
            .env("CARGO", self.directory.join("cargo"))
            .envs(environment_.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(File::create(&stderr).unwrap())
            .spawn()
            .unwrap();
        Run { sandbox: self, child, stderr }
    }

    /// What cargo was told, call by call.
    pub(super) fn told(&self) -> Vec<String> {
        let told = std::fs::read_to_string(self.directory.join("cargo.told")).unwrap_or_default();
        told.lines().map(str::to_owned).collect()
    }

    /// By name of the pid file. A process that is being started again is left out.
    pub(super) fn pids(&self) -> BTreeMap<String, Stat> {
        let Ok(entries) = std::fs::read_dir(self.directory.join("run")) else { return BTreeMap::new() };
        let pids = entries.flatten().filter_map(|entry| {
            let name = entry.file_name().to_str()?.strip_suffix(".pid")?.to_owned();
            let pid = std::fs::read_to_string(entry.path()).ok()?.trim().parse().ok()?;
            Some((name, Stat::of(pid)?))
        });
        pids.collect()
    }

    /// The process that holds the directory.
    pub(super) fn holder(&self) -> Identity {
        let lock = std::fs::read_to_string(self.directory.join("lock")).unwrap();
        let holder: xtask::devstack::Holder = serde_json::from_str(&lock).unwrap();
        holder.process
    }

    /// Everything that runs for this directory.
    pub(super) fn processes(&self) -> Vec<Stat> {
        let mut processes = self.mentioned();
        processes.extend(proc::family(self.holder()));
        processes
    }

    /// Processes whose command line or environment names the directory: servers, their helpers, the watchdog.
    fn mentioned(&self) -> Vec<Stat> {
        let directory = self.directory.to_str().unwrap();
        let mentions = |pid: i32, file: &str| {
            let bytes = std::fs::read(format!("/proc/{pid}/{file}")).unwrap_or_default();
            String::from_utf8_lossy(&bytes).contains(directory)
        };
        let named =
            |stat: &Stat| mentions(stat.identity.pid, "cmdline") || mentions(stat.identity.pid, "environ");
        proc::all().into_iter().filter(named).collect()
    }

    /// What is still there of a command that has ended.
    fn leftovers(&self, ended: &Ended) -> Vec<String> {
        let alive = ended.family.iter().filter(|stat| stat.identity.is_alive()).cloned();
        let processes = alive.chain(self.mentioned());
        let mut left: Vec<_> =
            processes.map(|stat| format!("{} (pid {})", stat.name, stat.identity.pid)).collect();
        for control in [self.directory.clone(), self.directory.join("test"), self.directory.join("servers")] {
            for name in ["journal", "env", "run"] {
                left.extend(control.join(name).exists().then(|| control.join(name).display().to_string()));
            }
            let data = std::fs::read_dir(control.join("data")).into_iter().flatten().flatten();
            left.extend(data.map(|entry| entry.path().display().to_string()));
        }
        left
    }

    pub(super) fn assert_nothing_left(&self, ended: &Ended) {
        let left = self.leftovers(ended);
        assert!(left.is_empty(), "{left:#?}\n{}", ended.stderr);
    }

    pub(super) fn wait_until_nothing_is_left(&self, ended: &Ended) {
        let clean = held_within(DEADLINE, || self.leftovers(ended).is_empty());
        assert!(clean, "{:#?}", self.leftovers(ended));
    }

    pub(super) fn waits_for(&self, what: &str, condition: impl FnMut() -> bool) {
        assert!(held_within(DEADLINE, condition), "no {what}; pids: {:?}", self.pids());
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        // A failed test's logs stay for a look.
        if !std::thread::panicking() {
            drop(std::fs::remove_dir_all(&self.directory));
        }
    }
}

/// A command that runs. Killed when dropped, and what it started by its watchdog.
pub(super) struct Run<'a> {
    sandbox: &'a Sandbox,
    child: Child,
    stderr: PathBuf,
}

/// A command that has ended.
pub(super) struct Ended {
    pub(super) code: Option<i32>,
    pub(super) stderr: String,
    /// It and its descendants, as far as they were seen while it ran.
    pub(super) family: Vec<Stat>,
}

impl Run<'_> {
    fn identity(&self) -> Identity {
        // Not reaped before `end`, so the pid is still its own.
        Identity::of(self.child.id().cast_signed()).expect("a child that was not reaped")
    }

    pub(super) fn reaches(&self, moment: Moment) {
        let root = &self.sandbox.directory;
        let says = |log: &str, text: &str| {
            std::fs::read_to_string(root.join(log)).is_ok_and(|all| all.contains(text))
        };
        let reached = held_within(DEADLINE, || {
            assert!(self.identity().is_alive(), "it ended before {moment:?}: {}", self.said());
            match moment {
                Moment::Begun => root.join("journal").exists(),
                Moment::Database => root.join("log/postgres.log").exists(),
                Moment::Broker => says("log/rabbitmq.log", "Starting RabbitMQ"),
                Moment::Testing => self.sandbox.told().iter().any(|told| told.contains("-p tests")),
                Moment::Up => root.join("env").exists(),
            }
        });
        assert!(reached, "{moment:?} was not reached: {}", self.said());
    }

    fn said(&self) -> String {
        std::fs::read_to_string(&self.stderr).unwrap_or_default()
    }

    pub(super) fn signal(&self, signal: Signal) {
        assert!(self.identity().send(signal), "it had ended: {}", self.said());
    }

    /// Waits for its end.
    pub(super) fn end(mut self) -> Ended {
        let mut family: Vec<Stat> = Vec::new();
        let mut status = None;
        let ended = held_within(DEADLINE, || {
            for member in proc::family(self.identity()) {
                if !family.iter().any(|known| known.identity == member.identity) {
                    family.push(member);
                }
            }
            status = self.child.try_wait().unwrap();
            status.is_some()
        });
        assert!(ended, "it does not end: {}", self.said());
        Ended { code: status.and_then(|status| status.code()), stderr: self.said(), family }
    }
}

impl Drop for Run<'_> {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
