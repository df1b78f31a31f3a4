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

A message that looks whole is passed over: the status, the counts of opens and clicks and the latest event agree, no step is
missing, and no suppression list of that time has the address. What cannot be seen so, in the middle of such a message: a
deferral, a group that was left or joined, and a bounce, a spam report or an unsubscribe of an address that came on SendGrid's
list at another time or was taken off it since. A step is also missing where it may never have been: every message that was
dropped and not processed, or bounced or blocked and not delivered, costs a request. --thorough asks for every message and
sees them. Email Logs finds only messages accepted from 72 hours before --from on.

SendGrid's records are up to two minutes behind, so what happened in the last two is left to the next run. The report says where
this one ended (`to`): begin the next there, or let runs overlap, e.g. --from 70m every hour.

Email Activity is read from --from up to the present also where --to is earlier, because it lists a message by its latest event.
Each message that differs costs a request, of which SendGrid allows a few in a minute; only one that is known to have been
accepted after --to costs none. So the longer ago, the dearer.

The API key comes from SENDSTATE_SENDGRID_API_KEY or --api-key-file and needs the permissions Email Activity (messages.read)
and Suppressions (suppression.read); with --thorough or --api logs, and without --suppressions, only the first.

Examples:
  sendstate reconcile --source newsletter --from 6h --to now
  sendstate reconcile --source newsletter --from 2026-03-01T08:00:00Z --to 2026-03-01T11:30:00Z --dry-run
  sendstate reconcile --source newsletter --from 1h --to now --thorough
  sendstate reconcile --source newsletter --from 2d --to now --suppressions --json | jq .recovered
")]
pub(crate) struct Reconcile {
    /// Whose messages.
    #[arg(long, value_name = "NAME")]
    pub source: String,

    /// Facts that happened at this time or later.
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub from: Timestamp,

    /// And before this time, or before two minutes ago if that is earlier.
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub to: Timestamp,

    /// Which of SendGrid's records are read; `auto`: Email Activity, or Email Logs where an account has only those.
    #[arg(long, value_enum, default_value = "auto")]
    pub api: ApiArg,

    /// Ask for every message, whatever the list says of it: one request each. Without it a message is passed over whose status,
    /// counts and latest event agree, that lacks no step, and whose address is on no suppression list of that time. What is then
    /// not seen is told below.
    #[arg(long)]
    pub thorough: bool,

    /// Recover also if nothing shows that the records are those of the source's account: it was told of none of the messages
    /// that are listed first, and SendGrid knows none of the last few that it was told of, on whatever day. A source that was
    /// never told of a message needs this not; that is said then.
    #[arg(long)]
    pub all_new: bool,

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
