//! Looks at the queue: takes what is due, within what there is room for, and makes it ready to be sent.
//!
//! Holds a connection only during a look. How much is taken of whom is decided in [`crate::rooms`]; if that depends on what
//! other dispatchers do, asking, deciding and leasing are one short transaction, as `store::delivery` tells. A look that
//! fails gives back what it had leased by then, if it knows.

mod assignment;

pub(crate) use assignment::{Allowance, Assignment, Unbegun};

use crate::clock;
use crate::endpoint::Target;
use crate::limits::{Bounds, Local};
use crate::metrics::{self, Poll};
use crate::rooms::{self, Rooms, Shared, Situation};
use crate::terms::Terms;
use crate::unseal::Unsealer;
use jiff::Timestamp;
use service::health::Condition;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;
use store::delivery::{self, LeaseRequest, Leased, Ready, Taken};
use store::{Pool, StoreError};
use tokio::time::Instant;
use uuid::Uuid;

/// Most deliveries taken at one look: bounds a statement's run time and a poll's share of memory.
pub(crate) const TAKEN_MAX: usize = 256;

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
    /// Nothing that there is room for; when there will be more of an active endpoint, as far as is known.
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

/// What was ready when a look began.
struct Look<'a> {
    now: Timestamp,
    ready: &'a [Ready],
    locals: &'a HashMap<i32, Local>,
    /// Most deliveries, and most bytes of their notifications.
    permits: usize,
    body_bytes: usize,
}

/// Takes leases.
pub(crate) struct Leaser {
    pool: Pool,
    unsealer: Unsealer,
    terms: Terms,
    bounds: Bounds,
    database: Condition,
}

impl Leaser {
    pub(crate) fn new(
        pool: Pool,
        unsealer: Unsealer,
        terms: Terms,
        bounds: Bounds,
        database: Condition,
    ) -> Self {
        Self { pool, unsealer, terms, bounds, database }
    }

