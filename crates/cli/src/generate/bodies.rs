//! The bodies, one after another: made up from a seed, or read from files and left untouched.

use crate::args::GenerateArgs;
use crate::failure::Failure;
use jiff::{Timestamp, ToSpan as _};
use std::collections::VecDeque;
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use traffic::{Batches, Body, CUSTOM_ARGS_BYTES_MAX, Dress, Scenario, Story};
use wire::sendgrid::{self, Reading};

/// Larger than anything ingest can be set to accept.
const FILE_BYTES_MAX: u64 = 256 * 1024 * 1024;

/// Where nobody says, without a scenario.
const MESSAGES: u32 = 1;
const BATCH: u32 = 100;

/// So long before now the events of a run without a seed begin.
const LATELY_S: i64 = 15 * 60;

pub(crate) enum Bodies {
    MadeUp(Batches),
    Told(Story),
    Files(VecDeque<PathBuf>),
}

impl Bodies {
    /// Refuses what would silently be left out.
    pub(crate) fn new(args: &GenerateArgs, now: Timestamp) -> Result<Self, Failure> {
        if !args.body.is_empty() {
            return Ok(Self::Files(args.body.iter().cloned().collect()));
        }
        let dress = dress(args)?;
        // Readers of JSON keep 53 bits of a number.
        let seed = args.seed.unwrap_or_else(|| rand::random::<u64>() >> 11);
        let span_s = args.scenario.map_or(LATELY_S, Scenario::span_s);
        let start = args.start.unwrap_or_else(|| start(args.seed.is_some(), now, span_s)).as_second();
        let mails = args.messages.unwrap_or_else(|| args.scenario.map_or(MESSAGES, Scenario::mails));
        let batch = args.batch.unwrap_or_else(|| args.scenario.map_or(BATCH, Scenario::batch));
        let (mails, batch) = (u64::from(mails), usize::try_from(batch).unwrap_or(usize::MAX));
        Ok(match args.scenario {
            None => Self::MadeUp(Batches::new(seed, start, args.events.clone(), mails, batch).dressed(dress)),
            Some(scenario) => Self::Told(Story::new(scenario, seed, start, mails, batch).dressed(dress)),
        })
    }

    pub(crate) const fn seed(&self) -> Option<u64> {
        match self {
            Self::MadeUp(batches) => Some(batches.seed()),
            Self::Told(story) => Some(story.seed()),
            Self::Files(_) => None,
        }
    }

    /// When the first mail is accepted.
    pub(crate) fn start(&self) -> Option<Timestamp> {
        let second = match self {
            Self::MadeUp(batches) => batches.start(),
            Self::Told(story) => story.start(),
            Self::Files(_) => return None,
        };
        Timestamp::from_second(second).ok()
    }
}

fn dress(args: &GenerateArgs) -> Result<Dress, Failure> {
    let shaped = args.messages.is_some()
        || args.batch.is_some()
        || !args.custom_arg.is_empty()
        || !args.category.is_empty();
    if args.scenario == Some(Scenario::Test) && shaped {
        return Err(Failure::usage("SendGrid's test is always the same eleven events in one POST").next(
            "leave out --messages, --batch, --custom-arg and --category, or choose another --scenario",
        ));
    }
    let bytes: usize = args.custom_arg.iter().map(|(name, value)| name.len() + value.len()).sum();
    if bytes > CUSTOM_ARGS_BYTES_MAX {
        return Err(Failure::usage(format!(
            "{bytes} bytes of custom arguments are more than the {CUSTOM_ARGS_BYTES_MAX} that SendGrid takes"
        )));
    }
    Ok(Dress::new(args.custom_arg.clone(), args.category.clone()))
}

impl Iterator for Bodies {
    type Item = Result<Body, Failure>;

    fn next(&mut self) -> Option<Self::Item> {
        match self {
            Self::MadeUp(batches) => batches.next().map(Ok),
            Self::Told(story) => story.next().map(Ok),
            Self::Files(paths) => paths.pop_front().map(|path| file(&path)),
        }
    }
}

