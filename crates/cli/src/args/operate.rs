//! What is done with endpoints that are there: `endpoint pause`, `resume`, `rotate-secret`, `test`.

use super::time::{seconds, time};
use super::wait;
use clap::{Args, ValueEnum};
use jiff::Timestamp;
use secrecy::SecretString;
use std::str::FromStr;
use std::time::Duration;

#[derive(Args, Debug)]
pub(crate) struct EndpointId {
    /// Its number in `endpoint list`.
    #[arg(value_parser = clap::value_parser!(i32).range(1..))]
    pub id: i32,
}

#[derive(Args, Debug)]
pub(crate) struct EndpointResume {
    /// Its number in `endpoint list`.
    #[arg(value_parser = clap::value_parser!(i32).range(1..))]
    pub id: i32,

    /// What of that which is held is told: all, none, or since=TIME, what came to be owed at that time or later. A time is
    /// RFC 3339, a date (its midnight in UTC) or a duration ago such as 6h.
    #[arg(long, value_name = "all|none|since=TIME")]
    pub release: Option<Release>,
}

/// What of that which is held is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Release {
    All,
    None,
    Since(Timestamp),
}

impl FromStr for Release {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once('=') {
            None if text == "all" => Ok(Self::All),
            None if text == "none" => Ok(Self::None),
            Some(("since", at)) => time(at).map(Self::Since),
            _ => Err("give all, none or since=TIME, e.g. since=2026-03-01T12:00:00Z or since=6h".to_owned()),
        }
    }
}

#[derive(Args, Debug)]
pub(crate) struct EndpointRotate {
    /// Its number in `endpoint list`.
    #[arg(value_parser = clap::value_parser!(i32).range(1..))]
    pub id: i32,

    /// How long the old ones go on signing: up to 30d. 0s cuts them off at once.
    #[arg(long, value_name = "DURATION", default_value = "24h", value_parser = overlap)]
    pub overlap: Duration,

    /// Take this one instead of making one: whsec_ (v1) or whsk_ (v1a) and base64, or @FILE that holds it.
    #[arg(long, value_name = "whsec_...|@FILE")]
    pub secret: Option<SecretString>,

    /// Which of the signature schemes of Standard Webhooks it is for.
    #[arg(long, value_enum, default_value = "v1")]
    pub scheme: SchemeArg,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum SchemeArg {
    /// A shared secret.
    V1,
    /// An Ed25519 key pair.
    #[value(name = "v1a")]
    V1a,
}

pub(super) fn overlap(text: &str) -> Result<Duration, String> {
    seconds(text, 0..=30 * 24 * 60 * 60, "30 days at most").map(Duration::from_secs)
}

#[derive(Args, Debug)]
pub(crate) struct EndpointTest {
    /// Its number in `endpoint list`.
    #[arg(value_parser = clap::value_parser!(i32).range(1..))]
    pub id: i32,

    /// Wait this long for it to be delivered.
    #[arg(long, value_name = "DURATION", default_value = "30s", value_parser = wait)]
    pub wait: Duration,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_released_is_all_or_none_or_from_some_time_on() {
        assert_eq!("all".parse(), Ok(Release::All));
        assert_eq!("none".parse(), Ok(Release::None));
        let at = Timestamp::from_second(1_700_000_000).unwrap();
        assert_eq!("since=2023-11-14T22:13:20Z".parse(), Ok(Release::Since(at)));
        for bad in ["", "since", "since=", "since=then", "until=2023-11-14", "ALL", "all=1"] {
            assert!(bad.parse::<Release>().is_err(), "{bad}");
        }
    }

    #[test]
    fn an_overlap_may_be_nothing_but_not_for_ever() {
        assert_eq!(overlap("0s"), Ok(Duration::ZERO));
        assert_eq!(overlap("30d"), Ok(Duration::from_secs(2_592_000)));
        assert!(overlap("31d").is_err() && overlap("1.5s").is_err());
    }
}
