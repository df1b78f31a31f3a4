//! The real `sendstate`, run to its end.

use super::environment::environment;
use serde_json::Value;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;
use tokio::process::Command;

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

pub(crate) async fn run(arguments: &[&str], settings: &[(String, String)], directory: &Path) -> Ran {
    let mut command = Command::new(environment().programs.join("sendstate"));
    command.args(arguments).env_clear().envs(settings.iter().cloned()).current_dir(directory);
    let output = command.stdin(Stdio::null()).kill_on_drop(true).output();
    let output = tokio::time::timeout(DEADLINE, output).await;
    let output =
        output.unwrap_or_else(|_| panic!("sendstate {arguments:?} did not end in {DEADLINE:?}")).unwrap();
    Ran {
        code: output.status.code().expect("it was not ended by a signal"),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}
