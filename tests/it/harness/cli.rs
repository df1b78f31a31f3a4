//! The real `sendstate`, run to its end.

use super::environment::environment;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;
use tokio::process::{Child, Command};

const DEADLINE: Duration = Duration::from_secs(120);

/// How a command ended and what it said.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ran {
    /// The one document that `--json` prints.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout)
            .unwrap_or_else(|error| panic!("not one JSON document ({error}): {self:?}"))
    }
}

/// One that has not ended yet. Killed when dropped.
pub(crate) struct Running {
    what: String,
    child: Child,
}

impl Running {
    pub(crate) fn start(arguments: &[&str], settings: &[(String, String)], directory: &Path) -> Self {
        let mut command = Command::new(environment().programs.join("sendstate"));
        command.args(arguments).env_clear().envs(settings.iter().cloned()).current_dir(directory);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        Self { what: format!("sendstate {arguments:?}"), child: command.spawn().unwrap() }
    }

    pub(crate) fn signal(&self, signal: Signal) {
        let id = self.child.id().and_then(|id| i32::try_from(id).ok()).expect("it has not ended");
        kill_process(Pid::from_raw(id).expect("an id is never 0"), signal).unwrap();
    }

    pub(crate) async fn ended(self) -> Ran {
        let output = tokio::time::timeout(DEADLINE, self.child.wait_with_output()).await;
        let output = output.unwrap_or_else(|_| panic!("{} did not end in {DEADLINE:?}", self.what)).unwrap();
        Ran {
            code: output.status.code().expect("it was not ended by a signal"),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }
}