/// A seed's events are the same all day, so they cannot begin now. Either way they are over by now, if they take no
/// longer than `span_s`; a quarter of an hour or less counts as that with a seed.
fn start(seeded: bool, now: Timestamp, span_s: i64) -> Timestamp {
    let whole_days = now.as_second() - now.as_second().rem_euclid(24 * 60 * 60);
    let midnight = Timestamp::from_second(whole_days).unwrap_or(now);
    let from = if seeded { midnight.checked_sub(2.hours()).unwrap_or(midnight) } else { now };
    let back = if seeded { span_s - 2 * 60 * 60 } else { span_s };
    from.checked_sub(back.max(0).seconds()).unwrap_or(from)
}

fn file(path: &Path) -> Result<Body, Failure> {
    let cannot = |error: String| Failure::usage(format!("--body {} cannot be read: {error}", path.display()));
    let mut bytes = Vec::new();
    let mut bounded = File::open(path).map_err(|error| cannot(error.to_string()))?.take(FILE_BYTES_MAX + 1);
    bounded.read_to_end(&mut bytes).map_err(|error| cannot(error.to_string()))?;
    if bounded.limit() == 0 {
        return Err(cannot(format!("it is larger than {FILE_BYTES_MAX} bytes")));
    }
    // Counted as the ledger will: what cannot be read is one element.
    let events = match sendgrid::read(&bytes, Timestamp::MAX) {
        Reading::Elements(elements) => elements.len() as u64,
        Reading::Unreadable(_) => 1,
    };
    Ok(Body { bytes, events, wave: 0 })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output;

    #[test]
    fn a_day_of_seeded_events_does_not_depend_on_the_hour() {
        let at = |text: &str| start(true, text.parse().unwrap(), LATELY_S);
        assert_eq!(at("2026-03-04T00:00:00Z"), at("2026-03-04T23:59:59Z"));
        assert_eq!(at("2026-03-04T12:00:00Z").to_string(), "2026-03-03T22:00:00Z");
    }

    #[test]
    fn a_long_story_begins_early_enough_to_be_over() {
        let now: Timestamp = "2026-03-04T12:00:00Z".parse().unwrap();
        let at = |seeded, scenario: Scenario| start(seeded, now, scenario.span_s()).to_string();
        assert_eq!(at(false, Scenario::AsyncBounce), "2026-03-02T11:00:00Z");
        assert_eq!(at(true, Scenario::AsyncBounce), "2026-03-01T23:00:00Z");
        assert_eq!(at(false, Scenario::Life), "2026-03-04T11:00:00Z");
        assert_eq!(at(true, Scenario::Life), "2026-03-03T22:00:00Z");
        assert_eq!(at(false, Scenario::Test), now.to_string());
        assert_eq!(start(false, now, LATELY_S).to_string(), "2026-03-04T11:45:00Z");
    }

    fn bodies(line: &str) -> Result<Vec<Vec<u8>>, Failure> {
        made("2026-03-04T12:00:00Z", line)?.map(|body| body.map(|body| body.bytes)).collect()
    }

    fn made(now: &str, line: &str) -> Result<Bodies, Failure> {
        use clap::Parser as _;
        #[derive(clap::Parser)]
        struct Line {
            #[command(flatten)]
            args: GenerateArgs,
        }
        let words =
            "generate --private-key k.pem --curl --seed 7".split(' ').chain(line.split_ascii_whitespace());
        let args = Line::parse_from(words).args;
        Bodies::new(&args, now.parse().unwrap())
    }

    #[test]
    fn what_is_reported_makes_the_same_bytes_on_any_day() {
        let bytes = |bodies: Bodies| bodies.map(|body| body.unwrap().bytes).collect::<Vec<_>>();
        for line in ["", "--scenario campaign --messages 20", "--scenario async-bounce", "--scenario test"] {
            let first = made("2026-03-04T12:00:00Z", line).unwrap();
            let start = output::time(first.start().unwrap());
            let again = made("2026-03-05T00:00:00Z", &format!("{line} --start {start}")).unwrap();
            let first = bytes(first);
            assert_eq!(first, bytes(again), "{line}");
            assert_ne!(first, bytes(made("2026-03-05T00:00:00Z", line).unwrap()), "{line}: another day");
            assert_eq!(first, bytes(made("2026-03-04T23:59:59Z", line).unwrap()), "{line}: the same day");
        }
        assert_eq!(
            made("2026-03-04T12:00:00Z", "--start 2026-03-04T12:00:00.9Z").unwrap().start().unwrap(),
            "2026-03-04T12:00:00Z".parse().unwrap()
        );
    }

    #[test]
    fn a_seed_makes_the_bytes_that_it_always_made() {
        // Written down from the release before scenarios; scripts may have kept more than this.
        let expected = [
            r#"{"campaign":"password-reset","category":["password-reset"],"email":"anna.7aa19eb3@example.org","event":"processed","order_id":"36378843","pool":{"id":210,"name":"transactional"},"send_at":0,"sg_event_id":"cHJvY2Vzc2VkLTkwMDAwMDctUmY2YlBTYkd6cEJTSlhBYWlFb2NLQS0w","sg_message_id":"Rf6bPSbGzpBSJXAaiEocKA.recvd-f8dec84ad7-fgc9j-1-69A759E0-4B3.0","smtp-id":"<Rf6bPSbGzpBSJXAaiEocKA@geopod-ismtpd-36>","timestamp":1772575200}"#,
            r#"{"campaign":"password-reset","category":["password-reset"],"email":"anna.7aa19eb3@example.org","event":"delivered","ip":"167.89.122.230","order_id":"36378843","response":"250 2.0.0 OK be939ead - gsmtp","sg_event_id":"ZGVsaXZlcmVkLTAtOTAwMDAwNy1SZjZiUFNiR3pwQlNKWEFhaUVvY0tBLTA","sg_message_id":"Rf6bPSbGzpBSJXAaiEocKA.recvd-f8dec84ad7-fgc9j-1-69A759E0-4B3.0","smtp-id":"<Rf6bPSbGzpBSJXAaiEocKA@geopod-ismtpd-36>","timestamp":1772575203,"tls":1}"#,
            r#"{"campaign":"password-reset","category":["password-reset"],"email":"anna.7aa19eb3@example.org","event":"open","ip":"198.51.100.213","order_id":"36378843","sg_content_type":"html","sg_event_id":"-LRtrTmYbzlJFddUOondmw","sg_machine_open":false,"sg_message_id":"Rf6bPSbGzpBSJXAaiEocKA.recvd-f8dec84ad7-fgc9j-1-69A759E0-4B3.0","timestamp":1772575275,"useragent":"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko)"}"#,
        ];
        let body = String::from_utf8(bodies("").unwrap().remove(0)).unwrap();
        assert_eq!(body, format!("[{}]\r\n", expected.join(",\r\n")));
    }

    #[test]
    fn what_the_test_payload_has_no_place_for_is_refused_and_not_dropped() {
        for line in ["--messages 2", "--batch 3", "--custom-arg a=b", "--unique-arg a=b", "--category c"] {
            let failure = bodies(&format!("--scenario test {line}")).unwrap_err();
            assert_eq!(failure.code, 2, "{line}");
            assert!(bodies(line).is_ok() && bodies(&format!("--scenario life {line}")).is_ok(), "{line}");
        }
        assert_eq!(bodies("--scenario test").unwrap().len(), 1);
    }

    #[test]
    fn more_custom_arguments_than_sendgrid_takes_are_refused() {
        let long = "x".repeat(CUSTOM_ARGS_BYTES_MAX - 1);
        assert!(bodies(&format!("--custom-arg a={long}")).is_ok());
        assert_eq!(bodies(&format!("--custom-arg ab={long}")).unwrap_err().code, 2);
    }
}
