//! `sendstate batch`, `message` and `recipient`.

use clap::{Args, Subcommand, ValueEnum};
use domain::{Group, Standing};
use std::time::Duration;
use uuid::Uuid;

#[derive(Debug, Subcommand)]
pub(crate) enum BatchCommand {
    /// Show how the elements of a batch ended.
    #[command(after_help = "\
Examples:
  sendstate batch show 0196b2c8-6b1e-7d0a-9c3f-2a8f0f5f7f11
  sendstate batch show 0196b2c8-6b1e-7d0a-9c3f-2a8f0f5f7f11 --wait 30s --json | jq .applied
")]
    Show(BatchShow),
}

#[derive(Args, Debug)]
pub(crate) struct BatchShow {
    /// The `Sendstate-Batch-Id` of ingest's answer.
    pub id: Uuid,

    /// Wait this long for the batch to enter the ledger.
    #[arg(long, value_name = "DURATION", value_parser = wait)]
    pub wait: Option<Duration>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum MessageCommand {
    /// Show messages with their status, timeline and notifications.
    #[command(after_help = "\
Examples:
  sendstate message show LRzXl_NHStOGhQ4kofSm_A
  sendstate message show LRzXl_NHStOGhQ4kofSm_A --recipient anna@example.com --json
  sendstate message show --recipient anna@example.com --source newsletter
")]
    Show(MessageShow),
}

#[derive(Args, Debug)]
#[command(group = clap::ArgGroup::new("which").required(true).multiple(true).args(["id", "recipient"]))]
pub(crate) struct MessageShow {
    /// An `sg_message_id`, or the `X-Message-Id` that SendGrid answered when the mail was sent.
    pub id: Option<String>,

    /// Only this source.
    #[arg(long, value_name = "NAME")]
    pub source: Option<String>,

    /// Only messages to this address.
    #[arg(long, value_name = "ADDRESS")]
    pub recipient: Option<String>,

    /// At most this many messages, the newest.
    #[arg(long, value_name = "N", default_value_t = 1_000, value_parser = clap::value_parser!(u16).range(1..=10_000))]
    pub limit: u16,
}

#[derive(Debug, Subcommand)]
pub(crate) enum RecipientCommand {
    /// Show whether mail to an address is likely to arrive, and whether it is wanted.
    #[command(after_help = "\
Examples:
  sendstate recipient show anna@example.com
  sendstate recipient show anna@example.com --source newsletter --json | jq -r .standing
")]
    Show(RecipientShow),
    /// List addresses, with their standing.
    ///
    /// Everybody of whom something lasting is known: bounces, complaints, unsubscribes and what took them back. In an
    /// order that means nothing and does not change.
    #[command(after_help = "\
CSV has the columns source, address, standing, since, reason and groups (`id:standing`, separated by spaces). A reason is
text of a remote server: one that begins with = + - @, a tab or a carriage return gets a leading apostrophe, so that no
spreadsheet takes it for a formula. Addresses are written as they are.

Examples:
  sendstate recipient list --standing bounced --csv > bounced.csv
  sendstate recipient list --source newsletter --group 10
  sendstate recipient list --standing complained --json | jq -r '.[].address'
")]
    List(RecipientList),
}

#[derive(Args, Debug)]
pub(crate) struct RecipientShow {
    /// The address; case does not matter.
    pub address: String,

    /// On this source. Needed where several sources know the address.
    #[arg(long, value_name = "NAME")]
    pub source: Option<String>,
}

#[derive(Args, Debug)]
pub(crate) struct RecipientList {
    /// Only who stands so.
    #[arg(long, value_enum)]
    pub standing: Option<StandingArg>,

    /// Only who is unsubscribed from this group.
    #[arg(long, value_name = "ID")]
    pub group: Option<Group>,

    /// Only on this source; may be repeated.
    #[arg(long, value_name = "NAME")]
    pub source: Vec<String>,

    /// At most this many. Without it a table has 1,000; JSON and CSV have all.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub limit: Option<u64>,

    /// Write CSV instead of a table.
    #[arg(long, conflicts_with = "json")]
    pub csv: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum StandingArg {
    Complained,
    Bounced,
    Unsubscribed,
    Ok,
}

impl From<StandingArg> for Standing {
    fn from(arg: StandingArg) -> Self {
        match arg {
            StandingArg::Complained => Self::Complained,
            StandingArg::Bounced => Self::Bounced,
            StandingArg::Unsubscribed => Self::Unsubscribed,
            StandingArg::Ok => Self::Ok,
        }
    }
}

/// How long to wait for the pipeline.
pub(super) fn wait(text: &str) -> Result<Duration, String> {
    let wait = humantime::parse_duration(text).map_err(|error| format!("{error}; write e.g. 30s"))?;
    if wait > Duration::from_secs(24 * 60 * 60) { Err("a day at most".to_owned()) } else { Ok(wait) }
}