    /// One look. Takes at most what `allowance` holds; each delivery takes its part along, the rest goes back.
    pub(crate) async fn look(&self, allowance: Allowance, locals: HashMap<i32, Local>) -> Polled {
        let began = Instant::now();
        let polled = match self.take(allowance, locals).await {
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

    async fn take(&self, mut allowance: Allowance, locals: HashMap<i32, Local>) -> Result<Polled, Failure> {
        let mut client = self.pool.get().await?;
        let now = clock::now();
        let mut leave_out = self.foreign(&client, now).await?;
        leave_out.extend(locals.iter().filter(|(_, local)| local.room == 0).map(|(endpoint, _)| *endpoint));
        let permits = allowance.permits.num_permits();
        let (ready, outlook) = delivery::ready(&client, now, &leave_out).await?;
        metrics::overdue(outlook.overdue_since.map_or(Duration::ZERO, |due| since(due, now)));
        let body_bytes = allowance.bytes.num_permits();
        let look = Look { now, ready: &ready, locals: &locals, permits, body_bytes };
        let (taken, next) = self.lease(&mut client, &look).await?;
        let scanned = taken.deliveries.len() + taken.pushed;
        if scanned == 0 {
            return Ok(Polled::Empty { next_due: [outlook.next, next].into_iter().flatten().min() });
        }
        let (targets, error) = match self.targets(&client, &taken.deliveries, now).await {
            Ok(targets) => (targets, None),
            Err(error) => (HashMap::new(), Some(error)),
        };
        let limits: HashMap<i32, (Option<usize>, bool)> = ready
            .iter()
            .map(|ready| (ready.endpoint_id, (rooms::concurrency(ready), ready.rate_per_s.is_some())))
            .collect();
        let (mut assignments, mut withheld) = (Vec::with_capacity(taken.deliveries.len()), Vec::new());
        for leased in taken.deliveries {
            let (permit, bytes) = allowance.part(&leased);
            let (concurrency, paced) = limits.get(&leased.endpoint_id).copied().unwrap_or_default();
            match targets.get(&leased.endpoint_id).cloned() {
                Some(target) => {
                    assignments.push(Assignment { leased, target, concurrency, paced, permit, bytes })
                }
                None => withheld.push(Unbegun { delivery: leased.id, lease: leased.lease, permit }),
            }
        }
        match error {
            None => Ok(Polled::Found { assignments, withheld, full: scanned >= permits }),
            Some(error) => Err(Failure { error, withheld }),
        }
    }

    /// Leases what there is room for, and says when an empty bucket has a token again.
    async fn lease(
        &self,
        client: &mut store::Client,
        look: &Look<'_>,
    ) -> Result<(Taken, Option<Timestamp>), StoreError> {
        let gated: BTreeSet<i32> =
            look.ready.iter().filter(|ready| ready.gated).map(|ready| ready.endpoint_id).collect();
        if gated.is_empty() {
            let rooms = self.decide(look, &HashMap::new());
            return Ok((delivery::lease(&*client, &request(look, &rooms)).await?, rooms.next));
        }
        let gated: Vec<i32> = gated.into_iter().collect();
        let transaction = client.transaction().await?;
        let gates = delivery::gate(&transaction, &gated).await?;
        let locked: Vec<i32> = gates.iter().map(|gate| gate.endpoint_id).collect();
        let under_way = delivery::under_way(&transaction, &locked, look.now).await?;
        let under_way =
            |id: i32| under_way.get(&id).map_or(0, |count| usize::try_from(*count).unwrap_or(usize::MAX));
        let shared = gates
            .into_iter()
            .map(|gate| (gate.endpoint_id, Shared { gate, under_way: under_way(gate.endpoint_id) }))
            .collect();
        let rooms = self.decide(look, &shared);
        let taken = delivery::lease(&transaction, &request(look, &rooms)).await?;
        let left = left(&rooms, &taken);
        if !left.is_empty() {
            delivery::spend(&transaction, &left, look.now).await?;
        }
        // If its answer is lost, what may have been leased is due again at the leases' ends.
        transaction.commit().await?;
        Ok((taken, rooms.next))
    }

    fn decide(&self, look: &Look<'_>, shared: &HashMap<i32, Shared>) -> Rooms {
        let situation = Situation {
            now: look.now,
            bounds: self.bounds,
            terms: self.terms,
            permits: look.permits,
            ready: look.ready,
            locals: look.locals,
            shared,
        };
        rooms::decide(&situation, rand::random)
    }

    /// The endpoints that are still to be left to other dispatchers.
    async fn foreign(&self, client: &store::Client, now: Timestamp) -> Result<Vec<i32>, StoreError> {
        let foreign = self.unsealer.foreign();
        if !foreign.is_empty() {
            self.unsealer.reconsider(&delivery::endpoints(client, &foreign, now).await?);
        }
        Ok(self.unsealer.foreign())
    }

    /// How those want to be told that `deliveries` go to; an endpoint that must not be sent to now is missing.
    async fn targets(
        &self,
        client: &store::Client,
        deliveries: &[Leased],
        now: Timestamp,
    ) -> Result<HashMap<i32, Arc<Target>>, StoreError> {
        let ids: BTreeSet<i32> = deliveries.iter().map(|leased| leased.endpoint_id).collect();
        let ids: Vec<i32> = ids.into_iter().collect();
        Ok(self.unsealer.targets(&delivery::endpoints(client, &ids, now).await?))
    }
}

fn request(look: &Look<'_>, rooms: &Rooms) -> LeaseRequest {
    LeaseRequest {
        now: look.now,
        lease: Uuid::now_v7(),
        shares: rooms.shares.clone(),
        body_bytes: look.body_bytes,
    }
}

/// What the buckets hold after `taken`, of those that something was taken out of; in the order of endpoints.
fn left(rooms: &Rooms, taken: &Taken) -> Vec<(i32, f64)> {
    let mut spent = BTreeMap::new();
    for leased in &taken.deliveries {
        *spent.entry(leased.endpoint_id).or_insert(0.0) += 1.0;
    }
    let of = |(endpoint, spent)| Some((endpoint, rooms.levels.get(&endpoint)? - spent));
    spent.into_iter().filter_map(of).collect()
}

/// How long ago `earlier` was; nothing if it is to come.
pub(crate) fn since(earlier: Timestamp, now: Timestamp) -> Duration {
    Duration::try_from(now.duration_since(earlier)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leased(endpoint_id: i32) -> Leased {
        Leased {
            id: 1,
            endpoint_id,
            lane: 0,
            lease: Uuid::nil(),
            until: Timestamp::UNIX_EPOCH,
            attempt: 1,
            waits: 0,
            created_at: Timestamp::UNIX_EPOCH,
            due_at: Timestamp::UNIX_EPOCH,
            notification: None,
        }
    }

    #[test]
    fn a_token_is_spent_on_each_delivery_that_was_leased_and_on_none_that_was_not() {
        let levels = HashMap::from([(1, 5.5), (2, 3.0)]);
        let rooms = Rooms { levels, ..Rooms::default() };
        let taken = Taken { deliveries: [1, 3, 1].map(leased).into(), pushed: 7 };
        assert_eq!(left(&rooms, &taken), [(1, 3.5)]);
        assert_eq!(left(&rooms, &Taken::default()), []);
    }
}
