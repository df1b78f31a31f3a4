//! `sendstate endpoint`: the commands, and what makes and changes endpoints.

use super::manner::{HeaderText, MannerArgs};
use super::operate::{EndpointId, EndpointResume, EndpointRotate, EndpointTest};
use clap::{Args, Subcommand, ValueEnum};
use dispatcher::guard::Networks;
use secrecy::SecretString;

#[derive(Debug, Subcommand)]
pub(crate) enum EndpointCommand {
    /// Tell a consumer.
    ///
    /// Prints the secret that signs its notifications, this once. It is told what happens from now on.
    #[command(after_help = "\
Examples:
  sendstate endpoint add https://example.com/hooks/mail
  sendstate endpoint add https://example.com/hooks/mail --types message.failed,message.complained --source newsletter
  sendstate endpoint add https://example.com/hooks/mail --rate 20 --concurrency 4 --timeout 5s --header @headers.txt
  sendstate endpoint add https://example.com/hooks/mail --secret @old-secret --sign v1,v1a
  sendstate endpoint add http://127.0.0.1:9000/ --allow-http --allow-network 127.0.0.0/8 --json | jq -r .secret
")]
    Add(EndpointAdd),
    /// List the endpoints with their state and health, without their secrets.
    #[command(after_help = "\
Examples:
  sendstate endpoint list
  sendstate endpoint list --json | jq '.[] | select(.state != \"active\")'
")]
    List,
    /// Show one endpoint: state, manner, health, what it is owed, and since when and until when its secrets sign.
    #[command(after_help = "\
Examples:
  sendstate endpoint show 3
  sendstate endpoint show 3 --json | jq .health
")]
    Show(EndpointId),
    /// Change an endpoint. What is not given stays as it is.
    ///
    /// A list (--types, --source, --allow-network, --header) takes the place of the one before. Dispatchers follow with
    /// what they send next. What is owed already is sent to the new URL.
    #[command(after_help = "\
Examples:
  sendstate endpoint set 3 --rate 20 --concurrency 4
  sendstate endpoint set 3 --types message.delivered,message.failed --default source,schedule
  sendstate endpoint set 3 --header 'X-Team: mail' --header @credentials.txt
  sendstate endpoint set 3 --url https://new.example.com/hooks/mail --no-headers
")]
    Set(Box<EndpointSet>),
    /// Hold what an endpoint is owed until it is resumed. Requests that are under way end.
    #[command(after_help = "\
Examples:
  sendstate endpoint pause 3
")]
    Pause(EndpointId),
    /// Hold what an endpoint is owed, as for a pause, and say that it is not meant to come back soon.
    #[command(after_help = "\
Examples:
  sendstate endpoint disable 3
")]
    Disable(EndpointId),
    /// Tell an endpoint again that was paused or disabled.
    ///
    /// With --release says what becomes of the deliveries that were held; needed if there are any. Those that are not
    /// released are skipped: they can be listed and replayed like any that are finished. Nothing is told before all of them are
    /// skipped; if this ends before, run it again. What its failures had led to is forgotten.
    #[command(after_help = "\
Examples:
  sendstate endpoint resume 3 --release all
  sendstate endpoint resume 3 --release since=2026-03-01
  sendstate endpoint resume 3 --release since=6h
  sendstate endpoint resume 3 --release none
")]
    Resume(EndpointResume),
    /// Give an endpoint a new secret, or its first one of another scheme.
    ///
    /// Prints the new one, this once. Until the overlap is over the old ones of the same scheme sign too, in the same header:
    /// give the consumer the new one in that time. At most 10 of a scheme sign at a time.
    #[command(after_help = "\
Examples:
  sendstate endpoint rotate-secret 3
  sendstate endpoint rotate-secret 3 --overlap 0s
  sendstate endpoint rotate-secret 3 --overlap 7d --secret @new-secret
  sendstate endpoint rotate-secret 3 --scheme v1a --json | jq -r .public_key
")]
    RotateSecret(EndpointRotate),
    /// Send an endpoint a notification of the type endpoint.test, and show what came of it.
    ///
    /// It is signed and sent like any other, counts for the endpoint's limits and health, and is marked: its type is
    /// endpoint.test and its data say \"test\": true. What is not delivered in time is skipped. Exits with 1 then.
    #[command(after_help = "\
Examples:
  sendstate endpoint test 3
  sendstate endpoint test 3 --wait 5s --json | jq '.attempt_log[].outcome'
")]
    Test(EndpointTest),
    /// Seal every secret and header value again, with the key in SENDSTATE_SECRET_KEY.
    ///
    /// For replacing that key. What the one before has sealed is opened with SENDSTATE_SECRET_KEY_PREVIOUS. First give both
    /// keys to every dispatcher and restart them, then run this, then take the previous one away. All or nothing; run
    /// again it changes nothing. The connecting user has to be a member of sendstate_dispatcher, the only role that may
    /// read what is sealed.
    #[command(after_help = "\
Examples:
  SENDSTATE_SECRET_KEY_PREVIOUS_FILE=/run/secrets/old SENDSTATE_SECRET_KEY_FILE=/run/secrets/new sendstate endpoint reseal
")]
    Reseal,
}

