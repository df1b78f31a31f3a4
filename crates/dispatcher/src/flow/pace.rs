//! When to look at the queue again.
//!
//! At once if the last look was cut by its bound, soon while there is work, and ever more rarely while there is none, up
//! to the idle interval or the next delivery's due time, whichever comes first.

use crate::lease::Polled;
use jiff::Timestamp;
use std::time::Duration;

/// Between two looks while there is work: what a delivery waits at most under load.
const BRISK: Duration = Duration::from_millis(10);
/// Longest pause while the database does not answer.
const FAILING_MAX: Duration = Duration::from_secs(5);

#[derive(Debug)]
pub(super) struct Pace {
    idle: Duration,
    last: Duration,
}

impl Pace {
    pub(super) fn new(idle: Duration) -> Self {
        Self { idle, last: BRISK }
    }

    pub(super) fn after(&mut self, polled: &Polled, now: Timestamp) -> Duration {
        match polled {
            Polled::Found { full, .. } => {
                self.last = BRISK;
                if *full { Duration::ZERO } else { BRISK }
            }
            Polled::Empty { next_due } => {
                self.last = (self.last * 2).min(self.idle);
                // Overdue already: its endpoint has no room, and looking more often makes none.
                let until_due =
                    next_due.map(|due| Duration::try_from(due.duration_since(now)).unwrap_or_default());
                until_due
                    .filter(|wait| !wait.is_zero())
                    .map_or(self.last, |wait| wait.clamp(BRISK, self.last))
            }
            Polled::Failed { .. } => {
                self.last = (self.last * 2).clamp(self.idle, FAILING_MAX);
                self.last
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const IDLE: Duration = Duration::from_millis(250);
    const NOW: Timestamp = Timestamp::UNIX_EPOCH;

    fn found(full: bool) -> Polled {
        Polled::Found { assignments: Vec::new(), withheld: Vec::new(), full }
    }

    fn empty(due_in_ms: Option<i64>) -> Polled {
        Polled::Empty { next_due: due_in_ms.map(|ms| Timestamp::from_millisecond(ms).unwrap()) }
    }

    fn pauses_ms(polls: impl IntoIterator<Item = Polled>) -> Vec<u128> {
        let mut pace = Pace::new(IDLE);
        polls.into_iter().map(|polled| pace.after(&polled, NOW).as_millis()).collect()
    }

    #[test]
    fn looks_follow_each_other_while_there_is_work_and_slow_down_to_the_idle_interval() {
        assert_eq!(
            pauses_ms([
                found(true),
                found(false),
                empty(None),
                empty(None),
                empty(None),
                empty(None),
                empty(None)
            ]),
            [0, 10, 20, 40, 80, 160, 250]
        );
        assert_eq!(pauses_ms([empty(None), empty(None), found(false), empty(None)]), [20, 40, 10, 20]);
    }

    #[test]
    fn a_delivery_that_is_due_before_the_next_look_is_met_on_time() {
        assert_eq!(pauses_ms([empty(None), empty(Some(17)), empty(Some(7_000))]), [20, 17, 80]);
    }

    #[test]
    fn what_is_due_in_a_moment_and_again_and_again_does_not_make_the_looks_spin() {
        assert_eq!(pauses_ms([empty(Some(1)), empty(Some(1))]), [10, 10]);
    }

    #[test]
    fn what_is_overdue_and_has_no_room_does_not_hurry_the_looks() {
        assert_eq!(pauses_ms([empty(Some(-5)), empty(Some(0))]), [20, 40]);
    }

    #[test]
    fn a_database_that_does_not_answer_is_asked_ever_more_rarely() {
        let failures = std::iter::repeat_with(|| Polled::Failed { withheld: Vec::new() }).take(7);
        assert_eq!(pauses_ms(failures), [250, 500, 1_000, 2_000, 4_000, 5_000, 5_000]);
    }
}
