//! `sendstate reconcile`.

use super::account::AccountArgs;
use super::time::time;
use super::wait;
use clap::{Args, ValueEnum};
use jiff::Timestamp;
use std::time::Duration;

#[derive(Args, Debug)]
#[command(after_help = "\
A time is RFC 3339, a date (its midnight in UTC), a duration ago such as 7d or 90m, or `now`.

The API key comes from SENDSTATE_SENDGRID_API_KEY or --api-key-file and needs the permission Email Activity (messages.read);
with --suppressions also Suppressions (suppression.read).

Examples:
  sendstate reconcile --source newsletter --from 6h --to now
  sendstate reconcile --source newsletter --from 2026-03-01T08:00:00Z --to 2026-03-01T11:30:00Z --dry-run
  sendstate reconcile --source newsletter --from 2d --to now --suppressions --json | jq .recovered
")]
pub(crate) struct Reconcile {
    /// Whose messages.
    #[arg(long, value_name = "NAME")]
    pub source: String,

    /// Facts that happened at this time or later.
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub from: Timestamp,

    /// And before this time, or before now if that is earlier.
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub to: Timestamp,

    /// Which of SendGrid's records are read; `auto`: Email Activity, or Email Logs where an account has only those.
    #[arg(long, value_enum, default_value = "auto")]
    pub api: ApiArg,

    /// Only say what would be recovered.
    #[arg(long)]
    pub dry_run: bool,

    /// Compare SendGrid's suppression lists with what is known of recipients, too. Only told, nothing is changed.
    #[arg(long)]
    pub suppressions: bool,

    /// Wait this long at most for the workers to record what was given to them at a time.
    #[arg(long, value_name = "DURATION", default_value = "2m", value_parser = wait)]
    pub wait: Duration,

    #[command(flatten)]
    pub account: AccountArgs,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ApiArg {
    /// Email Activity: listed by the latest event
    Activity,
    /// Email Logs: listed by acceptance, each message asked for
    Logs,
    Auto,
}
