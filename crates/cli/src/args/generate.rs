//! `sendstate generate`.

use clap::Args;
use jiff::Timestamp;
use std::path::PathBuf;
use traffic::Step;

#[derive(Args, Debug)]
#[command(
    group = clap::ArgGroup::new("where").required(true).args(["to", "out", "curl"]),
    after_help = "\
Without --seed every run makes new messages; with it, the same bodies again (only signatures differ). Events of a \
seed begin at --start or, without that, two hours before today's UTC midnight.

Each message gets all --events in that order of time; a name may be repeated.

Exits with 1 if any answer is not 2xx, with 69 if ingest cannot be reached at all.

Examples:
  sendstate generate --private-key demo.pem --messages 0 --curl
  sendstate generate --private-key demo.pem --to http://127.0.0.1:8080/webhooks/sendgrid/newsletter
  sendstate generate --private-key demo.pem --to /webhooks/sendgrid/newsletter \\
      --events processed,delivered,open --messages 10000 --batch 100 --rate 5000
  sendstate generate --private-key demo.pem --body capture.json --curl
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

    /// How many messages.
    #[arg(long, default_value_t = 1, value_name = "N", conflicts_with = "body", value_parser = clap::value_parser!(u32).range(0..=100_000_000))]
    pub messages: u32,

    /// Events per POST.
    #[arg(long, default_value_t = 100, value_name = "N", conflicts_with = "body", value_parser = clap::value_parser!(u32).range(1..=50_000))]
    pub batch: u32,

    /// Events per second, whatever the answers take; without it as fast as answers come.
    #[arg(long, value_name = "R", value_parser = rate)]
    pub rate: Option<f64>,

    /// Make the same bodies as every run with this number.
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

fn rate(text: &str) -> Result<f64, String> {
    let rate: f64 = text.parse().map_err(|_| "not a number".to_owned())?;
    if rate.is_finite() && (0.001..=10_000_000.0).contains(&rate) {
        Ok(rate)
    } else {
        Err("give 0.001 to 10000000".to_owned())
    }
}
