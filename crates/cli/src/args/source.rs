//! `sendstate source`.

use super::key::KeyCommand;
use super::oauth::SourceOauth;
use super::provision::{SourceDeprovision, SourceProvision, SourceRotateKey, SourceStatus};
use clap::{Args, Subcommand, ValueEnum};
use domain::MachineOpens;
use std::time::Duration;

#[derive(Debug, Subcommand)]
pub(crate) enum SourceCommand {
    /// Accept a SendGrid Event Webhook.
    ///
    /// Prints the path to give to SendGrid. Ingest knows the source within a second of its first request.
    #[command(after_help = "\
Examples:
  sendstate source add newsletter --public-key MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE...
  sendstate source add newsletter --public-key @old.pem --public-key @new.pem --max-age 6h
  sendstate source add newsletter --public-key @sendgrid.pem --oauth
  sendstate source add legacy --unsigned --json | jq -r .path
")]
    Add(SourceAdd),
    /// Set a source's webhook up in SendGrid, or set it right.
    ///
    /// Finds the webhook that posts to the source, or makes it; switches signing on; makes the source, if it is not there, or
    /// has it accept the webhook's key; switches the webhook on with exactly the wanted events; has SendGrid send its test and
    /// waits until that is in the ledger. Each step says what it did. Run again, it changes only what is not as it should be;
    /// interrupted, it goes on where it ended. A webhook is switched on only when it signs and its key is accepted.
    ///
    /// The API key needs user.webhooks.event.settings.create, .read and .update, and user.webhooks.event.test.create; in
    /// SendGrid's pages that is Mail Settings. Exits with 64 if it lacks any, and prints what to do by hand instead.
    #[command(after_help = "\
The events are processed, dropped, delivered, deferred, bounce, open, click, spam_report, unsubscribe, group_unsubscribe,
group_resubscribe and account_status_change.

Examples:
  sendstate source provision newsletter --url https://hooks.example.com --dry-run
  sendstate source provision newsletter --url https://hooks.example.com
  sendstate source provision newsletter --url https://hooks.example.com --events delivered,bounce,dropped --no-test
  sendstate source provision eu --url https://hooks.example.com --region eu --api-key-file /run/secrets/sendgrid --json
  sendstate source provision customer --url https://hooks.example.com --on-behalf-of customer
")]
    Provision(Box<SourceProvision>),
    /// Delete a source's webhook in SendGrid, or switch it off.
    ///
    /// The source, its keys and everything it has received stay. What happens to your mail from then on is not told to
    /// Sendstate, and SendGrid does not make up for it later.
    #[command(after_help = "\
Examples:
  sendstate source deprovision newsletter --dry-run
  sendstate source deprovision newsletter --keep
  sendstate source deprovision newsletter --webhook 77d4a5da-7015-11ed-a1eb-0242ac120002
")]
    Deprovision(Box<SourceDeprovision>),
    /// Hold what SendGrid has set up against what a source needs, event by event. Changes nothing.
    ///
    /// Exits with 1 if anything differs.
    #[command(after_help = "\
Examples:
  sendstate source status newsletter
  sendstate source status newsletter --events delivered,bounce,dropped
  sendstate source status newsletter --json | jq '.events[] | select(.ok | not)'
")]
    Status(Box<SourceStatus>),
    /// Give a source's webhook a new key pair; the old key is accepted for a while.
    ///
    /// SendGrid makes a new pair when signing is switched off and on again, so for a moment it posts unsigned. Ingest refuses
    /// that, and SendGrid repeats for 24 hours what was refused. Signing is not left off: Ctrl-C is heeded only when it is on
    /// again. If the process was killed meanwhile, run it again at once. The old key gets its end when SendGrid's test has
    /// arrived with the new one.
    #[command(after_help = "\
Examples:
  sendstate source rotate-key newsletter
  sendstate source rotate-key newsletter --overlap 7d
  sendstate source rotate-key newsletter --overlap 0s --json | jq -r .key_sha256
")]
    RotateKey(Box<SourceRotateKey>),
    /// List the sources.
    #[command(after_help = "\
Examples:
  sendstate source list
  sendstate source list --json | jq -r '.[].path'
")]
    List,
    /// Change a source's policies. What is not given stays as it is.
    ///
    /// Ingest and the workers follow within seconds. The policy for machine opens counts for the events that are applied
    /// from then on; `sendstate replay inbound` applies it to the past.
    #[command(after_help = "\
Examples:
  sendstate source set newsletter --max-age 6h
  sendstate source set newsletter --machine-opens ignore
")]
    Set(SourceSet),
    /// The keys that a source accepts: several while one is replaced.
    #[command(subcommand)]
    Key(KeyCommand),
    /// Ask each request of a source for an OAuth token, beside its signature: on, off, or with a new secret.
    ///
    /// SendGrid gets tokens from ingest itself, at /oauth/token, with the client id and secret that are printed, this once.
    /// Until they are entered at SendGrid its requests are refused; it sends them again for 24 hours. Before `off`, take them
    /// out at SendGrid: it would go on asking for tokens and get none.
    #[command(after_help = "\
Examples:
  sendstate source oauth newsletter on
  sendstate source oauth newsletter rotate
  sendstate source oauth newsletter rotate --overlap 0s
  sendstate source oauth newsletter off
")]
    Oauth(SourceOauth),
}

