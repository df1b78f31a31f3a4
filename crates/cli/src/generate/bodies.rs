//! The bodies, one after another: made up from a seed, or read from files and left untouched.

use super::event::{Happening, element};
use super::mail::Mail;
use super::post::join;
use super::step::Step;
use crate::args::GenerateArgs;
use crate::failure::Failure;
use jiff::{Timestamp, ToSpan as _};
use std::collections::VecDeque;
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use wire::sendgrid::{self, Reading};

/// Larger than anything ingest can be set to accept.
const FILE_BYTES_MAX: u64 = 256 * 1024 * 1024;

/// Mails accepted each second, and how many seconds it goes on before it starts over: the day of the events does not
/// depend on their number.
const MAILS_PER_SECOND: u64 = 500;
const SECONDS_MAX: u64 = 90 * 60;

/// A body and how many events are in it.
#[derive(Debug)]
pub(crate) struct Body {
    pub bytes: Vec<u8>,
    pub events: u64,
}

pub(crate) enum Bodies {
    MadeUp(MadeUp),
    Files(VecDeque<PathBuf>),
}

pub(crate) struct MadeUp {
    seed: u64,
    start: i64,
    steps: Vec<Step>,
    mails_left: std::ops::Range<u64>,
    batch: usize,
    /// Elements of the mail that did not fit into the batch before.
    waiting: VecDeque<Vec<u8>>,
}

impl Bodies {
    pub(crate) fn new(args: &GenerateArgs, now: Timestamp) -> Self {
        if !args.body.is_empty() {
            return Self::Files(args.body.iter().cloned().collect());
        }
        Self::MadeUp(MadeUp {
            // Readers of JSON keep 53 bits of a number.
            seed: args.seed.unwrap_or_else(|| rand::random::<u64>() >> 11),
            start: args.start.unwrap_or_else(|| start(args.seed.is_some(), now)).as_second(),
            steps: args.events.clone(),
            mails_left: 0..u64::from(args.messages),
            batch: usize::try_from(args.batch).unwrap_or(usize::MAX),
            waiting: VecDeque::new(),
        })
    }

    pub(crate) fn seed(&self) -> Option<u64> {
        match self {
            Self::MadeUp(made_up) => Some(made_up.seed),
            Self::Files(_) => None,
        }
    }
}

impl Iterator for Bodies {
    type Item = Result<Body, Failure>;

    fn next(&mut self) -> Option<Self::Item> {
        match self {
            Self::MadeUp(made_up) => made_up.next().map(Ok),
            Self::Files(paths) => paths.pop_front().map(|path| file(&path)),
        }
    }
}

/// A seed's events are the same all day, so they cannot begin now.
fn start(seeded: bool, now: Timestamp) -> Timestamp {
    let whole_days = now.as_second() - now.as_second().rem_euclid(24 * 60 * 60);
    let midnight = Timestamp::from_second(whole_days).unwrap_or(now);
    let (from, back) = if seeded { (midnight, 2.hours()) } else { (now, 15.minutes()) };
    from.checked_sub(back).unwrap_or(from)
}

impl MadeUp {
    fn next(&mut self) -> Option<Body> {
        while self.waiting.len() < self.batch {
            let Some(number) = self.mails_left.next() else { break };
            self.waiting.extend(self.life(number));
        }
        let count = self.waiting.len().min(self.batch);
        let elements: Vec<Vec<u8>> = self.waiting.drain(..count).collect();
        (count > 0).then(|| Body { bytes: join(&elements), events: count as u64 })
    }

    /// Everything that happens to one mail, in the order of time.
    fn life(&self, number: u64) -> Vec<Vec<u8>> {
        let second = number / MAILS_PER_SECOND % SECONDS_MAX;
        let accepted_at = self.start + i64::try_from(second).unwrap_or_default();
        let mail = Mail::new(self.seed, number, accepted_at);
        happenings(&mail, &self.steps)
            .map(|happening| element(&mail, happening).to_string().into_bytes())
            .collect()
    }
}

/// When each of these steps happens to a mail.
fn happenings(mail: &Mail, steps: &[Step]) -> impl Iterator<Item = Happening> {
    let (mut chance, mut at) = (mail.chance.clone(), mail.accepted_at);
    steps.iter().enumerate().map(move |(position, step)| {
        let (least, most) = step.delay_s();
        at += i64::try_from(chance.between(least, most)).unwrap_or_default();
        let repeat = steps[..position].iter().filter(|before| *before == step).count();
        Happening { step: *step, repeat: u32::try_from(repeat).unwrap_or(u32::MAX), at }
    })
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
    Ok(Body { bytes, events })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made_up(seed: u64, mails: u64, batch: usize) -> MadeUp {
        let steps = vec![Step::Processed, Step::Deferred, Step::Deferred, Step::Delivered];
        MadeUp { seed, start: 1_700_000_000, steps, mails_left: 0..mails, batch, waiting: VecDeque::new() }
    }

    fn all(mut bodies: MadeUp) -> Vec<Vec<u8>> {
        std::iter::from_fn(|| bodies.next()).map(|body| body.bytes).collect()
    }

    #[test]
    fn the_same_seed_makes_the_same_bytes_and_another_seed_others() {
        assert_eq!(all(made_up(7, 10, 8)), all(made_up(7, 10, 8)));
        assert_ne!(all(made_up(7, 10, 8)), all(made_up(8, 10, 8)));
    }

    #[test]
    fn every_event_is_in_exactly_one_batch_and_all_but_the_last_are_full() {
        let mut bodies = made_up(7, 10, 7);
        let sizes: Vec<u64> = std::iter::from_fn(|| bodies.next()).map(|body| body.events).collect();
        assert_eq!(sizes, [7, 7, 7, 7, 7, 5]);
    }

    #[test]
    fn bodies_are_joined_as_sendgrid_joins_them() {
        let body = all(made_up(7, 2, 100)).remove(0);
        let text = String::from_utf8(body).unwrap();
        assert!(text.starts_with("[{") && text.ends_with("}]\r\n"));
        assert_eq!(text.matches("},\r\n{").count(), 7);
    }

    #[test]
    fn a_day_of_seeded_events_does_not_depend_on_the_hour() {
        let at = |text: &str| start(true, text.parse().unwrap());
        assert_eq!(at("2026-03-04T00:00:00Z"), at("2026-03-04T23:59:59Z"));
        assert_eq!(at("2026-03-04T12:00:00Z").to_string(), "2026-03-03T22:00:00Z");
    }

    #[test]
    fn a_step_that_repeats_is_counted_and_time_moves_on() {
        let mail = Mail::new(1, 1, 100);
        let life: Vec<Happening> =
            happenings(&mail, &[Step::Deferred, Step::Deferred, Step::Delivered]).collect();
        assert_eq!(life.iter().map(|one| one.repeat).collect::<Vec<_>>(), [0, 1, 0]);
        assert!(life.is_sorted_by_key(|one| one.at) && life[0].at > 100);
    }
}
