//! Leaving a supervisor in the background.
//!
//! The command starts itself once more, in a session of its own, with its progress in a log that the command copies to
//! the terminal. Over two pipes the two agree on the moment of parting: until the background has said that everything
//! is ready *and* the command has answered, the end of the command is the end of everything.

use crate::devstack::{Counts, Directory};
use crate::interrupt::{self, Interrupted};
use crate::{report, wait};
use anyhow::{Context, Result};
use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, Command, ExitCode, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

/// Ends the description of the stack on the pipe; no line of a table is just this.
const END: &str = ".";
const PART: &str = "part";
/// Ending a half-started stack.
const UNWIND_PATIENCE: Duration = Duration::from_mins(2);

/// Starts a supervisor in the background and returns when its stack is ready.
///
/// # Errors
/// On an interrupt; everything is ended then.
pub(super) fn start(directory: &Directory, counts: Counts) -> Result<ExitCode> {
    interrupt::install()?;
    std::fs::create_dir_all(directory.logs())?;
    let log_path = directory.supervisor_log();
    let log = File::create(&log_path).with_context(|| format!("cannot write {}", log_path.display()))?;
    let mut shown = File::open(&log_path)?;
    let mut child = Command::new("/proc/self/exe")
        .args(["up", "--background"])
        .arg(format!("--ingests={}", counts.ingests))
        .arg(format!("--workers={}", counts.workers))
        .arg(format!("--dispatchers={}", counts.dispatchers))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(log)
        .spawn()
        .context("cannot start the supervisor in the background")?;
    let lines = read_lines(&mut child)?;
    let mut table = String::new();
    loop {
        copy(&mut shown);
        if interrupt::check().is_err() {
            return Err(give_up(child, &mut shown));
        }
        match lines.recv_timeout(wait::TICK) {
            Ok(line) if line == END => break,
            Ok(line) => table.extend([line.as_str(), "\n"]),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return failed(child, &mut shown),
        }
    }
    let mut parting = child.stdin.take().context("the supervisor has no input")?;
    writeln!(parting, "{PART}").context("the supervisor is gone")?;
    // It closes its end when it has understood.
    while lines.recv().is_ok() {}
    copy(&mut shown);
    report::print(table.trim_end())?;
    report::say("everything is ready; `cargo xtask down` ends it");
    Ok(ExitCode::SUCCESS)
}

fn read_lines(child: &mut Child) -> Result<Receiver<String>> {
    let (lines, received) = channel();
    let stdout = BufReader::new(child.stdout.take().context("the supervisor has no output")?);
    std::thread::spawn(move || {
        for line in stdout.lines().map_while(Result::ok) {
            if lines.send(line).is_err() {
                break;
            }
        }
    });
    Ok(received)
}

/// Shows what has been written since the last time.
fn copy(log: &mut File) {
    let mut text = Vec::new();
    if log.read_to_end(&mut text).is_ok() && !text.is_empty() {
        drop(std::io::stderr().write_all(&text));
    }
}

fn give_up(mut child: Child, log: &mut File) -> anyhow::Error {
    // The end of its input tells it.
    drop(child.stdin.take());
    let ended = wait::held_within(UNWIND_PATIENCE, || {
        copy(log);
        matches!(child.try_wait(), Ok(Some(_)) | Err(_))
    });
    if !ended {
        report::say(format_args!("the supervisor (pid {}) does not end; kill it", child.id()));
    }
    Interrupted.into()
}

fn failed(mut child: Child, log: &mut File) -> Result<ExitCode> {
    let status = child.wait().context("waiting for the supervisor")?;
    copy(log);
    let code = status.code().and_then(|code| u8::try_from(code).ok()).filter(|code| *code != 0);
    Ok(ExitCode::from(code.unwrap_or(1)))
}

/// Being the supervisor in the background.
pub(super) struct Background {
    parted: Receiver<()>,
}

impl Background {
    /// Leaves the terminal's session, and follows the command's end until parted from it.
    ///
    /// # Errors
    /// When run by hand from a shell, as the leader of its group.
    pub(super) fn enter() -> Result<Self> {
        rustix::process::setsid().context("cannot leave the terminal's session")?;
        let (tell, parted) = channel();
        std::thread::spawn(move || {
            let mut line = String::new();
            match std::io::stdin().lock().read_line(&mut line) {
                Ok(_) if line.trim_end() == PART => drop(tell.send(())),
                _ => interrupt::raise(),
            }
        });
        Ok(Self { parted })
    }

    /// Hands the description over, waits for the answer, and lets go of both pipes.
    ///
    /// # Errors
    /// When the command is gone.
    pub(super) fn ready(&self, table: &str) -> Result<()> {
        report::print(table.trim_end())?;
        report::print(END)?;
        self.parted.recv().map_err(|_| Interrupted)?;
        let nowhere = File::options().read(true).write(true).open("/dev/null")?;
        rustix::stdio::dup2_stdin(&nowhere)?;
        rustix::stdio::dup2_stdout(&nowhere)?;
        Ok(())
    }
}
