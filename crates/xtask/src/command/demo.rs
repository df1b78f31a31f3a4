//! `cargo xtask demo`: a stack, the whole scenario against it, and one line that says whether anything was lost.

use super::Session;
use crate::devstack::{Counts, Directory, Stack};
use crate::process::Output;
use crate::report;
use anyhow::{Context, Result, bail};
use clap::Args;
use serde::Deserialize;
use std::io::Read;
use std::process::ExitCode;
use std::time::Duration;

/// Minutes on the smallest machine.
const DEADLINE: Duration = Duration::from_mins(15);
/// The document is a handful of numbers.
const DOCUMENT_BYTES_MAX: u64 = 1024 * 1024;

/// Run the whole pipeline on this machine, show what happens, and tear everything down.
#[derive(Args, Debug)]
pub struct Demo {}

/// What `sendstate demo --json` counts.
#[derive(Debug, Deserialize)]
struct Summary {
    posts: u64,
    events: u64,
    applied: u64,
    stale: u64,
    ignored: u64,
    duplicate: u64,
    quarantined: u64,
    delivered: u64,
    lost: u64,
}

impl std::fmt::Display for Summary {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { posts, events, applied, stale, ignored, duplicate, quarantined, delivered, lost } = self;
        write!(
            f,
            "posts={posts} events={events} applied={applied} stale={stale} ignored={ignored} \
             duplicate={duplicate} quarantined={quarantined} delivered={delivered} lost {lost}"
        )
    }
}

impl Demo {
    /// # Errors
    /// When the stack does not come up, the scenario fails, or on an interrupt.
    pub fn run(&self) -> Result<ExitCode> {
        let (summary, went_well) = play()?;
        // After everything is torn down, and the very last line.
        let well = went_well && summary.lost == 0;
        report::print(format_args!("demo: {} {summary}", if well { "ok" } else { "failed" }))?;
        Ok(if well { ExitCode::SUCCESS } else { ExitCode::from(1) })
    }
}

fn play() -> Result<(Summary, bool)> {
    // Two of those that compete for work, so that the scenario shows them sharing it.
    let counts = Counts { ingests: 1, workers: 2, dispatchers: 2 };
    let session = Session::open(Directory::from_environment(), "demo")?;
    let stack = Stack::start(&session.supervisor, &session.directory, counts)?;
    let mut scenario = session.supervisor.launch(&stack.command(&["demo", "--json"], Output::Piped))?;
    let stdout = scenario.take_stdout().context("the demo has no output")?;
    let reader = std::thread::spawn(move || {
        let mut document = String::new();
        stdout.take(DOCUMENT_BYTES_MAX).read_to_string(&mut document).map(|_| document)
    });
    let status = scenario.wait(DEADLINE)?;
    let document = reader.join().map_err(|_| anyhow::anyhow!("reading the demo's output panicked"))?;
    let document = document.context("cannot read the demo's output")?;
    match serde_json::from_str(&document) {
        Ok(summary) => Ok((summary, status.success())),
        Err(_) if !status.success() => bail!("`sendstate demo` failed ({status})"),
        Err(error) => Err(error).context("`sendstate demo --json` printed no summary"),
    }
}
