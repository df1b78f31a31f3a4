//! Windows in hand: each in a transaction of its own, side by side, and acked in the order in which they came.
//!
//! An ack covers everything before it, so a window that ends early waits for those before it. Whatever is in hand when this
//! is dropped is cut off: its transaction rolls back, and its deliveries come again.

use crate::batch::Batch;
use crate::flow::LaneContext;
use crate::metrics;
use crate::persist::{Away, Patience, persist};
use queue::Tag;
use std::collections::VecDeque;
use tokio_util::task::AbortOnDropHandle;

/// See [`crate::hand`].
pub(crate) struct Hand {
    room: usize,
    windows: VecDeque<(Tag, AbortOnDropHandle<Result<(), Away>>)>,
}

impl Hand {
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

    /// Persists a window's batches in a task of their own. It came after those that are in hand.
    pub(crate) fn begin(
        &mut self,
        through: Tag,
        context: &LaneContext,
        batches: Vec<Batch>,
        mut patience: Patience,
    ) {
        let (pool, owed) = (context.pool.clone(), context.owed.clone());
        let persisting = tokio::spawn(async move {
            let _timer = metrics::window(batches.len());
            persist(&pool, &owed, batches, &mut patience).await
        });
        self.windows.push_back((through, AbortOnDropHandle::new(persisting)));
    }

    /// Waits for the oldest window, and for ever if there is none. Cancel-safe.
    ///
    /// # Panics
    /// When persisting panicked: the lane ends with it, and its alarm tells the process.
    pub(crate) async fn settled(&mut self) -> (Tag, Result<(), Away>) {
        let Some((through, persisting)) = self.windows.front_mut() else {
            return std::future::pending().await;
        };
        let (through, outcome) = (*through, persisting.await);
        self.windows.pop_front();
        (through, outcome.expect("persisting neither panics nor is cut off while it is in hand"))
    }
}
