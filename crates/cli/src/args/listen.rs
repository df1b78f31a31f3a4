//! `sendstate listen`.

use clap::Args;
use secrecy::SecretString;
use std::net::IpAddr;

#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  sendstate listen --port 9000 --secret whsec_...
  sendstate listen --port 9000 --secret whsec_... --json | jq -r '.data.recipient'
")]
pub(crate) struct ListenArgs {
    /// Port to listen on.
    #[arg(long, default_value_t = 9000)]
    pub port: u16,

    /// Address to listen on.
    #[arg(long, default_value = "127.0.0.1", value_name = "ADDRESS")]
    pub address: IpAddr,

    /// The endpoint's secret, as `endpoint add` showed it.
    #[arg(long, env = "SENDSTATE_LISTEN_SECRET", hide_env_values = true, value_name = "whsec_...")]
    pub secret: SecretString,
}
