//! What the program was given by `cargo xtask bench`: servers of its own, the released programs, and where to write.

use crate::settings;
use anyhow::{Context, Result};
use std::path::{Path, PathBuf};
use url::Url;
use xtask::Supervisor;

pub(crate) struct Environment {
    /// Of a superuser; every run makes a database of its own.
    pub(crate) database_url: Url,
    pub(crate) amqp_url: Url,
    /// The servers' own processes.
    pub(crate) postgres: i32,
    pub(crate) broker: i32,
    /// Holds `sendstate`, `sendstate-ingest`, `sendstate-worker` and `sendstate-dispatcher`.
    pub(crate) programs: PathBuf,
    pub(crate) logs: PathBuf,
    /// Where the report goes.
    pub(crate) report: PathBuf,
    pub(crate) supervisor: Supervisor,
    /// What every process is told beside its defaults.
    pub(crate) set: Vec<(String, String)>,
}

impl Environment {
    /// # Errors
    /// When something was not given: the program was not started by `cargo xtask bench`. When a setting of `set` is none of
    /// the processes'; nothing is started before that is known.
    pub(crate) fn read(set: &[(String, String)]) -> Result<Self> {
        let pids = PathBuf::from(required("PIDS")?);
        let logs = PathBuf::from(required("LOGS")?);
        let helper = PathBuf::from(required("HELPER")?);
        let programs = PathBuf::from(required("PROGRAMS")?);
        settings::check(&programs, set)?;
        Ok(Self {
            database_url: required("DATABASE_URL")?.parse().context("SENDSTATE_BENCH_DATABASE_URL")?,
            amqp_url: required("AMQP_URL")?.parse().context("SENDSTATE_BENCH_AMQP_URL")?,
            postgres: pid(&pids.join("postgres.pid"))?,
            broker: pid(&pids.join("rabbitmq.pid"))?,
            programs,
            report: required("REPORT")?.into(),
            supervisor: Supervisor::start(&helper, &logs.join("control"))?,
            logs,
            set: set.to_vec(),
        })
    }
}

#[expect(clippy::disallowed_methods, reason = "where the benchmark is told what it runs against")]
fn required(name: &str) -> Result<String> {
    let name = format!("SENDSTATE_BENCH_{name}");
    std::env::var(&name).with_context(|| format!("{name} is not set: run `cargo xtask bench`"))
}

fn pid(path: &Path) -> Result<i32> {
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    text.trim().parse().with_context(|| format!("{} holds no pid", path.display()))
}
