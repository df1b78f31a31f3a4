//! Making sure that the server programs are there: found, or on Debian and Ubuntu installed, or asked for.
//!
//! Packages start their services when installed, which nobody here wants: a policy file forbids it meanwhile, and what
//! was there before comes back afterwards, also after an interrupt or a kill.

use super::{PostgresPrograms, RabbitMqPrograms, Search};
use crate::process::{Ending, Launch, Output, Process, Supervisor};
use crate::{report, wait};
use anyhow::{Context, Result, bail};
use rustix::process::Signal;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

/// Exit code of a command that needs a server and has none: `EX_UNAVAILABLE` of sysexits.
pub const EXIT_CODE: u8 = 69;

/// A slow mirror and a slow disk.
const INSTALL_DEADLINE: Duration = Duration::from_mins(30);
const POLICY: &str = "/usr/sbin/policy-rc.d";
const POLICY_BEFORE: &str = "/usr/sbin/policy-rc.d.before-sendstate";
/// 101 means "action forbidden by policy" to `invoke-rc.d` and `deb-systemd-invoke`.
const POLICY_TEXT: &str = "#!/bin/sh\n# Placed by Sendstate's xtask while it installs packages.\nexit 101\n";

/// A server program is missing. What to do about it is the message.
#[derive(Debug)]
pub struct Missing {
    what: Vec<Wanted>,
    why_not_installed: String,
}

impl std::fmt::Display for Missing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names: Vec<_> = self.what.iter().map(|wanted| wanted.name()).collect();
        let packages: Vec<_> = self.what.iter().map(|wanted| wanted.package()).collect();
        let rpms = packages.join(" ").replace("postgresql", "postgresql-server");
        writeln!(f, "missing on this machine: {}", names.join(" and "))?;
        writeln!(f, "not installed by this command: {}", self.why_not_installed)?;
        writeln!(f, "do one of these, then run it again:")?;
        writeln!(
            f,
            "  Debian, Ubuntu:  sudo apt-get install --no-install-recommends {}",
            packages.join(" ")
        )?;
        writeln!(f, "  Fedora:          sudo dnf install {rpms}")?;
        writeln!(
            f,
            "  elsewhere:       install them and name their directories in SENDSTATE_SERVER_PATH=/a/bin:/b/bin"
        )?;
        write!(f, "  running servers: set")?;
        for wanted in &self.what {
            write!(f, " {}", wanted.url())?;
        }
        Ok(())
    }
}

impl std::error::Error for Missing {}

/// A server that is needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    Postgres,
    RabbitMq,
}

impl Wanted {
    const fn name(self) -> &'static str {
        match self {
            Self::Postgres => "PostgreSQL 15 or later (initdb, postgres)",
            Self::RabbitMq => "RabbitMQ (rabbitmq-server, rabbitmqctl, erl, epmd)",
        }
    }

    const fn package(self) -> &'static str {
        match self {
            Self::Postgres => "postgresql",
            Self::RabbitMq => "rabbitmq-server",
        }
    }

    const fn url(self) -> &'static str {
        match self {
            Self::Postgres => "SENDSTATE_TEST_DATABASE_URL=postgres://…",
            Self::RabbitMq => "SENDSTATE_TEST_AMQP_URL=amqp://…",
        }
    }

    fn is_there(self, search: &Search) -> bool {
        match self {
            Self::Postgres => PostgresPrograms::find(search).is_some(),
            Self::RabbitMq => RabbitMqPrograms::find(search).is_some(),
        }
    }
}

/// Sees to it that the programs of every wanted server are there.
///
/// # Errors
/// [`Missing`] when some are not and cannot be installed; else when installing fails.
pub fn provide(supervisor: &Supervisor, search: &Search, wanted: &[Wanted], logs: &Path) -> Result<()> {
    let missing = || wanted.iter().copied().filter(|wanted| !wanted.is_there(search)).collect::<Vec<_>>();
    let what = missing();
    if what.is_empty() {
        return Ok(());
    }
    let privilege = match Privilege::find(search) {
        Ok(privilege) => privilege,
        Err(why_not_installed) => return Err(Missing { what, why_not_installed }.into()),
    };
    let packages: Vec<_> = what.iter().map(|wanted| wanted.package()).collect();
    install(supervisor, &privilege, &packages, logs)?;
    let what = missing();
    if !what.is_empty() {
        let why_not_installed = "this system's packages were installed and are not enough".to_owned();
        return Err(Missing { what, why_not_installed }.into());
    }
    Ok(())
}

/// How commands are run as root.
struct Privilege {
    prefix: Vec<String>,
}

impl Privilege {
    fn find(search: &Search) -> Result<Self, String> {
        if !search.may_install() {
            return Err("SENDSTATE_SERVER_PATH says where to look, and only there".to_owned());
        }
        if !succeeds("apt-get", &["--version"]) {
            return Err("there is no apt-get".to_owned());
        }
        if rustix::process::getuid().is_root() {
            return Ok(Self { prefix: Vec::new() });
        }
        if succeeds("sudo", &["-n", "true"]) {
            return Ok(Self { prefix: vec!["sudo".to_owned(), "-n".to_owned()] });
        }
        Err("it needs root, or sudo without a password".to_owned())
    }

