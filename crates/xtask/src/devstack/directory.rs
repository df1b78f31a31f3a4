//! `target/devstack`: control files, and who may use them now.

use crate::process::proc::Identity;
use crate::servers::Layout;
use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};
use std::fs::{File, TryLockError};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

const SUPERVISOR_LOG: &str = "supervisor.log";

/// The control directory of one stack.
#[derive(Clone, Debug)]
pub struct Directory {
    root: PathBuf,
}

impl Directory {
    /// `SENDSTATE_DEVSTACK_DIR`, or `target/devstack` of this checkout.
    #[must_use]
    pub fn from_environment() -> Self {
        let given = std::env::var_os("SENDSTATE_DEVSTACK_DIR").map(PathBuf::from);
        Self { root: given.unwrap_or_else(|| super::workspace().join("target/devstack")) }
    }

    /// A directory of its own below this one, so that tests run while a stack is up.
    #[must_use]
    pub fn below(&self, name: &str) -> Self {
        Self { root: self.root.join(name) }
    }

    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    #[must_use]
    pub fn env(&self) -> PathBuf {
        self.root.join("env")
    }

    #[must_use]
    pub fn run(&self) -> PathBuf {
        self.root.join("run")
    }

    #[must_use]
    pub fn logs(&self) -> PathBuf {
        self.root.join("log")
    }

    /// Of a supervisor in the background.
    #[must_use]
    pub fn supervisor_log(&self) -> PathBuf {
        self.logs().join(SUPERVISOR_LOG)
    }

    #[must_use]
    pub fn layout(&self) -> Layout {
        Layout { data: self.root.join("data"), logs: self.logs(), pids: Some(self.run()) }
    }

    /// Empties what the last run left for people to read, and makes the directories.
    ///
    /// # Errors
    /// When the directory cannot be written.
    pub fn prepare(&self) -> Result<()> {
        self.clear()?;
        for directory in [self.run(), self.logs()] {
            std::fs::create_dir_all(&directory)
                .with_context(|| format!("cannot create {}", directory.display()))?;
        }
        for entry in std::fs::read_dir(self.logs())?.flatten() {
            // A supervisor in the background writes it already.
            if entry.file_name() != SUPERVISOR_LOG {
                drop(std::fs::remove_file(entry.path()));
            }
        }
        Ok(())
    }

    /// Removes what speaks of a running stack.
    ///
    /// # Errors
    /// When it is there and cannot be removed.
    pub fn clear(&self) -> Result<()> {
        let removed = [std::fs::remove_file(self.env()), std::fs::remove_dir_all(self.run())];
        for result in removed {
            if let Err(error) = result
                && error.kind() != std::io::ErrorKind::NotFound
            {
                return Err(error).with_context(|| format!("cannot clear {}", self.root.display()));
            }
        }
        Ok(())
    }
}

/// Who holds a directory.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Holder {
    pub command: String,
    pub process: Identity,
}

/// The right to use a directory, until dropped. The kernel lets go of it with the process.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

/// How trying to lock ended.
pub enum Locking {
    Locked(Lock),
    /// By whom, if they have said so yet.
    Held(Option<Holder>),
}

impl Lock {
    /// # Errors
    /// When someone else holds it; the message says who and what to do.
    pub fn take(directory: &Directory, command: &str) -> Result<Self> {
        match Self::try_take(directory, command)? {
            Locking::Locked(lock) => Ok(lock),
            Locking::Held(Some(holder)) => bail!(
                "`cargo xtask {}` (pid {}) is using {}; `cargo xtask down` ends a stack that is up, Ctrl-C there ends \
                 anything else",
                holder.command,
                holder.process.pid,
                directory.root.display()
            ),
            Locking::Held(None) => bail!("another `cargo xtask` is using {}", directory.root.display()),
        }
    }

    /// # Errors
    /// When the lock file cannot be used at all.
    pub fn try_take(directory: &Directory, command: &str) -> Result<Locking> {
        std::fs::create_dir_all(&directory.root)
            .with_context(|| format!("cannot create {}", directory.root.display()))?;
        let path = directory.root.join("lock");
        let mut file = File::options()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .with_context(|| format!("cannot open {}", path.display()))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut text = String::new();
                file.read_to_string(&mut text)?;
                return Ok(Locking::Held(serde_json::from_str(&text).ok()));
            }
            Err(TryLockError::Error(error)) => {
                return Err(error).with_context(|| format!("cannot lock {}", path.display()));
            }
        }
        let holder = Holder { command: command.to_owned(), process: Identity::own()? };
        file.set_len(0)?;
        file.write_all(&serde_json::to_vec(&holder)?)?;
        Ok(Locking::Locked(Self { _file: file }))
    }
}
