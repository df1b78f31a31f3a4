//! Starts processes and tells the watchdog of each, and owns the private directories.

use super::launch::Launch;
use super::proc::Identity;
use super::user::User;
use super::watchdog::{self, Ledger, Order, remove};
use super::{Process, proc};
use crate::secret;
use anyhow::{Context, Result, bail};
use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

/// A handle on everything started through it; cheap to clone. When the last one and the last [`Process`] are dropped,
/// the watchdog sweeps up and ends.
#[derive(Clone, Debug)]
pub struct Supervisor(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    /// The `xtask` program, which is both the watchdog and every child's first moments.
    helper: PathBuf,
    /// Where the watchdog writes its journal and its log.
    control: PathBuf,
    watch: Mutex<Watch>,
}

#[derive(Debug)]
struct Watch {
    watchdog: Child,
    orders: Option<ChildStdin>,
    journal: File,
    ledger: Ledger,
}

impl Supervisor {
    /// Starts the watchdog, after sweeping up what an earlier supervisor of this control directory had to leave.
    ///
    /// `helper` is the `xtask` program (of this workspace: `/proc/self/exe` when that is what runs). Only one
    /// supervisor at a time may use a control directory; [`crate::devstack::Lock`] sees to it.
    ///
    /// # Errors
    /// When `/proc` is missing, the directory cannot be written, or the helper does not start.
    pub fn start(helper: &Path, control: &Path) -> Result<Self> {
        Identity::own()?;
        std::fs::create_dir_all(control).with_context(|| format!("cannot create {}", control.display()))?;
        let journal_path = control.join("journal");
        watchdog::finish(&journal_path)?;
        let journal = File::options().create(true).write(true).truncate(true).mode(0o600).open(&journal_path);
        let journal = journal.with_context(|| format!("cannot write {}", journal_path.display()))?;
        let (watchdog, orders) = start_watchdog(helper, control)?;
        let watch = Watch { watchdog, orders: Some(orders), journal, ledger: Ledger::default() };
        Ok(Self(Arc::new(Inner {
            helper: helper.to_owned(),
            control: control.to_owned(),
            watch: Mutex::new(watch),
        })))
    }

    fn watch(&self) -> MutexGuard<'_, Watch> {
        // A panic while the lock is held loses at most one line of a ledger that is swept all the same.
        self.0.watch.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    fn tell(&self, order: Order) -> Result<()> {
        let mut watch = self.watch();
        let mut line = serde_json::to_vec(&order)?;
        line.push(b'\n');
        watch.journal.write_all(&line).context("cannot write the journal")?;
        watch.ledger.note(order);
        if watch.orders.as_mut().is_none_or(|pipe| pipe.write_all(&line).is_err()) {
            self.replace_watchdog(&mut watch)?;
        }
        Ok(())
    }

    /// Sees to it that there is a watchdog, in case someone killed it.
    ///
    /// # Errors
    /// When a new one does not start.
    pub fn ensure_watched(&self) -> Result<()> {
        let mut watch = self.watch();
        if watch.watchdog.try_wait().context("looking for the watchdog")?.is_some() {
            self.replace_watchdog(&mut watch)?;
        }
        Ok(())
    }

    fn replace_watchdog(&self, watch: &mut Watch) -> Result<()> {
        drop(watch.watchdog.wait());
        let (watchdog, mut orders) = start_watchdog(&self.0.helper, &self.0.control)?;
        for order in watch.ledger.orders() {
            let mut line = serde_json::to_vec(&order)?;
            line.push(b'\n');
            orders.write_all(&line).context("the new watchdog is gone at once")?;
        }
        (watch.watchdog, watch.orders) = (watchdog, Some(orders));
        Ok(())
    }

    /// Starts a process.
    ///
    /// # Errors
    /// When it cannot be started. A program that does not exist shows later, as exit code 1 and a line in its log.
    pub fn launch(&self, launch: &Launch) -> Result<Process> {
        crate::interrupt::check()?;
        let child = launch.spawn(&self.0.helper)?;
        let pid = i32::try_from(child.id()).context("a pid is a positive i32")?;
        // Not reaped yet, so it is there, if only as a zombie.
        let identity = proc::Identity::of(pid).context("/proc is not mounted")?;
        let process = Process::new(launch.clone(), child, identity, self.clone());
        self.tell(Order::Own { process: identity, ending: launch.ending })?;
        Ok(process)
    }

    /// Starts a process and waits for its success.
    ///
    /// # Errors
    /// When it fails or takes longer than `deadline`; the message ends with the last lines of its log.
    pub fn run(&self, launch: &Launch, deadline: Duration) -> Result<()> {
        let status = self.launch(launch)?.wait(deadline);
        let well = status.and_then(|status| {
            anyhow::ensure!(status.success(), "{} failed ({status})", launch.name);
            Ok(())
        });
        well.map_err(|error| crate::report::explain(error, launch.log()))
    }

    pub(super) fn disown(&self, process: Identity) -> Result<()> {
        self.tell(Order::Disown { process })
    }

