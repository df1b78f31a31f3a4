//! Which SendGrid account a command speaks to.
//!
//! The API key itself is no argument: it comes from `SENDSTATE_SENDGRID_API_KEY` or from a file, because everybody on a
//! machine can read what stands in its list of processes.

use clap::{Args, ValueEnum};
use std::path::PathBuf;

/// Flags of every command that speaks to SendGrid.
#[derive(Args, Debug)]
pub(crate) struct AccountArgs {
    /// File that holds an API key of the account. Without it the key is read from the environment variable
    /// SENDSTATE_SENDGRID_API_KEY.
    #[arg(long, env = "SENDSTATE_SENDGRID_API_KEY_FILE", value_name = "FILE", help_heading = "SendGrid")]
    pub api_key_file: Option<PathBuf>,

    /// Where the account is at home.
    #[arg(
        long,
        env = "SENDSTATE_SENDGRID_REGION",
        value_enum,
        default_value = "global",
        help_heading = "SendGrid"
    )]
    pub region: RegionArg,

    /// Act for this subuser of the account.
    #[arg(long, env = "SENDSTATE_SENDGRID_ON_BEHALF_OF", value_name = "NAME", help_heading = "SendGrid")]
    pub on_behalf_of: Option<String>,

    /// Another address of the API than the region's, e.g. of a proxy: https, or http on this machine.
    #[arg(
        long,
        env = "SENDSTATE_SENDGRID_URL",
        value_name = "URL",
        help_heading = "SendGrid",
        hide_short_help = true
    )]
    pub sendgrid_url: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum RegionArg {
    /// <https://api.sendgrid.com>
    Global,
    /// <https://api.eu.sendgrid.com>
    Eu,
}
