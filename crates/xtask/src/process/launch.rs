//! How a child is started so that the kernel ends it with us.
//!
//! A child is first this program again (`xtask launch`), which steps down from root if asked, asks for a signal at the
//! death of its parent, checks that the parent is not gone already, and becomes the wanted program; both survive
//! `exec`. The kernel takes the *thread* that started a child for its parent, so one thread that never ends starts them
//! all.

use super::user::User;
use anyhow::{Context, Result, bail};
use clap::{Args, ValueEnum};
use rustix::process::Signal;
use serde::{Deserialize, Serialize};
use std::ffi::OsString;
use std::fs::File;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Mutex, OnceLock};
use std::time::Duration;

/// How a process is ended when its supervisor is gone, and how long it may take before it is killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
pub enum Ending {
    /// Killed at once.
    Kill,
    /// PostgreSQL's immediate shutdown: it takes its sessions, which are groups of their own, along.
    Quit,
    /// A package manager finishes the step it is in, or it would leave the machine's packages half configured.
    Interrupt,
}

impl Ending {
    #[must_use]
    pub const fn signal(self) -> Signal {
        match self {
            Self::Kill => Signal::KILL,
            Self::Quit => Signal::QUIT,
            Self::Interrupt => Signal::INT,
        }
    }

    #[must_use]
    pub const fn patience(self) -> Duration {
        match self {
            Self::Kill => Duration::ZERO,
            Self::Quit => Duration::from_secs(5),
            Self::Interrupt => Duration::from_secs(180),
        }
    }
}

/// Where a child's output goes. Its input is empty unless the launch names a file.
#[derive(Clone, Debug)]
pub enum Output {
    /// Both streams, appended.
    Log(PathBuf),
    /// Both streams are ours.
    Inherit,
    /// stdout is a pipe to us, stderr is ours.
    Piped,
}

/// A process to start, any number of times.
#[derive(Clone, Debug)]
pub struct Launch {
    pub name: String,
    pub program: PathBuf,
    pub arguments: Vec<OsString>,
    pub environment: Vec<(OsString, OsString)>,
    /// Whether our own environment is passed on below `environment`.
    pub inherits_environment: bool,
    pub directory: Option<PathBuf>,
    pub input: Option<PathBuf>,
    pub output: Output,
    pub user: Option<User>,
    pub ending: Ending,
}

impl Launch {
    pub fn new(name: impl Into<String>, program: impl Into<PathBuf>, output: Output) -> Self {
        Self {
            name: name.into(),
            program: program.into(),
            arguments: Vec::new(),
            environment: Vec::new(),
            inherits_environment: true,
            directory: None,
            input: None,
            output,
            user: None,
            ending: Ending::Kill,
        }
    }

    #[must_use]
    pub fn args(mut self, arguments: impl IntoIterator<Item = impl Into<OsString>>) -> Self {
        self.arguments.extend(arguments.into_iter().map(Into::into));
        self
    }

    #[must_use]
    pub fn env(mut self, name: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        self.environment.push((name.into(), value.into()));
        self
    }

    /// Passes only the `environment` on.
    #[must_use]
    pub const fn without_our_environment(mut self) -> Self {
        self.inherits_environment = false;
        self
    }

    #[must_use]
    pub fn log(&self) -> Option<&Path> {
        match &self.output {
            Output::Log(path) => Some(path),
            Output::Inherit | Output::Piped => None,
        }
    }

    /// Starts the child, in a process group of its own.
    pub(super) fn spawn(&self, helper: &Path) -> Result<Child> {
        let mut command = Command::new(helper);
        command.arg("launch").arg(format!("--parent={}", rustix::process::getpid().as_raw_nonzero()));
        command.arg(format!(
            "--ending={}",
            self.ending.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned())
        ));
        if let Some(user) = &self.user {
            command.arg(format!("--uid={}", user.uid)).arg(format!("--gid={}", user.gid));
        }
        command.arg("--").arg(&self.program).args(&self.arguments).process_group(0);
        if !self.inherits_environment {
            command.env_clear();
        }
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        if let Some(directory) = &self.directory {
            command.current_dir(directory);
        }
        self.redirect(&mut command).with_context(|| format!("cannot start {}", self.name))?;
        spawn_from_lasting_thread(command)
            .with_context(|| format!("cannot start {} ({})", self.name, helper.display()))
    }

    fn redirect(&self, command: &mut Command) -> Result<()> {
        command.stdin(match &self.input {
            Some(path) => File::open(path).with_context(|| path.display().to_string())?.into(),
            None => Stdio::null(),
        });
        match &self.output {
            Output::Log(path) => {
                let log = File::options().create(true).append(true).open(path);
                let log = log.with_context(|| path.display().to_string())?;
                command.stdout(log.try_clone()?).stderr(log);
            }
            Output::Inherit => {}
            Output::Piped => {
                command.stdout(Stdio::piped());
            }
        }
        Ok(())
    }
}

type Order = (Command, Sender<std::io::Result<Child>>);

fn spawn_from_lasting_thread(command: Command) -> Result<Child> {
    static THREAD: OnceLock<Mutex<Sender<Order>>> = OnceLock::new();
    let thread = THREAD.get_or_init(|| {
        let (orders, queue) = channel::<Order>();
        std::thread::spawn(move || {
            for (mut command, answer) in queue {
                drop(answer.send(command.spawn()));
            }
        });
        Mutex::new(orders)
    });
    let (answer, child) = channel();
    let sent = thread.lock().is_ok_and(|orders| orders.send((command, answer)).is_ok());
    if !sent {
        bail!("the thread that starts processes is gone");
    }
    Ok(child.recv().context("the thread that starts processes is gone")??)
}

/// `xtask launch`: the child's first moments.
#[derive(Args, Debug)]
pub struct Becoming {
    /// Who must still be the parent.
    #[arg(long)]
    parent: i32,
    #[arg(long)]
    ending: Ending,
    #[arg(long, requires = "gid")]
    uid: Option<u32>,
    #[arg(long, requires = "uid")]
    gid: Option<u32>,
    #[arg(last = true, required = true)]
    command: Vec<OsString>,
}

impl Becoming {
    /// Becomes the program; returns only when that fails.
    ///
    /// # Errors
    /// Always, with the reason.
    pub fn run(&self) -> Result<std::convert::Infallible> {
        // Before the signal is asked for: the kernel forgets it when the user changes.
        if let (Some(uid), Some(gid)) = (self.uid, self.gid) {
            User::become_it(uid, gid)?;
        }
        rustix::process::set_parent_process_death_signal(Some(self.ending.signal()))
            .context("the kernel knows no parent-death signal")?;
        // It may have died between our start and the line above, and then no signal comes.
        if rustix::process::getppid().is_none_or(|parent| parent.as_raw_nonzero().get() != self.parent) {
            bail!("the supervisor is gone");
        }
        let (program, arguments) = self.command.split_first().context("nothing to launch")?;
        let error = Command::new(program).args(arguments).exec();
        Err(error).with_context(|| format!("cannot run {}", Path::new(program).display()))
    }
}