#[derive(Args, Debug)]
#[command(group = clap::ArgGroup::new("verification").required(true).args(["public_key", "unsigned"]))]
pub(crate) struct SourceAdd {
    /// Its name, which becomes the last segment of its path: 1 to 64 of the characters a-z A-Z 0-9 . _ - beginning
    /// with a letter or a digit.
    pub name: String,

    /// SendGrid's verification key, 1 to 10 of them: base64, PEM, or @FILE that holds either.
    // PEM begins with dashes.
    #[arg(long, value_name = "B64|PEM|@FILE", allow_hyphen_values = true)]
    pub public_key: Vec<String>,

    /// Accept unsigned requests; the path then holds 128 random bits and has to be kept secret.
    #[arg(long)]
    pub unsigned: bool,

    /// How old a signature may be; SendGrid retries for up to 24 h.
    #[arg(long, value_name = "DURATION", default_value = "10m", value_parser = max_age)]
    pub max_age: Duration,

    /// What to do with opens that SendGrid marks as a machine's.
    #[arg(long, value_enum, default_value = "count")]
    pub machine_opens: MachineOpensArg,

    /// Ask each request for an OAuth token from the start, as `source oauth` does; prints the client's secret, this once.
    #[arg(long)]
    pub oauth: bool,
}

#[derive(Args, Debug)]
#[command(group = clap::ArgGroup::new("change").required(true).multiple(true).args(["max_age", "machine_opens"]))]
pub(crate) struct SourceSet {
    /// Its name in `source list`.
    pub name: String,

    /// How old a signature may be; SendGrid retries for up to 24 h.
    #[arg(long, value_name = "DURATION", value_parser = max_age)]
    pub max_age: Option<Duration>,

    /// What to do with opens that SendGrid marks as a machine's.
    #[arg(long, value_enum)]
    pub machine_opens: Option<MachineOpensArg>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum MachineOpensArg {
    /// An open like any other, marked `machine_open` where it is told.
    Count,
    /// Stored and counted; moves no status.
    Ignore,
}

impl From<MachineOpensArg> for MachineOpens {
    fn from(arg: MachineOpensArg) -> Self {
        match arg {
            MachineOpensArg::Count => Self::Count,
            MachineOpensArg::Ignore => Self::Ignore,
        }
    }
}

/// 20 years. SendGrid gives up after a day; replays of captured requests need as much as they are old, and dedupe makes
/// them harmless.
const MAX_AGE_LONGEST: Duration = Duration::from_secs(7_305 * 24 * 60 * 60);

fn max_age(text: &str) -> Result<Duration, String> {
    let age = humantime::parse_duration(text).map_err(|error| format!("{error}; write e.g. 10m or 6h"))?;
    if age.subsec_nanos() != 0 || !(Duration::from_secs(1)..=MAX_AGE_LONGEST).contains(&age) {
        return Err("give whole seconds, from 1s to 20 years".to_owned());
    }
    Ok(age)
}
