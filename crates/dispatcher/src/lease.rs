//! Looks at the queue: takes what is due, within what there is room for, and makes it ready to be sent.
//!
//! Holds a connection only during a look. A look that fails leaves nothing behind but leases that end by themselves.
//! How long a lease lasts, and until when it may be used, is decided here: see [`Terms`].

use crate::classify::Obstacle;
use crate::clock;
use crate::endpoint::Destination;
use crate::metrics::{self, Poll};
use jiff::Timestamp;
use service::health::Condition;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;
use store::delivery::{self, Endpoint, LeaseRequest, Leased};
use store::sealed::SecretKey;
use store::{Pool, StoreError};
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::Instant;
use uuid::Uuid;

/// How long a leased delivery may wait for its turn.
const START_WITHIN: Duration = Duration::from_secs(15);
/// For recording the end, and for clocks that differ.
const MARGIN: Duration = Duration::from_secs(10);

/// Most deliveries taken at one look: bounds a statement's run time and a poll's share of memory.
pub(crate) const TAKEN_MAX: usize = 256;

/// The times of a lease. By construction it lasts longer than waiting, the request and recording it may take.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Terms {
    request_timeout: Duration,
}

impl Terms {
    pub(crate) fn new(request_timeout: Duration) -> Self {
        let terms = Self { request_timeout };
        assert!(terms.lease() >= request_timeout + START_WITHIN + MARGIN, "a lease outlives its request");
        terms
    }

    fn lease(self) -> Duration {
        START_WITHIN + self.request_timeout + MARGIN
    }

    /// Whether a request that begins now ends, and can be recorded, before the lease does.
    pub(crate) fn may_begin(self, now: Timestamp, lease_until: Timestamp) -> bool {
        now.checked_add(self.request_timeout + MARGIN).is_ok_and(|end| end <= lease_until)
    }
}

/// A leased delivery and all that is needed to attempt it.
#[derive(Debug)]
pub(crate) struct Assignment {
    pub(crate) leased: Leased,
    pub(crate) destination: Result<Arc<Destination>, Obstacle>,
    /// Its share of what this process may have in hand; returned when the end has been recorded.
    pub(crate) permit: OwnedSemaphorePermit,
}

/// What a look brought.
#[derive(Debug)]
pub(crate) enum Polled {
    Found {
        assignments: Vec<Assignment>,
        /// Leased, but their endpoint was paused in the meantime.
        withheld: Vec<Assignment>,
        /// There may be more: the look was cut by its bound.
        full: bool,
    },
    /// Nothing that there is room for; when the next delivery is due, or was.
    Empty {
        next_due: Option<Timestamp>,
    },
    Failed,
}

/// Takes leases.
pub(crate) struct Leaser {
    pool: Pool,
    key: SecretKey,
    lease: Duration,
    /// Most deliveries of an endpoint of which nothing is in hand.
    endpoint_room: usize,
    database: Condition,
}

impl Leaser {
    pub(crate) fn new(
        pool: Pool,
        key: SecretKey,
        terms: Terms,
        endpoint_room: usize,
        database: Condition,
    ) -> Self {
        Self { pool, key, lease: terms.lease(), endpoint_room, database }
    }

    /// One look. Takes at most as many deliveries as `permits` holds; each takes one along, the others go back.
    pub(crate) async fn look(&self, permits: OwnedSemaphorePermit, rooms: Vec<(i32, usize)>) -> Polled {
        let began = Instant::now();
        let polled = match self.take(permits, rooms).await {
            Ok(polled) => {
                self.database.met();
                polled
            }
            Err(error) => {
                // The condition logs its changes; the reason is on the admin port.
                self.database.unmet(error.summary());
                Polled::Failed
            }
        };
        let result = match &polled {
            Polled::Found { .. } => Poll::Found,
            Polled::Empty { .. } => Poll::Empty,
            Polled::Failed => Poll::Failed,
        };
        metrics::polled(result, began.elapsed());
        polled
    }

    async fn take(
        &self,
        mut permits: OwnedSemaphorePermit,
        rooms: Vec<(i32, usize)>,
    ) -> Result<Polled, StoreError> {
        let client = self.pool.get().await?;
        delivery::prepare_session(&client).await?;
        let now = clock::now();
        let most = permits.num_permits();
        let request = LeaseRequest {
            now,
            lease: Uuid::now_v7(),
            until: now + self.lease,
            most: bounded(most),
            most_each: bounded(self.endpoint_room),
            rooms: rooms.into_iter().map(|(endpoint, room)| (endpoint, bounded(room))).collect(),
        };
        let taken = delivery::lease(&client, &request).await?;
        let scanned = taken.deliveries.len() + taken.pushed;
        let next_due = match taken.deliveries.first() {
            Some(first) => Some(first.due_at),
            None => delivery::next_due(&client).await?,
        };
        metrics::overdue(next_due.map_or(Duration::ZERO, |due| since(due, now)));
        if scanned == 0 {
            return Ok(Polled::Empty { next_due });
        }
        let endpoints = self.endpoints(&client, &taken.deliveries, now).await?;
        let (mut assignments, mut withheld) = (Vec::with_capacity(taken.deliveries.len()), Vec::new());
        for leased in taken.deliveries {
            let permit = permits.split(1).expect("a lease never brings more than it was asked for");
            match endpoints.get(&leased.endpoint_id) {
                Some(destination) => {
                    assignments.push(Assignment { leased, destination: destination.clone(), permit });
                }
                None => withheld.push(Assignment { leased, destination: Err(Obstacle::BadEndpoint), permit }),
            }
        }
        Ok(Polled::Found { assignments, withheld, full: scanned >= most })
    }

    /// The active ones among the endpoints of `deliveries`.
    async fn endpoints(
        &self,
        client: &store::Client,
        deliveries: &[Leased],
        now: Timestamp,
    ) -> Result<HashMap<i32, Result<Arc<Destination>, Obstacle>>, StoreError> {
        let ids: BTreeSet<i32> = deliveries.iter().map(|leased| leased.endpoint_id).collect();
        let ids: Vec<i32> = ids.into_iter().collect();
        let found = delivery::endpoints(client, &ids, now).await?;
        let active = found.iter().filter(|endpoint| endpoint.active);
        Ok(active.map(|endpoint| (endpoint.id, self.destination(endpoint))).collect())
    }

    fn destination(&self, endpoint: &Endpoint) -> Result<Arc<Destination>, Obstacle> {
        Destination::of(endpoint, &self.key).map(Arc::new)
    }
}

/// How long ago `earlier` was; nothing if it is to come.
pub(crate) fn since(earlier: Timestamp, now: Timestamp) -> Duration {
    Duration::try_from(now.duration_since(earlier)).unwrap_or_default()
}

fn bounded(count: usize) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_begins_only_if_it_can_end_before_its_lease_does() {
        let timeout = Duration::from_secs(15);
        let terms = Terms::new(timeout);
        let leased_at = Timestamp::UNIX_EPOCH;
        let until = leased_at + terms.lease();
        assert!(terms.may_begin(leased_at, until));
        assert!(terms.may_begin(leased_at + START_WITHIN, until));
        assert!(!terms.may_begin(leased_at + START_WITHIN + Duration::from_millis(1), until));
        assert!(!terms.may_begin(until, until));
        assert!(!terms.may_begin(Timestamp::MAX, until));
    }
}
