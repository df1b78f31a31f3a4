//! Until when the records are read, so that no message that moves meanwhile is missed.
//!
//! Email Activity lists a message under its latest event. One that has a new event while the records are read leaves a
//! stretch that may not be read yet for a later one; it never moves back. So they are read past the present: once a stretch
//! ended after it when SendGrid answered, there is nothing ahead that was not seen. Email Logs lists a message under when it
//! was accepted, which stays, so there the time that was asked for is the end.

use super::records::Api;
use jiff::{SignedDuration, Timestamp};
use std::ops::Range;

/// How far past the present the records are asked for.
const AHEAD: SignedDuration = SignedDuration::from_mins(10);

/// By how much SendGrid's clock may be ahead of this one: a stretch that ends later than that has seen everything.
const CLOCKS_APART: SignedDuration = SignedDuration::from_mins(5);

/// Most lists that are read of what happens while they are read: hours at SendGrid's rate.
const CHASED_MAX: u32 = 1_000;

pub(super) struct Horizon {
    api: Api,
    /// The end of what was asked for.
    to: Timestamp,
    began: Timestamp,
    chased: u32,
}

/// What there is to read after a stretch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ahead {
    More,
    Nothing,
    /// More, and reading does not catch up with it.
    Fleeing,
}

impl Horizon {
    pub(super) fn new(api: Api, to: Timestamp, began: Timestamp) -> Self {
        Self { api, to, began, chased: 0 }
    }

    /// Until when records are asked for.
    pub(super) fn end(&self, now: Timestamp) -> Timestamp {
        match self.api {
            Api::Activity => now.max(self.to).saturating_add(AHEAD).unwrap_or(Timestamp::MAX),
            Api::Logs => self.to,
        }
    }

    /// A stretch was read, and the answer was there at `answered`.
    pub(super) fn after(&mut self, stretch: &Range<Timestamp>, answered: Timestamp) -> Ahead {
        let is_all = match self.api {
            Api::Activity => stretch.end.duration_since(answered) >= CLOCKS_APART,
            Api::Logs => stretch.end >= self.to,
        };
        if is_all {
            return Ahead::Nothing;
        }
        self.chased += u32::from(stretch.end > self.began);
        if self.chased > CHASED_MAX { Ahead::Fleeing } else { Ahead::More }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_700_000_000 + second).unwrap()
    }

    #[test]
    fn activity_is_read_until_a_stretch_ends_after_the_present() {
        let mut horizon = Horizon::new(Api::Activity, at(0), at(1_000));
        let end = horizon.end(at(1_000));
        assert_eq!(end, at(1_600));
        assert_eq!(horizon.after(&(at(-50)..at(500)), at(1_010)), Ahead::More);
        // The answer took so long that something may have happened after the end of the stretch.
        assert_eq!(horizon.after(&(at(500)..end), at(1_301)), Ahead::More);
        assert_eq!(horizon.end(at(1_301)), at(1_901));
        assert_eq!(horizon.after(&(end..at(1_901)), at(1_310)), Ahead::Nothing);
    }

    #[test]
    fn the_logs_end_with_the_time_that_was_asked_for() {
        let mut horizon = Horizon::new(Api::Logs, at(100), at(1_000));
        assert_eq!(horizon.end(at(1_000)), at(100));
        assert_eq!(horizon.after(&(at(0)..at(99)), at(2_000)), Ahead::More);
        assert_eq!(horizon.after(&(at(99)..at(100)), at(2_000)), Ahead::Nothing);
    }

    #[test]
    fn what_happens_faster_than_it_is_listed_is_not_chased_for_ever() {
        let mut horizon = Horizon::new(Api::Activity, at(0), at(0));
        let mut read = |second: i64| horizon.after(&(at(second)..at(second + 1)), at(second + 1));
        assert!((-5_000..0).all(|second| read(second) == Ahead::More), "the past is read whatever it takes");
        let chased = (0..).take_while(|second| read(*second) == Ahead::More).count();
        assert_eq!(chased, CHASED_MAX as usize);
    }
}
