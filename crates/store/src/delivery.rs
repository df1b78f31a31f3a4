//! What is owed: taken under a lease, finished by whoever still holds it.
//!
//! The protocol, told here once:
//!
//! * **Lease.** [`lease()`] takes due deliveries of active endpoints: it sets `lease` to a fresh token, `due_at` to the
//!   lease's end and counts an attempt. No transaction and no row lock outlives the statement. A dispatcher that dies
//!   does nothing more: at the lease's end its deliveries are simply due again.
//! * **Fence.** [`finish()`] and [`release()`] change a row only where the token still is theirs. The attempt itself is
//!   recorded in either case: the request was made, and attempts are a record of requests. Numbers never collide,
//!   because every lease counts one up.
//! * **Order.** Of one (endpoint, subject) only the *head*, the unfinished delivery of lowest `sequence`, is ever
//!   leased; `sequence` NULL stands outside any order. A *follower* that a scan comes upon is pushed to just behind its
//!   head's due time, so that every scanned row leaves the range of due rows and blocked rows are not read again and
//!   again. Rescheduling a head moves its followers too; finishing it wakes the next one.
//! * **No lost wake-up.** A follower is pushed only while its head's row is locked by the pusher, and a finisher looks
//!   for followers, with a snapshot of its own, only after it has locked the head. So a push is either seen by the
//!   finisher, or comes after it, finds the head gone and leaves the follower where it is: due. Should a wake-up be
//!   lost all the same, the pushed due time heals it.
//! * **No waiting in a circle.** [`lease()`] skips what is locked and waits for nobody; finishers lock heads in the order
//!   of their ids, and a subject's followers only under its head's lock.
//!
//! Times come from the callers' clocks. If those differ, a lease may end early by the difference: the fence keeps the
//! records right, and the consumer may be told twice under the same id. A lease is therefore longer than a request may
//! take by a margin that clocks kept by NTP never use up.

mod finish;
mod lease;

pub use finish::{Attempt, Finish, Finished, Verdict, finish};
pub use lease::{LeaseRequest, Leased, Notification, Taken, lease, release};

use crate::StoreError;
use deadpool_postgres::GenericClient;
use jiff::Timestamp;

/// An endpoint as it is now, with the secrets that sign for it.
#[derive(Clone, Debug)]
pub struct Endpoint {
    pub id: i32,
    pub url: String,
    /// Neither paused nor disabled.
    pub active: bool,
    pub allow_http: bool,
    /// CIDR texts.
    pub allow_networks: Vec<String>,
    /// Sealed as `crate::sealed` does, newest first, expired ones left out.
    pub sealed: Vec<Vec<u8>>,
}

/// Reads endpoints; one that does not exist is missing from the answer. Locks nothing.
///
/// # Errors
/// As any statement.
pub async fn endpoints(
    client: &impl GenericClient,
    ids: &[i32],
    now: Timestamp,
) -> Result<Vec<Endpoint>, StoreError> {
    let statement = client.prepare_cached(include_str!("../sql/delivery_endpoints.sql")).await?;
    let rows = client.query(&statement, &[&ids, &now]).await?;
    Ok(rows
        .iter()
        .map(|row| Endpoint {
            id: row.get("id"),
            url: row.get("url"),
            active: row.get::<_, &str>("state") == "active",
            allow_http: row.get("allow_http"),
            allow_networks: row.get("allow_networks"),
            sealed: row.get("sealed"),
        })
        .collect())
}
