//! Whether a run that was interrupted is the one that is asked for again.
//!
//! Times are often given as how long ago, or as now, so the same command names other times when it is run again: both may
//! have moved on, by as much as has passed since. Anything else is another question.

use jiff::{SignedDuration, Timestamp};
use std::ops::Range;
use store::reconcile::Run;

/// Reading the clock twice in one command, and rounding to seconds.
const SLACK: SignedDuration = SignedDuration::from_secs(2);

/// The run to go on with. It keeps its beginning, and ends where the new one is to end.
pub(super) fn go_on(mut run: Run, asked: &Range<Timestamp>, now: Timestamp) -> Option<Run> {
    let passed = now.duration_since(run.started_at) + SLACK;
    let moved = |before: Timestamp, after: Timestamp| {
        let by = after.duration_since(before);
        by >= SignedDuration::ZERO && by <= passed
    };
    if !moved(run.span.start, asked.start) || !moved(run.span.end, asked.end) {
        return None;
    }
    if asked.end > run.span.end {
        // Of messages that were listed later, only what happened before the old end was compared.
        run.reached_at = run.reached_at.min(run.span.end);
        run.span.end = asked.end;
    }
    Some(run)
}

#[cfg(test)]
mod tests {
    use super::*;
    use store::reconcile::Sums;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_700_000_000 + second).unwrap()
    }

    /// Begun at 10,000 and interrupted at `reached`.
    fn run(from: i64, to: i64, reached: i64) -> Run {
        let sums = Sums { found: 7, ..Sums::default() };
        Run { id: 1, span: at(from)..at(to), started_at: at(10_000), reached_at: at(reached), sums }
    }

    #[test]
    fn the_same_times_go_on_where_it_stopped() {
        let before = run(0, 5_000, 3_000);
        assert_eq!(go_on(before.clone(), &(at(0)..at(5_000)), at(90_000)), Some(before));
    }

    #[test]
    fn times_counted_from_now_have_moved_with_the_clock() {
        let went_on = go_on(run(0, 10_000, 9_000), &(at(600)..at(10_600)), at(10_600)).unwrap();
        assert_eq!((went_on.span, went_on.reached_at), (at(0)..at(10_600), at(9_000)));
        assert_eq!(went_on.sums.found, 7);
    }

    #[test]
    fn what_lies_beyond_the_old_end_is_compared_anew_where_the_end_has_moved() {
        let went_on = go_on(run(0, 10_000, 10_400), &(at(600)..at(10_600)), at(10_600)).unwrap();
        assert_eq!(went_on.reached_at, at(10_000));
        let same = go_on(run(0, 10_000, 10_400), &(at(600)..at(10_000)), at(10_600)).unwrap();
        assert_eq!(same.reached_at, at(10_400));
    }

    #[test]
    fn another_question_begins_anew() {
        for (from, to) in [(-1, 5_000), (0, 4_999), (700, 5_000), (0, 5_700)] {
            assert_eq!(go_on(run(0, 5_000, 3_000), &(at(from)..at(to)), at(10_600)), None, "{from} {to}");
        }
    }
}
