//! What this process may have in hand: a number of deliveries, and the bytes of their notifications.
//!
//! A look takes all that is free of both, so that it can be filled, and waits until enough is. Each delivery it brings
//! keeps its part, the rest goes back.
//!
//! One endpoint never holds so much that looks have to wait for it: of the deliveries half at most (`limits`: its slots
//! and as many ahead as there are requests in all, where there are four deliveries to a request), of the bytes a quarter
//! and half of what is then left (`limits`, and `delivery_lease.sql`), which leaves more than the quarter that a look wants.

use crate::lease::{Allowance, TAKEN_MAX};
use crate::limits::Bounds;
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Leased deliveries per request that may be in flight: room for those that wait their turn, and for those that have
/// ended and wait to be recorded.
const PERMITS_PER_REQUEST: usize = 4;
/// A look for fewer deliveries than this is not worth its statement, where that many may be in hand many times over.
const LOOK_MIN: usize = 32;
/// Share that must be free before a look. Nothing waits until all is free: slow requests would keep fast ones waiting.
const FREE_SHARE: u32 = 4;

pub(super) struct Budget {
    permits: Arc<Semaphore>,
    permits_max: usize,
    bytes: Arc<Semaphore>,
    bytes_max: u32,
}

/// How many leased deliveries a process may have in hand.
pub(crate) fn permits_for(bounds: Bounds) -> usize {
    bounds.in_flight.saturating_mul(PERMITS_PER_REQUEST).max(LOOK_MIN)
}

impl Budget {
    pub(super) fn new(bounds: Bounds) -> Self {
        let permits_max = permits_for(bounds);
        Self {
            permits: Arc::new(Semaphore::new(permits_max)),
            permits_max,
            bytes: Arc::new(Semaphore::new(bounds.body_bytes as usize)),
            bytes_max: bounds.body_bytes,
        }
    }

    /// Deliveries in hand, or held for a look.
    pub(super) fn leased(&self) -> usize {
        self.permits_max - self.permits.available_permits()
    }

    /// Bytes of notifications in hand, or held for a look.
    pub(super) fn bytes(&self) -> usize {
        self.bytes_max as usize - self.bytes.available_permits()
    }

    /// Waits until there is room for a look. One at a time, so that the two waits cannot be in each other's way.
    pub(super) fn room(&self) -> impl Future<Output = Allowance> + Send + use<> {
        let least = LOOK_MIN.min(self.permits_max / FREE_SHARE as usize).max(1);
        let permits = take(Arc::clone(&self.permits), least, TAKEN_MAX);
        let bytes_max = self.bytes_max as usize;
        let bytes = take(Arc::clone(&self.bytes), (bytes_max / FREE_SHARE as usize).max(1), bytes_max);
        async move { Allowance { permits: permits.await, bytes: bytes.await } }
    }
}

/// Waits for `least`, and takes up to `most` if they are free as well.
async fn take(semaphore: Arc<Semaphore>, least: usize, most: usize) -> OwnedSemaphorePermit {
    let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    let waiting = Arc::clone(&semaphore).acquire_many_owned(count(least));
    let mut held = waiting.await.expect("the semaphore is never closed");
    let more = semaphore.available_permits().min(most - least);
    if let Ok(more) = semaphore.try_acquire_many_owned(count(more)) {
        held.merge(more);
    }
    held
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt as _;

    fn budget(in_flight: usize, body_bytes: u32) -> Budget {
        Budget::new(Bounds { in_flight, endpoint_in_flight: in_flight, body_bytes })
    }

    #[test]
    fn a_look_begins_while_three_quarters_are_in_hand_however_few_may_be() {
        for in_flight in [1, 2, 7, 8, 9, 31, 512] {
            let budget = budget(in_flight, 1_000);
            let most = permits_for(Bounds { in_flight, endpoint_in_flight: 1, body_bytes: 1 });
            let slow = Arc::clone(&budget.permits).try_acquire_many_owned((most * 3 / 4) as u32).unwrap();
            let allowance = budget.room().now_or_never().expect("there is room");
            assert!((1..=most / 4).contains(&allowance.permits.num_permits()), "{in_flight}");
            drop(slow);
        }
    }

    #[test]
    fn a_look_takes_what_is_free_up_to_its_bound() {
        let budget = budget(512, 1_000);
        let allowance = budget.room().now_or_never().unwrap();
        assert_eq!((allowance.permits.num_permits(), allowance.bytes.num_permits()), (TAKEN_MAX, 1_000));
        assert_eq!((budget.leased(), budget.bytes()), (TAKEN_MAX, 1_000));
        drop(allowance);
        assert_eq!((budget.leased(), budget.bytes()), (0, 0));
    }

    #[test]
    fn a_look_waits_until_a_quarter_of_the_bytes_is_free() {
        let budget = budget(512, 1_000);
        let mut held = Arc::clone(&budget.bytes).try_acquire_many_owned(751).unwrap();
        assert!(budget.room().now_or_never().is_none());
        drop(held.split(1));
        assert_eq!(budget.room().now_or_never().unwrap().bytes.num_permits(), 250);
    }
}
