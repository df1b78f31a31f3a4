//! Leased deliveries on their way to being sent, and what of this process they take up meanwhile.

use crate::endpoint::Target;
use crate::limits::{Arrival, Lane};
use std::sync::Arc;
use store::delivery::Leased;
use tokio::sync::OwnedSemaphorePermit;
use uuid::Uuid;

/// A leased delivery and all that is needed to attempt it.
#[derive(Debug)]
pub(crate) struct Assignment {
    pub(crate) leased: Leased,
    pub(crate) target: Arc<Target>,
    /// Requests at the same time that the endpoint asks for.
    pub(crate) concurrency: Option<usize>,
    /// Whether it asks for a rate.
    pub(crate) paced: bool,
    /// Its share of what this process may have in hand; returned when the end has been recorded.
    pub(crate) permit: OwnedSemaphorePermit,
    /// The same of its notification's bytes; returned with them, when the attempt has ended.
    pub(crate) bytes: OwnedSemaphorePermit,
}

impl From<Assignment> for Arrival<Assignment> {
    fn from(assignment: Assignment) -> Self {
        Self {
            endpoint: assignment.leased.endpoint_id,
            lane: Lane::of(assignment.leased.lane),
            concurrency: assignment.concurrency,
            paced: assignment.paced,
            bytes: assignment.bytes.num_permits(),
            delivery: assignment,
        }
    }
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
pub(crate) struct Allowance {
    /// One for each delivery.
    pub(crate) permits: OwnedSemaphorePermit,
    /// One for each byte of a notification.
    pub(crate) bytes: OwnedSemaphorePermit,
}

impl Allowance {
    /// What `leased` takes along. A notification that is larger than all that is left takes that.
    pub(super) fn part(&mut self, leased: &Leased) -> (OwnedSemaphorePermit, OwnedSemaphorePermit) {
        let bytes = leased.notification.as_ref().map_or(0, |notification| notification.body.len());
        let bytes = bytes.min(self.bytes.num_permits());
        let permit = self.permits.split(1).expect("a lease never brings more than it was asked for");
        (permit, self.bytes.split(bytes).expect("it is no more than there is"))
    }
}
