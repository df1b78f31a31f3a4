//! Windows in hand: each in a transaction of its own, side by side, and acked in the order in which they came.
//!
//! An ack covers everything before it, so a window that ends early waits for those before it. A window that cannot be acked
//! any more is finished all the same ([`Hand::run_out`]): the ledger then knows its batches when they come again, and no
//! statement is left behind on a connection that somebody else borrows next. Only with the process itself is one cut off:
//! its transaction rolls back.

use crate::persist::Away;
use std::collections::VecDeque;
use tokio_util::task::AbortOnDropHandle;

/// See [`crate::hand`]. `T` names a window to whoever acks it.
pub(crate) struct Hand<T> {
    room: usize,
    windows: VecDeque<(T, AbortOnDropHandle<Result<(), Away>>)>,
}

impl<T: Copy> Hand<T> {
    /// At most `room` windows (at least one).
    pub(crate) fn new(room: usize) -> Self {
        Self { room: room.max(1), windows: VecDeque::new() }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.windows.is_empty()
    }

    pub(crate) fn has_room(&self) -> bool {
        self.windows.len() < self.room
    }

    /// Persists a window in a task of its own. It came after those that are in hand.
    pub(crate) fn begin(
        &mut self,
        through: T,
        persisting: impl Future<Output = Result<(), Away>> + Send + 'static,
    ) {
        self.windows.push_back((through, AbortOnDropHandle::new(tokio::spawn(persisting))));
    }

    /// Waits for the oldest window, and for ever if there is none. Cancel-safe.
    ///
    /// # Panics
    /// When persisting panicked: the lane ends with it, and its alarm tells the process.
    pub(crate) async fn settled(&mut self) -> (T, Result<(), Away>) {
        let Some((through, persisting)) = self.windows.front_mut() else {
            return std::future::pending().await;
        };
        let (through, outcome) = (*through, persisting.await);
        self.windows.pop_front();
        (through, outcome.expect("persisting neither panics nor is cut off while it is in hand"))
    }

    /// Waits for what cannot be acked any more, as long as each window's patience allows.
    ///
    /// # Panics
    /// As [`Hand::settled`].
    pub(crate) async fn run_out(&mut self) {
        while !self.is_empty() {
            drop(self.settled().await);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
    use std::time::Duration;
    use store::StoreError;
    use tokio::time::sleep;

    async fn takes(ms: u64) -> Result<(), Away> {
        sleep(Duration::from_millis(ms)).await;
        Ok(())
    }

    #[tokio::test(start_paused = true)]
    async fn windows_settle_in_the_order_in_which_they_came_whichever_ends_first() {
        let mut hand = Hand::new(3);
        for (window, ms) in [(1, 30), (2, 10), (3, 20)] {
            assert!(hand.has_room());
            hand.begin(window, takes(ms));
        }
        assert!(!hand.has_room());
        for expected in 1..=3 {
            let (window, outcome) = hand.settled().await;
            assert_eq!(window, expected);
            assert!(outcome.is_ok());
        }
        assert!(hand.is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn waiting_can_be_given_up_and_begun_again() {
        let mut hand = Hand::new(1);
        hand.begin(1, takes(30));
        assert!(tokio::time::timeout(Duration::from_millis(10), hand.settled()).await.is_err());
        assert_eq!(hand.settled().await.0, 1);
    }

    #[tokio::test(start_paused = true)]
    async fn what_cannot_be_acked_is_finished_whatever_became_of_those_before_it() {
        let (mut hand, finished) = (Hand::new(2), Arc::new(AtomicU32::new(0)));
        hand.begin(1, async { Err(Away(StoreError::Contradiction("as the test wants"))) });
        hand.begin(2, {
            let finished = Arc::clone(&finished);
            async move {
                sleep(Duration::from_millis(50)).await;
                finished.fetch_add(1, Relaxed);
                Ok(())
            }
        });
        hand.run_out().await;
        assert_eq!(finished.load(Relaxed), 1);
    }

    #[tokio::test(start_paused = true)]
    #[should_panic(expected = "persisting neither panics")]
    async fn a_window_that_panics_takes_the_lane_with_it() {
        let mut hand = Hand::new(2);
        hand.begin(1, async { panic!("as the test wants") });
        hand.begin(2, takes(1));
        drop(hand.settled().await);
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_dropped_with_the_hand_is_cut_off() {
        let finished = Arc::new(AtomicU32::new(0));
        let mut hand = Hand::new(1);
        hand.begin(1, {
            let finished = Arc::clone(&finished);
            async move {
                sleep(Duration::from_millis(50)).await;
                finished.fetch_add(1, Relaxed);
                Ok(())
            }
        });
        drop(hand);
        sleep(Duration::from_secs(1)).await;
        assert_eq!(finished.load(Relaxed), 0);
    }
}
