//! `sendstate demo`.

use super::endpoint::network;
use clap::Args;
use std::net::SocketAddr;
use std::time::Duration;
use url::Url;

#[derive(Args, Debug)]
#[command(after_help = "\
Needs SENDSTATE_DATABASE_URL, SENDSTATE_SECRET_KEY and SENDSTATE_INGEST_URL of a running stack. Makes its own source \
and endpoint under new names, so it can be run again and beside real traffic. Exits with 1 if anything is lost.

Examples:
  sendstate demo
  sendstate demo --json | jq .lost
  sendstate demo --listen 0.0.0.0:9000 --consumer-url http://demo:9000/ --allow-network 172.16.0.0/12
")]
pub(crate) struct DemoArgs {
    /// Several ingests that take turns, separated by commas or spaces.
    #[arg(long, env = "SENDSTATE_INGEST_URLS", value_name = "URL,...")]
    pub ingest_urls: Option<String>,

    /// Messages in the scenario's main part.
    #[arg(long, default_value_t = 300, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub messages: u32,

    /// Where the demo's own consumer listens.
    #[arg(long, default_value = "127.0.0.1:0", value_name = "ADDRESS")]
    pub listen: SocketAddr,

    /// How the dispatcher reaches that consumer, where it is not the listening address.
    #[arg(long, value_name = "URL")]
    pub consumer_url: Option<Url>,

    /// Network that the consumer is in.
    #[arg(long, default_value = "127.0.0.0/8", value_name = "CIDR", value_parser = network)]
    pub allow_network: String,

    /// Longest the whole may take.
    #[arg(long, default_value = "2m", value_name = "DURATION", value_parser = humantime::parse_duration)]
    pub deadline: Duration,
}
