//! Settings that the processes are told beside their defaults, checked before any of them is started.
//!
//! A process ignores a variable that it does not know: a name that is spelt wrong would measure the defaults and report
//! them as something else. So each program is asked which settings it has.

use anyhow::{Context, Result, bail, ensure};
use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Command, Stdio};

const PROGRAMS: [&str; 3] = ["sendstate-ingest", "sendstate-worker", "sendstate-dispatcher"];

/// What every world decides for itself: told otherwise, its processes would not meet, or would meet somebody else's.
const OURS: [&str; 7] = [
    "SENDSTATE_DATABASE_URL",
    "SENDSTATE_AMQP_URL",
    "SENDSTATE_QUEUE_PREFIX",
    "SENDSTATE_SECRET_KEY",
    "SENDSTATE_ADMIN_LISTEN",
    "SENDSTATE_INGEST_LISTEN",
    "SENDSTATE_INGEST_SNAPSHOT",
];

/// # Errors
/// When a name is no setting of any process or is not to be chosen, or when a program does not tell its settings.
pub(crate) fn check(programs: &Path, set: &[(String, String)]) -> Result<()> {
    if set.is_empty() {
        return Ok(());
    }
    let mut known = BTreeSet::new();
    for name in PROGRAMS {
        known.extend(asked(&programs.join(name))?);
    }
    set.iter().try_for_each(|(name, _)| allowed(name, &known))
}

/// The settings of a program.
fn asked(program: &Path) -> Result<BTreeSet<String>> {
    let shown = program.display();
    let mut command = Command::new(program);
    command.arg("--help").env_clear().stdin(Stdio::null());
    let output = command.output().with_context(|| format!("cannot ask {shown} for its settings"))?;
    let names = listed(&String::from_utf8_lossy(&output.stdout));
    ensure!(output.status.success() && !names.is_empty(), "`{shown} --help` lists no settings");
    Ok(names)
}

/// The settings that a process's `--help` lists: each begins a line, its explanation is indented further. A secret's has a
/// twin that names a file.
fn listed(help: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for line in help.lines() {
        let Some(setting) = line.strip_prefix("  ").filter(|rest| rest.starts_with("SENDSTATE_")) else {
            continue;
        };
        let (name, kind) = setting.split_once(' ').unwrap_or((setting, ""));
        names.insert(name.to_owned());
        if kind == "[secret]" {
            names.insert(format!("{name}_FILE"));
        }
    }
    names
}

fn allowed(name: &str, known: &BTreeSet<String>) -> Result<()> {
    if OURS.contains(&name.trim_end_matches("_FILE")) {
        bail!("--set {name}: the benchmark sets it for each of its runs; leave it out");
    }
    let free =
        known.iter().map(String::as_str).filter(|name| !OURS.contains(&name.trim_end_matches("_FILE")));
    ensure!(
        known.contains(name),
        "--set {name}: no process has a setting of that name; give one of: {}",
        free.collect::<Vec<_>>().join(", ")
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As a process writes it.
    const HELP: &str = "sendstate-worker 0.1.0\nFolds.\n\nUsage: sendstate-worker [FLAG]\n\nFlags:\n  \
        -h, --help          this text\n\nSettings (environment; a secret can be in the file named by NAME_FILE):\n\n  \
        SENDSTATE_DATABASE_URL [secret]\n      Where to.\n\n  SENDSTATE_WORKER_PREFETCH [default: 64]\n      As \
        SENDSTATE_OTHER says.\n\n  SENDSTATE_WORKER_PROXY [secret]\n      SENDSTATE_ELSEWHERE.\n\n  SENDSTATE_NOTE\n";

    fn refusal(name: &str) -> Option<String> {
        allowed(name, &listed(HELP)).err().map(|error| error.to_string())
    }

    #[test]
    fn what_a_process_lists_may_be_set() {
        for name in [
            "SENDSTATE_WORKER_PREFETCH",
            "SENDSTATE_WORKER_PROXY",
            "SENDSTATE_WORKER_PROXY_FILE",
            "SENDSTATE_NOTE",
        ] {
            assert_eq!(refusal(name), None);
        }
    }

    #[test]
    fn a_name_that_no_process_lists_is_refused_with_those_that_may_be_given() {
        let known =
            "SENDSTATE_NOTE, SENDSTATE_WORKER_PREFETCH, SENDSTATE_WORKER_PROXY, SENDSTATE_WORKER_PROXY_FILE";
        for name in
            ["SENDSTATE_WORKER_PREFETCHES", "SENDSTATE_OTHER", "SENDSTATE_ELSEWHERE", "SENDSTATE_NOTE_FILE"]
        {
            let expected =
                format!("--set {name}: no process has a setting of that name; give one of: {known}");
            assert_eq!(refusal(name), Some(expected));
        }
    }

    #[test]
    fn what_every_run_decides_for_itself_is_refused() {
        for name in ["SENDSTATE_DATABASE_URL", "SENDSTATE_DATABASE_URL_FILE", "SENDSTATE_ADMIN_LISTEN"] {
            assert!(
                refusal(name).unwrap().ends_with("the benchmark sets it for each of its runs; leave it out"),
                "{name}"
            );
        }
    }

    #[test]
    fn a_program_that_lists_nothing_is_not_believed() {
        let set = [("SENDSTATE_WORKER_PREFETCH".to_owned(), "1".to_owned())];
        assert!(check(Path::new("/nonexistent"), &set).is_err());
        assert!(asked(Path::new("/bin/true")).is_err());
        check(Path::new("/nonexistent"), &[]).unwrap();
    }
}
