//! `sendstate source oauth`, as it is typed.

use super::time::seconds;
use clap::{Args, ValueEnum};
use std::time::Duration;

/// Longer than anybody takes to paste a secret; a secret that may have been seen should not count for a month.
const OVERLAP_SECONDS_MAX: u64 = 7 * 24 * 60 * 60;

#[derive(Args, Debug)]
pub(crate) struct SourceOauth {
    /// Its name in `source list`.
    pub name: String,

    #[arg(value_enum)]
    pub action: OauthArg,

    /// For `rotate`: how long the secret before still counts, at most 7d; 24h if not given. With 0s it and every token that
    /// was given for it count no more as soon as ingest follows; one without the database does not.
    #[arg(long, value_name = "DURATION", value_parser = overlap)]
    pub overlap: Option<Duration>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum OauthArg {
    /// Make a client, and from then on ask each request for a token.
    On,
    /// Ask for no token any more.
    Off,
    /// Give the client a new secret.
    Rotate,
}

fn overlap(text: &str) -> Result<Duration, String> {
    seconds(text, 0..=OVERLAP_SECONDS_MAX, "7 days at most").map(Duration::from_secs)
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser as _;

    #[derive(clap::Parser)]
    struct Line {
        #[command(flatten)]
        oauth: SourceOauth,
    }

    fn read(words: &str) -> Option<(OauthArg, Option<Duration>)> {
        let line = Line::try_parse_from(std::iter::once("x").chain(words.split(' '))).ok()?;
        Some((line.oauth.action, line.oauth.overlap))
    }

    #[test]
    fn a_client_is_made_removed_or_given_another_secret() {
        assert_eq!(read("main on"), Some((OauthArg::On, None)));
        assert_eq!(read("main off"), Some((OauthArg::Off, None)));
        assert_eq!(read("main rotate --overlap 0s"), Some((OauthArg::Rotate, Some(Duration::ZERO))));
        for bad in ["main", "main renew", "main rotate --overlap 8d", "main rotate --overlap soon"] {
            assert_eq!(read(bad), None, "{bad}");
        }
    }
}
