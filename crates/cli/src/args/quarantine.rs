//! `sendstate quarantine`.

use super::wait;
use clap::{Args, Subcommand, ValueEnum};
use std::time::Duration;
use uuid::Uuid;

#[derive(Debug, Subcommand)]
pub(crate) enum QuarantineCommand {
    /// List what is held aside, the newest first.
    #[command(after_help = "\
Examples:
  sendstate quarantine list
  sendstate quarantine list --state any --batch 0196b2c8-6b1e-7d0a-9c3f-2a8f0f5f7f11
  sendstate quarantine list --source newsletter --reason bad_timestamp --json | jq '.[].id'
")]
    List(QuarantineList),
    /// Show one thing that was held aside, whole.
    ///
    /// What could be a command to the terminal is shown as U+FFFD; --raw writes the bytes as they were received.
    #[command(after_help = "\
Examples:
  sendstate quarantine show 17
  sendstate quarantine show 17 --raw > body
  sendstate quarantine show 17 --json | jq -r .raw_base64 | base64 -d > body
")]
    Show(QuarantineShow),
    /// Give input back to the workers, who read it again and apply what they can read now.
    ///
    /// Each is applied under its own batch and position, exactly once, however often it is released. What still cannot
    /// be read stays held for its first reason, and why it was refused now is shown beside it. Exits with 1 if anything
    /// stayed held or was not settled in time, with 4 if an ID does not exist; nothing is released then. With `--wait 0`
    /// it exits as soon as the broker has confirmed the instructions. Upgrade every worker before you release: an older
    /// one would quarantine the instruction itself, as `bad_envelope`.
    #[command(after_help = "\
Examples:
  sendstate quarantine release 17 18
  sendstate quarantine release --reason unknown_source --source newsletter --wait 5m
  sendstate quarantine release --batch 0196b2c8-6b1e-7d0a-9c3f-2a8f0f5f7f11 --json | jq '.released | length'
")]
    Release(QuarantineRelease),
    /// Mark input as looked at and not wanted. This is final, and nothing is deleted.
    ///
    /// What is discarded cannot be released any more. It can still be listed and shown, and its elements stay counted as
    /// quarantined in the ledger. Exits with 1 if something was released before, with 4 if an ID does not exist; nothing is
    /// discarded then.
    #[command(after_help = "\
Examples:
  sendstate quarantine discard 17
  sendstate quarantine discard --source newsletter --reason not_json
")]
    Discard(QuarantineDiscard),
}

/// By what rows are chosen.
#[derive(Args, Debug)]
pub(crate) struct Filters {
    /// Only from this source.
    #[arg(long, value_name = "NAME")]
    pub source: Option<String>,

    /// Only with this reason, as `quarantine list` shows it.
    #[arg(long, value_name = "CODE")]
    pub reason: Option<String>,

    /// Only from this batch.
    #[arg(long, value_name = "ID")]
    pub batch: Option<Uuid>,
}

#[derive(Args, Debug)]
pub(crate) struct QuarantineList {
    /// Whether it is still held.
    #[arg(long, value_enum, default_value = "held")]
    pub state: StateArg,

    #[command(flatten)]
    pub filters: Filters,

    /// At most this many, the newest.
    #[arg(long, value_name = "N", default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub limit: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum StateArg {
    /// Waits for somebody to look at it.
    Held,
    /// Was given back and applied.
    Released,
    /// Was looked at and is not wanted.
    Discarded,
    Any,
}

impl StateArg {
    /// As stored; `None`: all of them.
    pub(crate) const fn stored(self) -> Option<&'static str> {
        match self {
            Self::Held => Some("held"),
            Self::Released => Some("released"),
            Self::Discarded => Some("discarded"),
            Self::Any => None,
        }
    }
}

#[derive(Args, Debug)]
pub(crate) struct QuarantineShow {
    /// Its number in `quarantine list`.
    #[arg(value_parser = clap::value_parser!(i64).range(1..))]
    pub id: i64,

    /// Write exactly the bytes that were received to stdout, and nothing else.
    #[arg(long, conflicts_with = "json")]
    pub raw: bool,
}

/// Which rows a change is about: those named, or those held that match every filter.
#[derive(Args, Debug)]
#[command(group = clap::ArgGroup::new("chosen").required(true).multiple(true).args(["ids", "source", "reason", "batch"]))]
pub(crate) struct Which {
    /// Their numbers in `quarantine list`.
    #[arg(
        value_name = "ID",
        conflicts_with_all = ["source", "reason", "batch", "limit"],
        value_parser = clap::value_parser!(i64).range(1..)
    )]
    pub ids: Vec<i64>,

    #[command(flatten)]
    pub filters: Filters,

    /// At most this many, the newest; where there are more, it is said.
    #[arg(long, value_name = "N", default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub limit: u32,
}

#[derive(Args, Debug)]
pub(crate) struct QuarantineRelease {
    #[command(flatten)]
    pub which: Which,

    /// Wait this long for the workers; 0 does not wait.
    #[arg(long, value_name = "DURATION", default_value = "30s", value_parser = wait)]
    pub wait: Duration,
}

#[derive(Args, Debug)]
pub(crate) struct QuarantineDiscard {
    #[command(flatten)]
    pub which: Which,
}
