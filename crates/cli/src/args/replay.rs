//! `sendstate replay`.

use super::time::time;
use super::wait;
use clap::{Args, Subcommand};
use jiff::Timestamp;
use std::time::Duration;

#[derive(Debug, Subcommand)]
pub(crate) enum ReplayCommand {
    /// Work messages out again from their stored events, after what those events mean was mended.
    ///
    /// Takes the messages with an event received in the given time and derives their status and facts again, from all
    /// their stored events and under the source's policy of today. A status that was too high falls, silently; one that rises
    /// is told like any other move, and nothing is told twice. A consumer may so be told a status below one it was told
    /// before, when the status fell silently in a replay and later rises again. Messages whose events are partly gone,
    /// too many or too large, or could not be worked out are left alone and counted. Which message an event belongs to is
    /// not worked out again. On healthy data it changes nothing and tells nobody, so repeating it is harmless.
    ///
    /// After `source set`, live batches may still be applied under the old policy for some seconds: wait for that long
    /// before you replay. Upgrade every worker before, too: an older one would quarantine the instructions, as `bad_envelope`.
    ///
    /// Messages are given to the workers a few hundred at a time, in the order in which their events were received, so live
    /// batches do not wait for a replay. A message with events in several stretches of the ledger may be worked out, and
    /// counted, more than once. Exits with 1 if not everything is done within --wait or it is stopped with Ctrl-C: it says
    /// up to which receive time messages were given, and --from that time goes on. What was given is worked out in any case.
    #[command(after_help = "\
A time is RFC 3339, a date (its midnight in UTC), a duration ago such as 7d or 90m, or `now`.

Examples:
  sendstate replay inbound --source newsletter --from 7d --to now
  sendstate replay inbound --source newsletter --from 2026-03-01 --to 2026-03-02T12:00:00Z --wait 1h
  sendstate replay inbound --source newsletter --from 1d --to now --json | jq .changed
")]
    Inbound(ReplayInbound),
}

#[derive(Args, Debug)]
pub(crate) struct ReplayInbound {
    /// Whose messages.
    #[arg(long, value_name = "NAME")]
    pub source: String,

    /// Messages with an event received at this time or later.
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub from: Timestamp,

    /// And before this time, or before the replay begins if that is earlier.
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub to: Timestamp,

    /// Go on for this long at most: from 1s to a day.
    #[arg(long, value_name = "DURATION", default_value = "10m", value_parser = longest)]
    pub wait: Duration,
}

fn longest(text: &str) -> Result<Duration, String> {
    let longest = wait(text)?;
    if longest < Duration::from_secs(1) { Err("a second at least".to_owned()) } else { Ok(longest) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_replay_has_time_for_at_least_something() {
        assert_eq!(longest("1s"), Ok(Duration::from_secs(1)));
        assert_eq!(longest("24h"), Ok(Duration::from_secs(24 * 60 * 60)));
        for text in ["0", "0s", "999ms", "25h", "-1s", "soon"] {
            assert!(longest(text).is_err(), "{text}");
        }
    }
}
