//! `sendstate generate`.

use clap::Args;
use jiff::Timestamp;
use std::path::PathBuf;
use traffic::{Scenario, Step};

#[derive(Args, Debug)]
#[command(
    group = clap::ArgGroup::new("where").required(true).args(["to", "out", "curl"]),
    after_help = "\
Without --seed every run makes new messages; with it, the same bodies again for the same --start and arguments (only \
signatures differ). Without --start the events of a seed begin at least two hours before today's UTC midnight: the same \
bodies until the UTC day is over. Each run prints the seed and start that repeat it.

Each message gets all --events in that order of time; a name may be repeated. A --scenario is a story instead:

  life          everything that can happen to a message that arrives, in order
  async-bounce  delivered, and two days later a bounce that names nothing but the address
  campaign      one Single Send to many (1000), with outcomes in plausible shares
  duplicates    each POST twice, and opens and clicks once more under another id
  disorder      events scattered over POSTs, opens before deliveries
  test          the eleven events of SendGrid's \"Test Your Integration\", in one POST

The key pair is made when --private-key names no file. Give its printed public half to `source add --public-key`.

Exits with 1 if any answer is not 2xx, with 69 if ingest cannot be reached at all.

Examples:
  sendstate generate --private-key demo.pem --messages 0 --curl
  sendstate generate --private-key demo.pem --to http://127.0.0.1:8080/webhooks/sendgrid/newsletter
  sendstate generate --private-key demo.pem --to /webhooks/sendgrid/newsletter \\
      --events processed,delivered,open --messages 10000 --batch 100 --rate 5000
  sendstate generate --private-key demo.pem --body capture.json --curl
  sendstate generate --private-key demo.pem --scenario test --curl
  sendstate generate --private-key demo.pem --scenario campaign --messages 5000 --category autumn \\
      --custom-arg tenant=7 --to /webhooks/sendgrid/newsletter
")]
pub(crate) struct GenerateArgs {
    /// What happens to every message, comma separated.
    #[arg(
        long,
        value_delimiter = ',',
        default_value = "processed,delivered,open",
        value_name = "EVENT,...",
        conflicts_with = "body"
    )]
    pub events: Vec<Step>,

    /// A story instead of --events.
    #[arg(long, value_enum, value_name = "STORY", hide_possible_values = true, conflicts_with_all = ["events", "body"])]
    pub scenario: Option<Scenario>,

    /// How many messages [default: 1, or what the scenario needs].
    #[arg(long, value_name = "N", conflicts_with = "body", value_parser = clap::value_parser!(u32).range(0..=100_000_000))]
    pub messages: Option<u32>,

    /// Events per POST [default: 100, or what the scenario needs].
    #[arg(long, value_name = "N", conflicts_with = "body", value_parser = clap::value_parser!(u32).range(1..=50_000))]
    pub batch: Option<u32>,

    /// A custom argument of every message, in place of the made-up ones; may be repeated. At most 10000 bytes in all.
    #[arg(long, visible_alias = "unique-arg", value_name = "NAME=VALUE", conflicts_with = "body", value_parser = custom_arg)]
    pub custom_arg: Vec<(String, String)>,

    /// A category of every message, in place of the made-up one; may be repeated.
    #[arg(long, value_name = "NAME", conflicts_with = "body")]
    pub category: Vec<String>,

    /// Events per second, whatever the answers take; without it as fast as answers come.
    #[arg(long, value_name = "R", value_parser = rate)]
    pub rate: Option<f64>,

    /// Make the same bodies as every run with this number and --start; without --start, as every run of the same UTC day.
    #[arg(long, value_name = "S")]
    pub seed: Option<u64>,

    /// Time of the first event, RFC 3339.
    #[arg(long, value_name = "TIME", conflicts_with = "body")]
    pub start: Option<Timestamp>,

    /// Send these files' bytes untouched, one POST each, instead of made-up events.
    #[arg(long, value_name = "FILE", num_args = 1..)]
    pub body: Vec<PathBuf>,

    /// Key that signs, PEM (PKCS#8); made, readable by its owner only, if the file is not there.
    #[arg(long, value_name = "FILE")]
    pub private_key: PathBuf,

    /// Timestamp header, in seconds; without it the time of sending.
    #[arg(long, value_name = "T", value_parser = clap::value_parser!(i64).range(0..=9_999_999_999))]
    pub timestamp: Option<i64>,

    /// POST to this URL; a path beginning with / is taken at SENDSTATE_INGEST_URL.
    #[arg(long, value_name = "URL")]
    pub to: Option<String>,

    /// Write each POST into this directory: NNNNNN.body, and NNNNNN.headers as `curl -H @FILE` takes them.
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,

    /// Print curl commands that send the POSTs to "$URL".
    #[arg(long)]
    pub curl: bool,

    /// POSTs under way at the same time, at most.
    #[arg(long, default_value_t = 32, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1_024))]
    pub concurrency: u16,
}

fn custom_arg(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("write NAME=VALUE".to_owned()),
    }
}

fn rate(text: &str) -> Result<f64, String> {
    let rate: f64 = text.parse().map_err(|_| "not a number".to_owned())?;
    if rate.is_finite() && (0.001..=10_000_000.0).contains(&rate) {
        Ok(rate)
    } else {
        Err("give 0.001 to 10000000".to_owned())
    }
}
