//! One run of the benchmark: what it was asked, what it has found so far, and how it ends.

use crate::environment::Environment;
use crate::id;
use crate::load::{Histogram, PER_MILLISECOND};
use crate::machine::{Commit, Machine};
use crate::measure;
use crate::report::{self, CpuRun, Mode, Report, Share, html, json, table};
use crate::result::Measurement;
use crate::usage::Usage;
use crate::world::{Kind, Peaks, World};
use crate::{method, world};
use anyhow::Result;
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;
use xtask::command::{Choice, Long, Part};
use xtask::report::{print, say};

pub(crate) struct Session {
    pub(crate) environment: Arc<Environment>,
    pub(crate) quick: bool,
    /// That this machine has.
    pub(crate) cores: usize,
    pub(crate) peaks: Peaks,
    report: Report,
    began: Instant,
}

/// Measures what was asked for and writes the report.
///
/// # Errors
/// When something cannot be measured: a server away, an event lost, a POST refused.
pub async fn run(choice: &Choice) -> Result<ExitCode> {
    xtask::interrupt::install()?;
    let mut session = Session::open(choice).await?;
    if choice.long == Some(Long::Growth) {
        measure::growth::measure(&mut session).await?;
    } else {
        let chosen = |part| choice.only.is_empty() || choice.only.contains(&part);
        session.parts(chosen).await?;
    }
    session.end(choice.check)
}

impl Session {
    async fn open(choice: &Choice) -> Result<Self> {
        let environment = Arc::new(Environment::read(&choice.set)?);
        World::make_template(&environment).await?;
        let versions = versions(&environment).await?;
        let machine = Machine::read(&environment.logs, versions);
        let quick = choice.quick;
        let mode = if quick { Mode::Quick } else { Mode::Full };
        let commit = Commit::read(xtask::devstack::workspace());
        let mut report = Report::new(mode, commit, machine, now());
        report.method = method::told();
        if !choice.set.is_empty() {
            let set: Vec<String> = choice.set.iter().map(|(name, value)| format!("{name}={value}")).collect();
            report.method.push(("Settings that are not the defaults".to_owned(), set.join(", ")));
        }
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Ok(Self { environment, quick, cores, peaks: Peaks::new(), report, began: Instant::now() })
    }

    async fn parts(&mut self, chosen: impl Fn(Part) -> bool) -> Result<()> {
        if chosen(Part::Verify) {
            say("verifying");
            measure::verify::measure(self)?;
        }
        if chosen(Part::Ingest) {
            measure::ingest::measure(self).await?;
        }
        if chosen(Part::EndToEnd) {
            measure::end_to_end::measure(self).await?;
        }
        if chosen(Part::Latency) {
            measure::latency::measure(self).await?;
        }
        if chosen(Part::Dispatch) {
            measure::dispatch::measure(self).await?;
        }
        if chosen(Part::Isolation) {
            measure::isolation::measure(self).await?;
        }
        Ok(())
    }

    /// Rounds of what is compared.
    pub(crate) const fn rounds(&self) -> usize {
        if self.quick { 3 } else { 5 }
    }

    /// Says what comes next.
    pub(crate) fn say(&self, what: &str) {
        say(format_args!("{:>4} s  {what}", self.began.elapsed().as_secs()));
    }

    /// # Errors
    /// When the report refuses one: it was measured twice, or against nothing.
    pub(crate) fn add(&mut self, results: impl IntoIterator<Item = Measurement>) -> Result<()> {
        results.into_iter().try_for_each(|result| {
            let ratio = result.ratio().map(|ratio| {
                format!(", {:.3} of {}", ratio.value, result.floor().map_or("", |floor| &floor.id))
            });
            self.say(&format!(
                "{} = {:.4} {}{}",
                result.id(),
                result.value(),
                result.unit(),
                ratio.unwrap_or_default()
            ));
            self.report.add(result)
        })
    }

    /// The whole of what was recorded in microseconds, beside the results.
    pub(crate) fn add_distribution(&mut self, id: String, recorded: &Histogram) {
        self.report.histograms.push(report::Histogram::of(id, "ms", recorded, PER_MILLISECOND));
    }

    pub(crate) fn add_usage(&mut self, run: impl Into<String>, usage: Usage) {
        let shares = usage.shares.into_iter().map(|(process, cpu_s)| Share { process, cpu_s }).collect();
        let seconds = usage.elapsed.as_secs_f64();
        self.report.cpu.push(CpuRun { run: run.into(), seconds, cores: self.cores, shares });
    }

    /// Writes the report; whether a check passes is the exit code.
    fn end(mut self, check: bool) -> Result<ExitCode> {
        for (process, kind) in [
            (Kind::Ingest, id::RSS_INGEST),
            (Kind::Worker, id::RSS_WORKER),
            (Kind::Dispatcher, id::RSS_DISPATCHER),
        ] {
            if let Some(peak) = self.peaks.get(process.name()).copied() {
                self.add([Measurement::new(kind.id([]), kind.unit, peak)])?;
            }
        }
        self.report.took = self.began.elapsed();
        let directory = &self.environment.report;
        json::write(&self.report, &directory.join("report.json"))?;
        html::write(&self.report, &directory.join("report.html"))?;
        print(table::render(&self.report))?;
        say(format_args!("written to {}", directory.join("report.html").display()));
        let failed = self.report.failures().count();
        if check && failed > 0 {
            say(format_args!("{failed} ratios miss their targets and nothing measured says why"));
            return Ok(ExitCode::from(1));
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// Of the servers, as they tell it.
async fn versions(environment: &Environment) -> Result<BTreeMap<String, String>> {
    let client = world::connect(environment.database_url.as_str()).await?;
    let postgres: String = client.query_one("SHOW server_version", &[]).await?.get(0);
    let mut versions = BTreeMap::from([("PostgreSQL".to_owned(), postgres)]);
    // The client library does not pass on what the broker tells of itself, so its log is asked.
    let log = std::fs::read_to_string(environment.logs.join("rabbitmq.log")).unwrap_or_default();
    if let Some((_, rest)) = log.split_once("Starting RabbitMQ ") {
        let version = rest.split_whitespace().next().unwrap_or_default();
        versions.insert("RabbitMQ".to_owned(), version.to_owned());
    }
    Ok(versions)
}

#[expect(
    clippy::disallowed_methods,
    reason = "the edge of the benchmark: what is below takes the time as an argument"
)]
pub(crate) fn now() -> Timestamp {
    Timestamp::now()
}
