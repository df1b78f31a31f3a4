//! How an endpoint wants to be told, as it is typed.

use super::time::seconds;
use clap::Args;
use secrecy::SecretString;
use std::str::FromStr;
use store::endpoint::Manner;

/// Flags of `endpoint add` and `endpoint set`.
#[derive(Args, Clone, Debug)]
pub(crate) struct MannerArgs {
    /// Longest time for one attempt: connecting, headers and body. From 1s to 60s; without it as the dispatcher is set.
    #[arg(long, value_name = "DURATION", value_parser = timeout)]
    pub timeout: Option<i16>,

    /// Most requests at the same time, over all dispatchers: 1 to 1000. Without it, each dispatcher's own bound.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(i16).range(1..=1_000))]
    pub concurrency: Option<i16>,

    /// Most requests begun per second, over all dispatchers: 1 to 10000. Without it, as fast as the endpoint takes them.
    #[arg(long, value_name = "N", value_parser = rate)]
    pub rate: Option<i32>,

    /// The wait before each attempt, comma separated, e.g. 0s,5s,5m,1h. 1 to 20 attempts, each wait at most 7d; the first
    /// is 0s. Without it ten attempts over about three days.
    #[arg(long, value_name = "WAIT,...")]
    pub schedule: Option<Schedule>,
}

impl MannerArgs {
    pub(crate) fn manner(&self) -> Manner {
        Manner {
            timeout_s: self.timeout,
            concurrency: self.concurrency,
            rate_per_s: self.rate,
            schedule_s: self.schedule.as_ref().map(|schedule| schedule.0.clone()),
        }
    }
}

/// A header that is sent with every notification: `Name: value`, or `@FILE` with one such line each.
///
/// Its value may be a credential, so it is kept as one from here on.
pub(crate) type HeaderText = SecretString;

/// Seconds to wait before each attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Schedule(pub Vec<i32>);

/// As the table has it.
const ATTEMPTS_MAX: usize = 20;
const WAIT_SECONDS_MAX: u64 = 7 * 24 * 60 * 60;

impl FromStr for Schedule {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let waits: Vec<&str> = text.split(',').collect();
        if waits.len() > ATTEMPTS_MAX {
            return Err(format!("{} waits are too many: {ATTEMPTS_MAX} at most", waits.len()));
        }
        let wait = |text: &&str| {
            let wait = seconds(text, 0..=WAIT_SECONDS_MAX, "7 days at most")?;
            i32::try_from(wait).map_err(|_| "7 days at most".to_owned())
        };
        let waits = waits.iter().map(wait).collect::<Result<Vec<_>, _>>()?;
        if waits.first() != Some(&0) {
            return Err("the first attempt is made at once: begin with 0s".to_owned());
        }
        Ok(Self(waits))
    }
}

fn timeout(text: &str) -> Result<i16, String> {
    let timeout = seconds(text, 1..=60, "from 1s to 60s")?;
    i16::try_from(timeout).map_err(|_| "60 seconds at most".to_owned())
}

/// A number per second, with or without `/s` behind it.
pub(super) fn rate(text: &str) -> Result<i32, String> {
    let number = text.trim();
    let number = number.strip_suffix("/s").unwrap_or(number);
    match number.parse() {
        Ok(rate @ 1..=10_000) => Ok(rate),
        _ => Err("give a number per second from 1 to 10000, e.g. 50 or 50/s".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_schedule_is_one_to_twenty_waits_and_begins_at_once() {
        let read = |text: &str| text.parse::<Schedule>().map(|schedule| schedule.0);
        assert_eq!(read("0s,5s, 5m,7d").unwrap(), [0, 5, 300, 604_800]);
        assert_eq!(read("0s").unwrap(), [0]);
        let twenty = vec!["0s"; 20].join(",");
        assert_eq!(read(&twenty).unwrap().len(), 20);
        for bad in ["", "5s", "0s,", "0s,8d", "0s,1500ms", "0s,soon", &format!("{twenty},1s")] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_rate_may_say_what_it_is_per() {
        for (text, expected) in [("50", Some(50)), ("50/s", Some(50)), ("10000", Some(10_000))] {
            assert_eq!(rate(text).ok(), expected, "{text}");
        }
        for bad in ["", "0", "-1", "10001", "50/m", "1.5", "/s"] {
            assert!(rate(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_timeout_is_a_second_to_a_minute() {
        assert_eq!((timeout("1s"), timeout("1m")), (Ok(1), Ok(60)));
        for bad in ["0s", "61s", "500ms", "15"] {
            assert!(timeout(bad).is_err(), "{bad}");
        }
    }
}
