//! What a run has to say, as a document, a table and a page; all three from one [`Report`].
//!
//! A report takes no result twice and none whose floor it does not have, so that whoever reads the document can follow
//! every ratio. Text in it may come from servers and from the machine: each form makes it safe for its reader.

mod account;
mod cpu;
pub mod figure;
mod file;
mod histogram;
pub mod html;
pub mod json;
pub mod table;

pub use cpu::{CpuRun, Share};
pub use histogram::Histogram;

use crate::machine::{Commit, Machine};
use crate::result::{Measurement, Verdict};
use anyhow::{Result, ensure};
use jiff::Timestamp;
use std::time::Duration;

/// How much was run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    Full,
    /// Fewer rounds and shorter stretches, without what takes longest. Its ratios are judged like any; fewer rounds leave
    /// more to chance.
    Quick,
}

#[derive(Clone, Debug)]
pub struct Report {
    pub mode: Mode,
    pub commit: Option<Commit>,
    pub machine: Machine,
    pub started_at: Timestamp,
    pub took: Duration,
    results: Vec<Measurement>,
    pub histograms: Vec<Histogram>,
    pub cpu: Vec<CpuRun>,
    /// How things were measured: a heading and a text of paragraphs each.
    pub method: Vec<(String, String)>,
}

/// How many targets came out how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    pub met: usize,
    /// Missed, and either it was measured what binds it, or it is a figure of this machine.
    pub missed: usize,
    /// Missed, and the check fails for it.
    pub failed: usize,
}

impl Report {
    #[must_use]
    pub fn new(mode: Mode, commit: Option<Commit>, machine: Machine, started_at: Timestamp) -> Self {
        Self {
            mode,
            commit,
            machine,
            started_at,
            took: Duration::ZERO,
            results: Vec::new(),
            histograms: Vec::new(),
            cpu: Vec::new(),
            method: Vec::new(),
        }
    }

    /// Floors come before what is held against them.
    ///
    /// # Errors
    /// When there is a result of this id, or none of its floor's id with its floor's figure.
    pub fn add(&mut self, result: Measurement) -> Result<()> {
        ensure!(self.get(result.id()).is_none(), "{} was measured twice", result.id());
        if let Some(floor) = result.floor() {
            let known = self.get(&floor.id).map(|known| known.value().to_bits());
            let known = known == Some(floor.value.to_bits());
            ensure!(known, "{} is held against {}, which the report does not have", result.id(), floor.id);
        }
        self.results.push(result);
        Ok(())
    }

    #[must_use]
    pub fn results(&self) -> &[Measurement] {
        &self.results
    }

    #[must_use]
    pub fn get(&self, id: &str) -> Option<&Measurement> {
        self.results.iter().find(|result| result.id() == id)
    }

    /// The results that a check fails for.
    pub fn failures(&self) -> impl Iterator<Item = &Measurement> {
        self.results.iter().filter(|result| result.fails_check())
    }

    #[must_use]
    pub fn tally(&self) -> Tally {
        let mut tally = Tally::default();
        for result in &self.results {
            match result.verdict() {
                Verdict::Untargeted => {}
                Verdict::Met => tally.met += 1,
                _ if result.fails_check() => tally.failed += 1,
                _ => tally.missed += 1,
            }
        }
        tally
    }
}

#[cfg(test)]
mod example;
#[cfg(test)]
mod tests;
