//! `sendstate verify`.

use super::time::{seconds, time};
use clap::Args;
use jiff::Timestamp;
use std::path::PathBuf;

/// 20 years, as `source add` has it.
const MAX_AGE_LONGEST_S: u64 = 7_305 * 24 * 60 * 60;

#[derive(Args, Debug)]
#[command(
    group = clap::ArgGroup::new("request").required(true).args(["headers", "curl"]),
    group = clap::ArgGroup::new("keys").required(true).multiple(true).args(["source", "public_key"]),
    after_help = "\
Tries what body parsers, proxies, frameworks, editors and copying do to a request, single and together, in a fixed \
order and within bounds: line breaks, JSON written again, decoded and encoded text, forms, base64, compression, chunk \
framing; headers swapped, quoted or in another form; other, retired and other sources' keys. The first that makes the \
signature right says what happened and what to do. Bodies have at most 5 MiB.

With --source its keys are right, and those of all other sources are tried. With --public-key no database is needed; \
with both, the given key is right and all others are tried.

With --at the source's keys count as they stood at that time: not before they were added, not from their end on. What \
is not kept: of a key that was retired and made active again, when it did not count; of the source's --max-age, what it \
was before (give --max-age).

Of a source that asks for OAuth tokens it is said if a request has none; whether one is good, only ingest can say.

Exits with 0 if the request verifies as it is, with 1 if it does not.

Examples:
  sendstate verify --headers 000001.headers --body 000001.body --source newsletter
  sendstate verify --curl request.sh --public-key @sendgrid.pem --at 2026-03-01T12:00:00Z
  sendstate generate --private-key demo.pem --curl | sendstate verify --curl - --source newsletter --json
")]
pub(crate) struct VerifyArgs {
    /// The request's headers, a line each, as `generate --out` writes them.
    #[arg(long, value_name = "FILE", requires = "body")]
    pub headers: Option<PathBuf>,

    /// The request's body, byte for byte.
    #[arg(long, value_name = "FILE", requires = "headers", conflicts_with = "curl")]
    pub body: Option<PathBuf>,

    /// The whole request as a curl command or as it went over the wire (HTTP/1.1); - is standard input.
    #[arg(long, value_name = "FILE|-")]
    pub curl: Option<PathBuf>,

    /// The source that it was meant for.
    #[arg(long, value_name = "NAME")]
    pub source: Option<String>,

    /// The verification key that it should be signed with, 1 to 10 of them: base64, PEM, or @FILE that holds either.
    // PEM begins with dashes.
    #[arg(long, value_name = "B64|PEM|@FILE", allow_hyphen_values = true)]
    pub public_key: Vec<String>,

    /// When it was received; without it, the age of the signature counts for nothing, and keys as they stand now.
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub at: Option<Timestamp>,

    /// How old the signature may be then; without it as the source has it, or 10m.
    #[arg(long, value_name = "DURATION", requires = "at", value_parser = max_age)]
    pub max_age: Option<u64>,
}

fn max_age(text: &str) -> Result<u64, String> {
    seconds(text, 1..=MAX_AGE_LONGEST_S, "from 1s to 20 years")
}
