//! `sendstate endpoint`.

use clap::{Args, Subcommand};
use dispatcher::guard::Networks;

#[derive(Debug, Subcommand)]
pub(crate) enum EndpointCommand {
    /// Tell a consumer.
    ///
    /// Prints the secret that signs its notifications, this once. It is told what happens from now on.
    #[command(after_help = "\
Examples:
  sendstate endpoint add https://example.com/hooks/mail
  sendstate endpoint add https://example.com/hooks/mail --types message.failed,message.complained --source newsletter
  sendstate endpoint add http://127.0.0.1:9000/ --allow-http --allow-network 127.0.0.0/8 --json | jq -r .secret
")]
    Add(EndpointAdd),
    /// List the endpoints, without their secrets.
    #[command(after_help = "\
Examples:
  sendstate endpoint list
  sendstate endpoint list --json | jq '.[] | select(.state != \"active\")'
")]
    List,
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
}

/// A network, as the dispatcher will read it.
pub(crate) fn network(text: &str) -> Result<String, String> {
    Networks::parse(&[text]).map_err(|error| error.to_string())?;
    Ok(text.trim().to_owned())
}