#[derive(Args, Debug)]
pub(crate) struct EndpointAdd {
    /// Where notifications are POSTed.
    pub url: String,

    /// Notification types, comma separated: message.delivered, message.failed, message.seen (these three by default),
    /// message.processed, message.deferred, message.clicked, message.complained, message.unsubscribed,
    /// recipient.suppressed, recipient.resubscribed, account.status_changed.
    #[arg(long, value_delimiter = ',', value_name = "TYPE,...")]
    pub types: Vec<String>,

    /// Only messages of this source; may be repeated. Without it: every source, also those added later.
    #[arg(long, value_name = "NAME")]
    pub source: Vec<String>,

    /// Accept a plain http URL. Signatures protect against forgery, not against reading.
    #[arg(long)]
    pub allow_http: bool,

    /// Allow addresses of this network although they are not public; may be repeated.
    #[arg(long, value_name = "CIDR", value_parser = network)]
    pub allow_network: Vec<String>,

    #[command(flatten)]
    pub manner: MannerArgs,

    /// Send this header too: `Name: value`, or @FILE with one such line for each, so that a credential does not stand in the
    /// list of processes. May be repeated. Values are sealed and never shown again.
    #[arg(long, value_name = "NAME: VALUE|@FILE")]
    pub header: Vec<HeaderText>,

    /// Sign with a secret that the consumer has already: whsec_ and base64 of 24 to 64 bytes, or @FILE that holds it.
    #[arg(long, value_name = "whsec_...|@FILE")]
    pub secret: Option<SecretString>,

    /// Signature schemes of Standard Webhooks. v1a adds an Ed25519 key, of which only the public half is shown.
    #[arg(long, value_enum, default_value = "v1")]
    pub sign: SignArg,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum SignArg {
    /// A shared secret.
    V1,
    /// A shared secret and a key pair: both signatures stand in one header.
    #[value(name = "v1,v1a")]
    Both,
}

#[derive(Args, Debug)]
#[command(group = clap::ArgGroup::new("change").required(true).multiple(true).args([
    "url", "types", "source", "allow_http", "allow_network", "timeout", "concurrency", "rate", "schedule", "header",
    "no_headers", "default",
]))]
pub(crate) struct EndpointSet {
    /// Its number in `endpoint list`.
    #[arg(value_parser = clap::value_parser!(i32).range(1..))]
    pub id: i32,

    /// Where notifications are POSTed.
    #[arg(long, value_name = "URL")]
    pub url: Option<String>,

    /// Notification types, comma separated, as for `endpoint add`.
    #[arg(long, value_delimiter = ',', value_name = "TYPE,...")]
    pub types: Vec<String>,

    /// Only messages of this source; may be repeated.
    #[arg(long, value_name = "NAME")]
    pub source: Vec<String>,

    /// Accept a plain http URL.
    #[arg(long)]
    pub allow_http: bool,

    /// Allow addresses of this network although they are not public; may be repeated.
    #[arg(long, value_name = "CIDR", value_parser = network)]
    pub allow_network: Vec<String>,

    #[command(flatten)]
    pub manner: MannerArgs,

    /// Send this header too, as for `endpoint add`; takes the place of all headers it had.
    #[arg(long, value_name = "NAME: VALUE|@FILE", conflicts_with = "no_headers")]
    pub header: Vec<HeaderText>,

    /// Send no headers of its own.
    #[arg(long)]
    pub no_headers: bool,

    /// Go back to what `endpoint add` does without these flags, comma separated.
    #[arg(long, value_enum, value_delimiter = ',', value_name = "FLAG,...")]
    pub default: Vec<SettingArg>,
}

/// What can go back to its default: named as its flag.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum SettingArg {
    /// The three types that are told by default.
    Types,
    /// Every source.
    Source,
    /// https only.
    AllowHttp,
    /// Public addresses only.
    AllowNetwork,
    Timeout,
    Concurrency,
    Rate,
    Schedule,
}

/// A network, as the dispatcher will read it.
pub(crate) fn network(text: &str) -> Result<String, String> {
    Networks::parse(&[text]).map_err(|error| error.to_string())?;
    Ok(text.trim().to_owned())
}
