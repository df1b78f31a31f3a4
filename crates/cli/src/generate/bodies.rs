//! The bodies, one after another: made up from a seed, or read from files and left untouched.

use crate::args::GenerateArgs;
use crate::failure::Failure;
use jiff::{Timestamp, ToSpan as _};
use std::collections::VecDeque;
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use traffic::{Batches, Body};
use wire::sendgrid::{self, Reading};

/// Larger than anything ingest can be set to accept.
const FILE_BYTES_MAX: u64 = 256 * 1024 * 1024;

pub(crate) enum Bodies {
    MadeUp(Batches),
    Files(VecDeque<PathBuf>),
}

impl Bodies {
    pub(crate) fn new(args: &GenerateArgs, now: Timestamp) -> Self {
        if !args.body.is_empty() {
            return Self::Files(args.body.iter().cloned().collect());
        }
        // Readers of JSON keep 53 bits of a number.
        let seed = args.seed.unwrap_or_else(|| rand::random::<u64>() >> 11);
        let start = args.start.unwrap_or_else(|| start(args.seed.is_some(), now)).as_second();
        let batch = usize::try_from(args.batch).unwrap_or(usize::MAX);
        Self::MadeUp(Batches::new(seed, start, args.events.clone(), u64::from(args.messages), batch))
    }

    pub(crate) fn seed(&self) -> Option<u64> {
        match self {
            Self::MadeUp(batches) => Some(batches.seed()),
            Self::Files(_) => None,
        }
    }
}

impl Iterator for Bodies {
    type Item = Result<Body, Failure>;

    fn next(&mut self) -> Option<Self::Item> {
        match self {
            Self::MadeUp(batches) => batches.next().map(Ok),
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

    #[test]
    fn a_day_of_seeded_events_does_not_depend_on_the_hour() {
        let at = |text: &str| start(true, text.parse().unwrap());
        assert_eq!(at("2026-03-04T00:00:00Z"), at("2026-03-04T23:59:59Z"));
        assert_eq!(at("2026-03-04T12:00:00Z").to_string(), "2026-03-03T22:00:00Z");
    }
}
