//! `cargo xtask bench`: builds the product as it is released, starts servers that keep what they confirm, and measures.

use super::Session;
use crate::devstack::{Directory, Platform, build_release, released_binaries, workspace};
use crate::process::{Launch, Output};
use crate::report;
use crate::servers::Durability;
use anyhow::{Context, Result, ensure};
use clap::{Args, Subcommand};
use std::process::ExitCode;
use std::time::Duration;

/// `bench growth` fills a table with 20 million rows.
const DEADLINE: Duration = Duration::from_hours(3);

/// Measure rates, latencies, CPU and memory on this machine.
#[derive(Args, Debug)]
#[command(after_help = "\
The report is written to target/bench: report.json, and report.html for a browser. Nothing else should run on the \
machine meanwhile.

Examples:
  cargo xtask bench --quick --check
  cargo xtask bench --only end-to-end --set SENDSTATE_WORKER_WINDOW_BYTES=4MiB
  cargo xtask bench growth
")]
pub struct Bench {
    #[command(flatten)]
    pub choice: Choice,
}

/// What to measure, and how the exit code is decided.
#[derive(Args, Clone, Debug)]
pub struct Choice {
    #[command(subcommand)]
    pub long: Option<Long>,
    /// Leave out POSTs of 1 and 10 events end to end, and take fewer rounds and shorter stretches: less than ten minutes on
    /// two cores.
    #[arg(long)]
    pub quick: bool,
    /// Exit with 1 if a ratio misses its target and no measured limit explains it.
    #[arg(long)]
    pub check: bool,
    /// Only these.
    #[arg(long, value_enum, value_delimiter = ',', value_name = "PART,...")]
    pub only: Vec<Part>,
    /// Tell the processes something other than a default, to see what it does. The name must be a setting of one of them.
    #[arg(long, value_parser = setting, value_name = "SENDSTATE_…=VALUE")]
    pub set: Vec<(String, String)>,
}

fn setting(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("give NAME=VALUE")?;
    let known = name.starts_with("SENDSTATE_");
    if known {
        Ok((name.to_owned(), value.to_owned()))
    } else {
        Err("the name begins with SENDSTATE_".to_owned())
    }
}

/// What takes too long to be part of every run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Subcommand)]
pub enum Long {
    /// CPU and WAL bytes per event with 1, 5 and 20 million events stored (about 20 GB of disk, some 20
    /// minutes, and up to five more if an hour is about to end).
    Growth,
}

/// A part of the measurement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Part {
    Verify,
    Ingest,
    EndToEnd,
    Latency,
    Dispatch,
    Isolation,
}

impl Choice {
    /// As arguments of the program that measures.
    fn arguments(&self) -> Vec<String> {
        let mut arguments = Vec::new();
        arguments.extend(self.quick.then(|| "--quick".to_owned()));
        arguments.extend(self.check.then(|| "--check".to_owned()));
        for part in &self.only {
            let name = clap::ValueEnum::to_possible_value(part);
            arguments.extend(name.map(|name| format!("--only={}", name.get_name())));
        }
        arguments.extend(self.set.iter().map(|(name, value)| format!("--set={name}={value}")));
        arguments.extend(self.long.map(|Long::Growth| "growth".to_owned()));
        arguments
    }
}

impl Bench {
    /// # Errors
    /// When the servers or the programs are not to be had, or on an interrupt. What `--check` finds is an exit code.
    pub fn run(&self) -> Result<ExitCode> {
        for given in ["SENDSTATE_TEST_DATABASE_URL", "SENDSTATE_TEST_AMQP_URL"] {
            ensure!(
                std::env::var_os(given).is_none(),
                "{given} is set, and a server that is not ours cannot be measured: unset it"
            );
        }
        let session = Session::open(Directory::from_environment().below("bench"), "bench")?;
        let supervisor = &session.supervisor;
        session.directory.prepare()?;
        report::say("building for release, starting PostgreSQL and RabbitMQ meanwhile");
        let platform =
            Platform::start(supervisor, &session.directory.layout(), Durability::Durable, |failed| {
                build_release(supervisor, failed)
            })?;
        let programs = released_binaries()?;
        let own = std::env::current_exe().context("cannot find this program")?;
        let launch = Launch::new("sendstate-bench", programs.join("sendstate-bench"), Output::Inherit)
            .args(self.choice.arguments())
            .env("SENDSTATE_BENCH_DATABASE_URL", platform.database_url())
            .env("SENDSTATE_BENCH_AMQP_URL", platform.amqp_url())
            .env("SENDSTATE_BENCH_PIDS", session.directory.run())
            .env("SENDSTATE_BENCH_LOGS", session.directory.logs())
            .env("SENDSTATE_BENCH_PROGRAMS", &programs)
            .env("SENDSTATE_BENCH_HELPER", own)
            .env("SENDSTATE_BENCH_REPORT", workspace().join("target/bench"));
        let status = supervisor.launch(&launch)?.wait(DEADLINE)?;
        // Ended by a signal: a failure like any other.
        Ok(ExitCode::from(status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(1)))
    }
}