    /// Has the file or directory removed when everything is over, even if that is our own sudden end.
    ///
    /// # Errors
    /// When the watchdog cannot be told.
    pub fn discard_at_end(&self, path: PathBuf) -> Result<()> {
        self.tell(Order::Discard { path })
    }

    /// Has the command run when everything is over, even if that is our own sudden end.
    ///
    /// # Errors
    /// When the watchdog cannot be told.
    pub fn undo_at_end(&self, command: Vec<String>) -> Result<()> {
        self.tell(Order::Undo { command })
    }

    /// The command has been run.
    ///
    /// # Errors
    /// When the watchdog cannot be told.
    pub fn undone(&self, command: Vec<String>) -> Result<()> {
        self.tell(Order::Undone { command })
    }

    /// A new directory that only `user` (or we) can read, removed at the end: below `preferred` if the user gets
    /// there, else below the temporary directory.
    ///
    /// # Errors
    /// When there is no such place.
    pub fn private_directory(&self, preferred: &Path, user: Option<&User>) -> Result<PrivateDirectory> {
        let name = format!("sendstate-{}", &secret::password()?);
        let mut refused = Vec::new();
        for parent in [preferred.to_owned(), std::env::temp_dir(), "/var/tmp".into(), "/tmp".into()] {
            let path = parent.join(&name);
            self.tell(Order::Discard { path: path.clone() })?;
            match create_private(&parent, &path, user) {
                Ok(()) => return Ok(PrivateDirectory { path, supervisor: self.clone() }),
                Err(error) => {
                    refused.push(format!("{error:#}"));
                    remove(&path)?;
                    self.tell(Order::Discarded { path })?;
                }
            }
        }
        let whom = user.map_or("this user", |user| user.name.as_str());
        bail!("no place for private data that {whom} reaches; set TMPDIR to one:\n  {}", refused.join("\n  "))
    }
}

fn create_private(parent: &Path, path: &Path, user: Option<&User>) -> Result<()> {
    std::fs::create_dir_all(parent).with_context(|| format!("cannot create {}", parent.display()))?;
    std::fs::DirBuilder::new()
        .mode(0o700)
        .create(path)
        .with_context(|| format!("cannot create {}", path.display()))?;
    if let Some(user) = user {
        let given = std::os::unix::fs::chown(path, Some(user.uid), Some(user.gid));
        given.with_context(|| format!("cannot give {} to {}", path.display(), user.name))?;
        anyhow::ensure!(user.reaches(path), "{} is out of {}'s reach", path.display(), user.name);
    }
    Ok(())
}

fn start_watchdog(helper: &Path, control: &Path) -> Result<(Child, ChildStdin)> {
    let log = control.join("watchdog.log");
    let log = File::options()
        .create(true)
        .append(true)
        .open(&log)
        .with_context(|| format!("cannot write {}", log.display()))?;
    let mut child = Command::new(helper)
        .arg("watchdog")
        .arg("--journal")
        .arg(control.join("journal"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(log)
        .spawn()
        .with_context(|| format!("cannot start {} as the watchdog", helper.display()))?;
    let (Some(orders), Some(answer)) = (child.stdin.take(), child.stdout.take()) else {
        bail!("the watchdog has no pipes");
    };
    // Until it has left our session, a Ctrl-C would end it too; nothing is started before.
    let mut ready = String::new();
    BufReader::new(answer).read_line(&mut ready).context("the watchdog does not answer")?;
    if ready != "ready\n" {
        drop(child.wait());
        bail!("{} is not a working xtask: it did not start as the watchdog", helper.display());
    }
    Ok((child, orders))
}

impl Drop for Inner {
    fn drop(&mut self) {
        let watch = self.watch.get_mut().unwrap_or_else(std::sync::PoisonError::into_inner);
        watch.orders = None;
        match watch.watchdog.wait() {
            Ok(status) if status.success() => {}
            _ => crate::report::say(crate::report::tail(&self.control.join("watchdog.log"), 20)),
        }
    }
}

/// A private directory; removed when dropped.
#[derive(Debug)]
pub struct PrivateDirectory {
    path: PathBuf,
    supervisor: Supervisor,
}

impl PrivateDirectory {
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes a file there that only the directory's owner reads.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&self, name: &str, text: &str, user: Option<&User>) -> Result<PathBuf> {
        let path = self.path.join(name);
        let write = || -> std::io::Result<()> {
            let mut file = File::options().create(true).write(true).truncate(true).mode(0o600).open(&path)?;
            file.write_all(text.as_bytes())?;
            user.map_or(Ok(()), |user| std::os::unix::fs::fchown(&file, Some(user.uid), Some(user.gid)))
        };
        write().with_context(|| format!("cannot write {}", path.display()))?;
        Ok(path)
    }
}

impl Drop for PrivateDirectory {
    fn drop(&mut self) {
        let removed = remove(&self.path)
            .and_then(|()| self.supervisor.tell(Order::Discarded { path: self.path.clone() }));
        if let Err(error) = removed {
            crate::report::say(format_args!("{error:#}"));
        }
    }
}