    fn command(&self, arguments: &[&str]) -> Vec<String> {
        self.prefix.iter().cloned().chain(arguments.iter().map(|&argument| argument.to_owned())).collect()
    }
}

fn succeeds(program: &str, arguments: &[&str]) -> bool {
    let status = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    status.is_ok_and(|status| status.success())
}

fn run(command: &[String]) -> Result<()> {
    let (program, arguments) = command.split_first().context("an empty command")?;
    let status = Command::new(program).args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).status();
    let status = status.with_context(|| command.join(" "))?;
    anyhow::ensure!(status.success(), "{}: {status}", command.join(" "));
    Ok(())
}

fn install(supervisor: &Supervisor, privilege: &Privilege, packages: &[&str], logs: &Path) -> Result<()> {
    let log = logs.join("apt-get.log");
    report::say(format_args!(
        "installing {} with apt-get, services not started (log: {})",
        packages.join(" "),
        log.display()
    ));
    let _policy = Policy::place(supervisor, privilege)?;
    // Lists may be fresh enough, or locked by someone who updates them: only the installation must succeed.
    let updated = apt_get(supervisor, privilege, &["update"], &log);
    crate::interrupt::check()?;
    let mut arguments = vec!["install", "-y", "--no-install-recommends"];
    arguments.extend(packages);
    let installed = apt_get(supervisor, privilege, &arguments, &log);
    crate::interrupt::check()?;
    installed.map_err(|error| {
        let lists = updated.err().map_or_else(String::new, |error| format!(" (before that: {error:#})"));
        let error = error.context(format!(
            "installing failed{lists}; an interrupted installation is finished by `dpkg --configure -a`"
        ));
        report::explain(error, Some(&log))
    })
}

fn apt_get(supervisor: &Supervisor, privilege: &Privilege, arguments: &[&str], log: &Path) -> Result<()> {
    let settings = [
        "env",
        "DEBIAN_FRONTEND=noninteractive",
        "LC_ALL=C.UTF-8",
        "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "apt-get",
        "-q",
        "-o",
        "DPkg::Lock::Timeout=300",
        "-o",
        "Dpkg::Use-Pty=0",
        "-o",
        "Dpkg::Options::=--force-confold",
        "-o",
        "Acquire::Retries=3",
    ];
    let command = privilege.command(&[&settings[..], arguments].concat());
    let (program, rest) = command.split_first().context("an empty command")?;
    let output = Output::Log(log.to_owned());
    let launch = Launch { ending: Ending::Interrupt, ..Launch::new("apt-get", program, output) }.args(rest);
    let mut process = supervisor.launch(&launch)?;
    match process.wait(INSTALL_DEADLINE) {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => bail!("apt-get {}: {status}", arguments.join(" ")),
        Err(error) => {
            report::say("apt-get finishes its current step first, so that no package stays half configured");
            end_gently(&mut process, privilege)?;
            Err(error)
        }
    }
}

/// A process that sudo runs as root takes no signal from us but through sudo.
fn end_gently(process: &mut Process, privilege: &Privilege) -> Result<()> {
    if privilege.prefix.is_empty() {
        return process.stop(Signal::INT, Ending::Interrupt.patience()).map(drop);
    }
    run(&privilege.command(&["kill", "-INT", &process.identity().pid.to_string()]))?;
    let ended =
        wait::held_within(Ending::Interrupt.patience(), || matches!(process.ended(), Ok(Some(_)) | Err(_)));
    anyhow::ensure!(ended, "apt-get (pid {}) does not end", process.identity().pid);
    Ok(())
}

/// The policy that forbids services to start; taken back when dropped, or by the watchdog.
struct Policy<'a> {
    supervisor: &'a Supervisor,
    undo: Vec<String>,
}

impl<'a> Policy<'a> {
    fn place(supervisor: &'a Supervisor, privilege: &Privilege) -> Result<Self> {
        let before = Path::new(POLICY).exists();
        let undo = if before {
            privilege.command(&["mv", "-f", POLICY_BEFORE, POLICY])
        } else {
            privilege.command(&["rm", "-f", POLICY])
        };
        if before {
            run(&privilege.command(&["cp", "-p", POLICY, POLICY_BEFORE]))?;
        }
        supervisor.undo_at_end(undo.clone())?;
        let this = Self { supervisor, undo };
        let home = supervisor.private_directory(&std::env::temp_dir(), None)?;
        let text: PathBuf = home.write("policy-rc.d", POLICY_TEXT, None)?;
        let text = text.to_str().context("the temporary directory's name is not text")?;
        run(&privilege.command(&["install", "-m", "755", text, POLICY]))?;
        Ok(this)
    }
}

impl Drop for Policy<'_> {
    fn drop(&mut self) {
        let undone = run(&self.undo).and_then(|()| self.supervisor.undone(std::mem::take(&mut self.undo)));
        if let Err(error) = undone {
            report::say(format_args!("{error:#}"));
        }
    }
}
