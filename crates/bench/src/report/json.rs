//! The report as a document for scripts. Its keys are a contract: more may come, none is renamed or removed, and absent
//! is null. A figure that is no number is null, too: JSON has no other way to say so.

use super::{CpuRun, Histogram, Mode, Report, file};
use crate::machine::Machine;
use crate::result::{Measurement, Verdict};
use crate::statistics::Spread;
use crate::target::{Op, Target};
use anyhow::Result;
use serde::Serialize;
use std::path::Path;

/// Rises only if a key changed its meaning.
const SCHEMA: u32 = 1;

#[derive(Serialize)]
struct Document<'a> {
    schema: u32,
    quick: bool,
    commit: Option<&'a str>,
    machine: &'a Machine,
    results: Vec<Entry<'a>>,
    /// Whether the sources had changed since the commit.
    dirty: Option<bool>,
    started_at: String,
    took_s: f64,
    histograms: &'a [Histogram],
    cpu: &'a [CpuRun],
}

#[derive(Serialize)]
struct Entry<'a> {
    id: &'a str,
    value: f64,
    unit: &'a str,
    floor_id: Option<&'a str>,
    ratio: Option<f64>,
    target: Option<Target>,
    met: Option<bool>,
    binds: Option<&'a str>,
    goal: Option<Goal>,
    /// Why there is no ratio, where one was wanted or tried.
    no_ratio: Option<String>,
    ratio_spread: Option<Spread>,
    rounds: &'a [f64],
    note: Option<&'a str>,
}

#[derive(Serialize)]
struct Goal {
    op: Op,
    value: f64,
    met: bool,
}

impl<'a> From<&'a Measurement> for Entry<'a> {
    fn from(result: &'a Measurement) -> Self {
        let ratio = result.ratio();
        let no_ratio = match result.verdict() {
            Verdict::Unformed(reason) => Some(reason),
            _ => result.floor().and_then(|floor| floor.ratio.err()),
        };
        Self {
            id: result.id(),
            value: result.value(),
            unit: result.unit(),
            floor_id: result.floor().map(|floor| floor.id.as_str()),
            ratio: ratio.map(|ratio| ratio.value),
            target: result.target(),
            met: result.is_met(),
            binds: result.binds(),
            goal: result.goal().map(|(Target { op, value, .. }, met)| Goal { op, value, met }),
            no_ratio: no_ratio.map(|reason| reason.to_string()),
            ratio_spread: ratio.and_then(|ratio| ratio.spread),
            rounds: result.rounds(),
            note: result.note(),
        }
    }
}

/// The document, on one line.
///
/// # Errors
/// Never for what is in it; `serde_json` cannot promise that.
pub fn render(report: &Report) -> Result<String> {
    let document = Document {
        schema: SCHEMA,
        quick: report.mode == Mode::Quick,
        commit: report.commit.as_ref().map(|commit| commit.hash.as_str()),
        machine: &report.machine,
        results: report.results().iter().map(Entry::from).collect(),
        dirty: report.commit.as_ref().map(|commit| commit.dirty),
        started_at: report.started_at.to_string(),
        took_s: report.took.as_secs_f64(),
        histograms: &report.histograms,
        cpu: &report.cpu,
    };
    let mut text = serde_json::to_string(&document)?;
    text.push('\n');
    Ok(text)
}

/// Writes the document in place of the one of the last run.
///
/// # Errors
/// When the file cannot be written.
pub fn write(report: &Report, path: &Path) -> Result<()> {
    file::replace(path, &render(report)?)
}
