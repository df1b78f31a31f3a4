//! Looks at the queue: takes what is due, within what there is room for, and makes it ready to be sent.
//!
//! Holds a connection only during a look. A look that fails gives back what it had leased by then, if it knows.
//! How long a lease lasts, and until when it may be used, is decided here: see [`Terms`].

use crate::classify::Obstacle;
use crate::clock;
use crate::endpoint::Destination;
use crate::metrics::{self, Poll};
use crate::unseal::Unsealer;
use jiff::Timestamp;
use service::health::Condition;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;
use store::delivery::{self, LeaseRequest, Leased};
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
    /// The same of its notification's bytes; returned with them, when the attempt has ended.
    pub(crate) bytes: OwnedSemaphorePermit,
}

/// A leased delivery that will not be attempted now: to be given back.
#[derive(Debug)]
pub(crate) struct Unbegun {
    pub(crate) delivery: i64,
    pub(crate) lease: Uuid,
    pub(crate) permit: OwnedSemaphorePermit,
}

impl From<Assignment> for Unbegun {
    fn from(Assignment { leased, permit, .. }: Assignment) -> Self {
        Self { delivery: leased.id, lease: leased.lease, permit }
    }
}

/// What a look may bring.
#[derive(Debug)]
pub(crate) struct Share {
    /// One for each delivery.
    pub(crate) permits: OwnedSemaphorePermit,
    /// One for each byte of a notification.
    pub(crate) bytes: OwnedSemaphorePermit,
}

impl Share {
    /// What `leased` takes along. A notification that is larger than all that is left takes that.
    fn part(&mut self, leased: &Leased) -> (OwnedSemaphorePermit, OwnedSemaphorePermit) {
        let bytes = leased.notification.as_ref().map_or(0, |notification| notification.body.len());
        let bytes = bytes.min(self.bytes.num_permits());
        let permit = self.permits.split(1).expect("a lease never brings more than it was asked for");
        (permit, self.bytes.split(bytes).expect("it is no more than there is"))
    }
}

/// What a look brought.
#[derive(Debug)]
pub(crate) enum Polled {
    Found {
        assignments: Vec<Assignment>,
        /// Leased, but their endpoint was paused in the meantime, or is left to other dispatchers.
        withheld: Vec<Unbegun>,
        /// There may be more: the look was cut by its bound.
        full: bool,
    },
    /// Nothing that there is room for; when the next delivery of an active endpoint is due, or was.
    Empty { next_due: Option<Timestamp> },
    Failed {
        /// Leased before it failed.
        withheld: Vec<Unbegun>,
    },
}

/// How a look failed.
struct Failure {
    error: StoreError,
    withheld: Vec<Unbegun>,
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self { error, withheld: Vec::new() }
    }
}

/// Takes leases.
pub(crate) struct Leaser {
    pool: Pool,
    unsealer: Unsealer,
    lease: Duration,
    /// Most deliveries of an endpoint of which nothing is in hand.
    endpoint_room: usize,
    database: Condition,
}

impl Leaser {
    pub(crate) fn new(
        pool: Pool,
        unsealer: Unsealer,
        terms: Terms,
        endpoint_room: usize,
        database: Condition,
    ) -> Self {
        Self { pool, unsealer, lease: terms.lease(), endpoint_room, database }
    }

    /// One look. Takes at most what `share` holds; each delivery takes its part along, the rest goes back.
    pub(crate) async fn look(&self, share: Share, rooms: Vec<(i32, usize)>) -> Polled {
        let began = Instant::now();
        let polled = match self.take(share, rooms).await {
            Ok(polled) => {
                self.database.met();
                polled
            }
            Err(Failure { error, withheld }) => {
                // The condition logs its changes; the reason is on the admin port.
                self.database.unmet(error.summary());
                Polled::Failed { withheld }
            }
        };
        let result = match &polled {
            Polled::Found { .. } => Poll::Found,
            Polled::Empty { .. } => Poll::Empty,
            Polled::Failed { .. } => Poll::Failed,
        };
        metrics::polled(result, began.elapsed());
        polled
    }

    async fn take(&self, mut share: Share, rooms: Vec<(i32, usize)>) -> Result<Polled, Failure> {
        let client = self.pool.get().await?;
        let now = clock::now();
        let left_out = self.left_out(&client, now).await?;
        let most = share.permits.num_permits();
        let request = LeaseRequest {
            now,
            lease: Uuid::now_v7(),
            until: now + self.lease,
            most: bounded(most),
            most_each: bounded(self.endpoint_room),
            rooms: rooms
                .into_iter()
                .chain(left_out.into_iter().map(|endpoint| (endpoint, 0)))
                .map(|(endpoint, room)| (endpoint, bounded(room)))
                .collect(),
            body_bytes: share.bytes.num_permits(),
        };
        let taken = delivery::lease(&client, &request).await?;
        metrics::overdue(taken.earliest_due_at.map_or(Duration::ZERO, |due| since(due, now)));
        let scanned = taken.deliveries.len() + taken.pushed;
        if scanned == 0 {
            return Ok(Polled::Empty { next_due: taken.earliest_due_at });
        }
        let (destinations, error) = match self.destinations(&client, &taken.deliveries, now).await {
            Ok(destinations) => (destinations, None),
            Err(error) => (HashMap::new(), Some(error)),
        };
        let (mut assignments, mut withheld) = (Vec::with_capacity(taken.deliveries.len()), Vec::new());
        for leased in taken.deliveries {
            let (permit, bytes) = share.part(&leased);
            match destinations.get(&leased.endpoint_id).cloned() {
                Some(destination) => assignments.push(Assignment { leased, destination, permit, bytes }),
                None => withheld.push(Unbegun { delivery: leased.id, lease: leased.lease, permit }),
            }
        }
        match error {
            None => Ok(Polled::Found { assignments, withheld, full: scanned >= most }),
            Some(error) => Err(Failure { error, withheld }),
        }
    }

    /// The endpoints that are still to be left to other dispatchers.
    async fn left_out(&self, client: &store::Client, now: Timestamp) -> Result<Vec<i32>, StoreError> {
        let foreign = self.unsealer.foreign();
        if !foreign.is_empty() {
            self.unsealer.reconsider(&delivery::endpoints(client, &foreign, now).await?);
        }
        Ok(self.unsealer.foreign())
    }

    /// Where `deliveries` go; an endpoint that must not be sent to now is missing.
    async fn destinations(
        &self,
        client: &store::Client,
        deliveries: &[Leased],
        now: Timestamp,
    ) -> Result<HashMap<i32, Result<Arc<Destination>, Obstacle>>, StoreError> {
        let ids: BTreeSet<i32> = deliveries.iter().map(|leased| leased.endpoint_id).collect();
        let ids: Vec<i32> = ids.into_iter().collect();
        Ok(self.unsealer.destinations(&delivery::endpoints(client, &ids, now).await?))
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
