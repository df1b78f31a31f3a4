//! Where the CPU went during a run.

use serde::Serialize;

/// A run, and what each process took of it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CpuRun {
    pub run: String,
    /// By the wall clock.
    pub seconds: f64,
    /// That the run could have used.
    pub cores: usize,
    pub shares: Vec<Share>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Share {
    pub process: String,
    /// In user and system mode together.
    pub cpu_s: f64,
}
