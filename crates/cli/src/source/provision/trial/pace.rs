//! When to ask for a test, when to look for one, and how far back.

use std::time::Duration;
use tokio::time::Instant;

/// From one look to the next.
const POLL: Duration = Duration::from_millis(500);
/// From the first test to the second; doubled after each. Ingest reads its list of sources every few seconds.
const AGAIN: Duration = Duration::from_secs(3);

/// How far back a look goes. The further, the more it reads of what other sources have received meanwhile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reach {
    /// To the beginning, as far as clocks may differ. Rarely: for tests that were long in the queue.
    Whole,
    /// To when a test was last asked for.
    Latest,
}

/// What to do now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Turn {
    /// Whether a test is to be asked for first.
    pub(super) asks: bool,
    pub(super) reach: Reach,
    /// Until the next turn; `None`: this is the last.
    pub(super) pause: Option<Duration>,
}

#[derive(Debug)]
pub(super) struct Pace {
    deadline: Instant,
    again: Instant,
    interval: Duration,
}

impl Pace {
    pub(super) fn new(now: Instant, deadline: Instant) -> Self {
        Self { deadline, again: now, interval: AGAIN }
    }

    pub(super) fn turn(&mut self, now: Instant) -> Turn {
        let asks = now >= self.again;
        if asks {
            (self.again, self.interval) = (now + self.interval, self.interval * 2);
        }
        let left = self.deadline.saturating_duration_since(now);
        let last = left.is_zero();
        let reach = if asks || last { Reach::Whole } else { Reach::Latest };
        Turn { asks, reach, pause: (!last).then(|| POLL.min(left)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The turns of a wait, each with when it is.
    fn turns(patience: Duration) -> Vec<(Duration, Turn)> {
        let began = Instant::now();
        let mut pace = Pace::new(began, began + patience);
        let mut turns: Vec<(Duration, Turn)> = Vec::new();
        let mut now = began;
        loop {
            let turn = pace.turn(now);
            turns.push((now - began, turn));
            let Some(pause) = turn.pause else { return turns };
            now += pause;
        }
    }

    #[test]
    fn in_a_minute_the_ledger_is_looked_at_twice_a_second_and_seldom_as_a_whole() {
        let turns = turns(Duration::from_secs(60));
        let seconds = |chosen: fn(&Turn) -> bool| -> Vec<u64> {
            turns.iter().filter(|(_, turn)| chosen(turn)).map(|(at, _)| at.as_secs()).collect()
        };
        assert_eq!(seconds(|turn| turn.asks), [0, 3, 9, 21, 45]);
        assert_eq!(seconds(|turn| turn.reach == Reach::Whole), [0, 3, 9, 21, 45, 60]);
        assert_eq!(turns.len(), 121);
    }

    #[test]
    fn whoever_does_not_wait_asks_once_and_looks_once() {
        let turn = Turn { asks: true, reach: Reach::Whole, pause: None };
        assert_eq!(turns(Duration::ZERO), [(Duration::ZERO, turn)]);
    }
}
