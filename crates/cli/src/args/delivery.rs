//! `sendstate delivery`.

use super::manner::rate;
use super::time::time;
use clap::{Args, Subcommand, ValueEnum};
use jiff::Timestamp;

#[derive(Debug, Subcommand)]
pub(crate) enum DeliveryCommand {
    /// List deliveries: first those that are owed, what is due next at the front, then the finished ones, newest first.
    #[command(after_help = "\
A time is RFC 3339, a date (its midnight in UTC), a duration ago such as 7d or 90m, or `now`.

Examples:
  sendstate delivery list --endpoint 3 --state pending,sending
  sendstate delivery list --state exhausted --since 1d
  sendstate delivery list --recipient anna@example.com
  sendstate delivery list --endpoint 3 --state exhausted --limit 10000 --json | jq '.[].id'
")]
    List(DeliveryList),
    /// Show one delivery with every attempt: when, how long, how it ended, and the first bytes of the answer.
    ///
    /// What could be a command to the terminal is shown as U+FFFD.
    #[command(after_help = "\
Examples:
  sendstate delivery show 4711
  sendstate delivery show 4711 --body
  sendstate delivery show 4711 --json | jq '.attempt_log[] | {number, outcome, http_status}'
")]
    Show(DeliveryShow),
    /// Give up deliveries that are owed. Those of the same message that waited behind them go on.
    ///
    /// Exits with 1 if one is being sent at this moment or has ended otherwise, with 4 if an ID does not exist; nothing is
    /// skipped then.
    #[command(after_help = "\
Examples:
  sendstate delivery skip 4711 4712
")]
    Skip(DeliverySkip),
    /// Owe finished deliveries again, under the same webhook-id, so that a consumer recognises what it has.
    ///
    /// A replay is a new delivery outside the order of its message, in the lane of retries, and begins at the start of the
    /// schedule. By --endpoint and time at most 100,000 are owed again, the earliest first; where more match, it is said
    /// from where to go on. Exits with 1 if one is not finished, with 4 if an ID does not exist; nothing is owed then.
    #[command(after_help = "\
A time is RFC 3339, a date (its midnight in UTC), a duration ago such as 7d or 90m, or `now`.

Examples:
  sendstate delivery replay 4711 4712
  sendstate delivery replay --endpoint 3 --since 2026-03-01 --until 2026-03-02
  sendstate delivery replay --endpoint 3 --since 6h --state delivered,exhausted --type message.failed --rate 20/s
")]
    Replay(DeliveryReplay),
}

#[derive(Args, Debug)]
pub(crate) struct DeliveryList {
    /// Only to this endpoint.
    #[arg(long, value_name = "ID", value_parser = clap::value_parser!(i32).range(1..))]
    pub endpoint: Option<i32>,

    /// Only in these states, comma separated.
    #[arg(long, value_enum, value_delimiter = ',', value_name = "STATE,...")]
    pub state: Vec<StateArg>,

    /// Only of this type.
    #[arg(long, value_name = "TYPE")]
    pub r#type: Option<String>,

    /// Only what finished at this time or later; of what is owed, what came to be owed then.
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub since: Option<Timestamp>,

    /// And before this time.
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub until: Option<Timestamp>,

    /// Only about messages to this address.
    #[arg(long, value_name = "ADDRESS", conflicts_with = "message")]
    pub recipient: Option<String>,

    /// Only about this message: an sg_message_id or an X-Message-Id.
    #[arg(long, value_name = "ID")]
    pub message: Option<String>,

    /// At most this many.
    #[arg(long, value_name = "N", default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub limit: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum StateArg {
    /// Owed, and due now or later.
    Pending,
    /// Being sent at this moment.
    Sending,
    /// Owed to an endpoint that is paused or disabled.
    Held,
    Delivered,
    /// Given up after the last attempt of the schedule.
    Exhausted,
    /// Given up by hand.
    Skipped,
}

impl StateArg {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Sending => "sending",
            Self::Held => "held",
            Self::Delivered => "delivered",
            Self::Exhausted => "exhausted",
            Self::Skipped => "skipped",
        }
    }

    pub(crate) const fn is_final(self) -> bool {
        matches!(self, Self::Delivered | Self::Exhausted | Self::Skipped)
    }
}

#[derive(Args, Debug)]
pub(crate) struct DeliveryShow {
    /// Its number in `delivery list` or `message show`.
    #[arg(value_parser = clap::value_parser!(i64).range(1..))]
    pub id: i64,

    /// Show also the body that is sent.
    #[arg(long)]
    pub body: bool,
}

#[derive(Args, Debug)]
pub(crate) struct DeliverySkip {
    /// Their numbers in `delivery list`.
    #[arg(value_name = "ID", required = true, value_parser = clap::value_parser!(i64).range(1..))]
    pub ids: Vec<i64>,
}

#[derive(Args, Debug)]
#[command(group = clap::ArgGroup::new("chosen").required(true).args(["ids", "endpoint"]))]
pub(crate) struct DeliveryReplay {
    /// Their numbers in `delivery list`.
    #[arg(
        value_name = "ID",
        conflicts_with_all = ["endpoint", "since", "until", "state", "type"],
        value_parser = clap::value_parser!(i64).range(1..)
    )]
    pub ids: Vec<i64>,

    /// All to this endpoint that match.
    #[arg(long, value_name = "ID", requires = "since", value_parser = clap::value_parser!(i32).range(1..))]
    pub endpoint: Option<i32>,

    /// That finished at this time or later.
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub since: Option<Timestamp>,

    /// And before this time, or before the replay begins if that is earlier.
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub until: Option<Timestamp>,

    /// That ended so, comma separated.
    #[arg(long, value_enum, value_delimiter = ',', value_name = "STATE,...", default_value = "exhausted")]
    pub state: Vec<FinalArg>,

    /// Of this type.
    #[arg(long, value_name = "TYPE")]
    pub r#type: Option<String>,

    /// How many become due per second: 1 to 10000. The endpoint's own limits hold beside it.
    #[arg(long, value_name = "N/s", default_value = "50/s", value_parser = rate)]
    pub rate: i32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum FinalArg {
    Exhausted,
    Delivered,
    Skipped,
}

impl FinalArg {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Exhausted => "exhausted",
            Self::Delivered => "delivered",
            Self::Skipped => "skipped",
        }
    }
}
