//! When to look at the queue again.
//!
//! At once if the last look was cut by its bound, soon while there is work, and ever more rarely while there is none, up
//! to the idle interval or the next delivery's due time, whichever comes first. A hint that something may be due ends
//! such a pause early, but no look follows another sooner than [`APART`] for hints, whoever gives them and however many; and
//! a database that does not answer is not asked more often for them.

use crate::hints::{Hints, Origin};
use crate::lease::Polled;
use jiff::Timestamp;
use std::time::Duration;
use store::hint::APART;
use tokio::time::{Instant, sleep_until};

/// Between two looks while there is work: what a delivery waits at most under load.
const BRISK: Duration = Duration::from_millis(10);
/// Longest pause while the database does not answer.
const FAILING_MAX: Duration = Duration::from_secs(5);

/// How long to wait before the next look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Pause {
    /// With a hint.
    least: Duration,
    most: Duration,
}

impl Pause {
    pub(super) const NONE: Self = Self::fixed(Duration::ZERO);

    const fn fixed(pause: Duration) -> Self {
        Self { least: pause, most: pause }
    }

    fn up_to(most: Duration) -> Self {
        Self { least: APART.min(most), most }
    }

    /// Waits; returns the hint that made it shorter.
    pub(super) async fn over(self, hints: &mut Hints) -> Option<Origin> {
        let began = Instant::now();
        if self.least < self.most {
            let hinted = async {
                let origin = hints.next().await;
                sleep_until(began + self.least).await;
                origin
            };
            tokio::select! {
                biased;
                () = sleep_until(began + self.most) => None,
                origin = hinted => Some(origin),
            }
        } else {
            sleep_until(began + self.most).await;
            None
        }
    }
}

#[derive(Debug)]
pub(super) struct Pace {
    idle: Duration,
    last: Duration,
}

impl Pace {
    pub(super) fn new(idle: Duration) -> Self {
        Self { idle, last: BRISK }
    }

    pub(super) fn after(&mut self, polled: &Polled, now: Timestamp) -> Pause {
        match polled {
            Polled::Found { full, .. } => {
                self.last = BRISK;
                if *full { Pause::NONE } else { Pause::up_to(BRISK) }
            }
            Polled::Empty { next_due } => {
                self.last = (self.last * 2).min(self.idle);
                // Overdue already: its endpoint has no room, and looking more often makes none.
                let until_due =
                    next_due.map(|due| Duration::try_from(due.duration_since(now)).unwrap_or_default());
                let pause = until_due
                    .filter(|wait| !wait.is_zero())
                    .map_or(self.last, |wait| wait.clamp(BRISK, self.last));
                Pause::up_to(pause)
            }
            Polled::Failed { .. } => {
                self.last = (self.last * 2).min(FAILING_MAX).max(self.idle);
                Pause::fixed(self.last)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hints::channel;

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
        polls.into_iter().map(|polled| pace.after(&polled, NOW).most.as_millis()).collect()
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

    #[test]
    fn a_database_that_does_not_answer_is_asked_no_more_often_than_an_idle_one() {
        let mut pace = Pace::new(Duration::from_secs(10));
        for _ in 0..3 {
            let pause = pace.after(&Polled::Failed { withheld: Vec::new() }, NOW);
            assert_eq!(pause, Pause::fixed(Duration::from_secs(10)));
        }
    }

    /// How long a pause takes when hints come at these times, in milliseconds, and the hint that ended it.
    async fn paused_ms(pause: Pause, hints_at_ms: &[u64]) -> (u128, Option<Origin>) {
        let ((hinter, mut hints), began) = (channel(), Instant::now());
        let hinting = async {
            for at in hints_at_ms {
                sleep_until(began + Duration::from_millis(*at)).await;
                hinter.hint(Origin::Notified);
            }
            std::future::pending::<()>().await;
        };
        tokio::select! {
            () = hinting => unreachable!("it never ends"),
            ended = pause.over(&mut hints) => (began.elapsed().as_millis(), ended),
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_hint_ends_a_pause_at_once_but_none_sooner_than_the_least() {
        let pause = Pace::new(IDLE).after(&empty(None), NOW);
        assert_eq!(paused_ms(pause, &[]).await, (20, None));
        assert_eq!(paused_ms(pause, &[12]).await, (12, Some(Origin::Notified)));
        assert_eq!(paused_ms(pause, &[1]).await, (5, Some(Origin::Notified)));
        assert_eq!(paused_ms(pause, &[1, 2, 3, 4]).await, (5, Some(Origin::Notified)));
    }

    #[tokio::test(start_paused = true)]
    async fn a_hint_that_came_during_the_look_counts_and_one_from_before_it_does_not() {
        let (hinter, mut hints) = channel();
        let pause = Pace::new(IDLE).after(&empty(None), NOW);
        hinter.hint(Origin::Notified);
        hints.settle();
        assert_eq!(pause.over(&mut hints.clone()).await, None);
        hinter.hint(Origin::Recorded);
        assert_eq!(pause.over(&mut hints.clone()).await, Some(Origin::Recorded));
    }

    #[tokio::test(start_paused = true)]
    async fn hints_without_end_bring_no_more_than_one_look_in_each_least_pause() {
        let ((hinter, hints), mut pace, began) = (channel(), Pace::new(IDLE), Instant::now());
        for _ in 0..100 {
            let pause = pace.after(&empty(None), NOW);
            hinter.hint(Origin::Notified);
            assert_eq!(pause.over(&mut hints.clone()).await, Some(Origin::Notified));
        }
        assert_eq!(began.elapsed(), APART * 100);
    }

    #[tokio::test(start_paused = true)]
    async fn a_hint_does_not_hurry_a_database_that_does_not_answer() {
        let pause = Pace::new(IDLE).after(&Polled::Failed { withheld: Vec::new() }, NOW);
        assert_eq!(paused_ms(pause, &[1, 100]).await, (250, None));
    }

    #[tokio::test(start_paused = true)]
    async fn with_nobody_left_to_give_hints_a_pause_lasts_its_time() {
        let (hinter, mut hints) = channel();
        drop(hinter);
        let pause = Pace::new(IDLE).after(&empty(None), NOW);
        let began = Instant::now();
        assert_eq!((pause.over(&mut hints).await, began.elapsed().as_millis()), (None, 20));
    }
}
