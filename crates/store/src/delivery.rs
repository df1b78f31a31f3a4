//! What is owed: taken under a lease, finished by whoever still holds it.
//!
//! The protocol, told here once:
//!
//! * **Ready.** [`ready()`] says which endpoints have something due, per lane: first attempts and further ones (retries,
//!   replays) never crowd out each other. It locks nothing.
//! * **Gate.** What an endpoint may be sent at once or per second, and whether its breaker lets anything through, counts over
//!   all dispatchers. For such an endpoint [`gate()`] locks the one row that they share until the leasing transaction ends,
//!   and what is under way is counted after that lock. A dispatcher that finds the row locked leaves the endpoint out.
//! * **Lease.** [`lease()`] takes due deliveries of active endpoints: it sets `lease` to a fresh token, `due_at` to the
//!   lease's end and counts an attempt. No transaction and no row lock outlives the look. A dispatcher that dies
//!   does nothing more: at the lease's end its deliveries are simply due again.
//! * **Fence.** [`finish()`] and [`release()`] change a row only where the token still is theirs. The attempt itself is
//!   recorded in either case: the request was made, and attempts are a record of requests. Numbers never collide,
//!   because every lease counts one up.
//! * **Order.** Of one (endpoint, subject) only the *head*, the unfinished delivery of lowest `sequence`, is ever
//!   leased; `sequence` NULL stands outside any order. A *follower* that a scan comes upon is pushed to just behind its
//!   head: behind its due time and into its lane, so that it is not met again before its head is, and blocked rows are not
//!   read again and again. Rescheduling a head moves its followers too; finishing or skipping it wakes the next one, which
//!   goes back into the lane of first attempts if it has had none.
//! * **No lost wake-up.** A follower is pushed only while its head's row is locked by the pusher, and a finisher looks
//!   for followers, with a snapshot of its own, only after it has locked the head. So a push is either seen by the
//!   finisher, or comes after it, finds the head gone and leaves the follower where it is: due. Should a wake-up be
//!   lost all the same, the pushed due time heals it.
//! * **No waiting in a circle.** [`gate()`] and [`lease()`] skip what is locked and wait for nobody; finishers lock heads in
//!   the order of their ids, a subject's followers only under its head's lock, and endpoints' health after all deliveries,
//!   by id; [`disable()`] skips what is locked. A person's transaction keeps that order: deliveries first, then health
//!   (which making an endpoint active forgets).
//!
//! Times come from the callers' clocks. If those differ, a lease may end early by the difference: the fence keeps the
//! records right, and the consumer may be told twice under the same id. A lease is therefore longer than a request may
//! take by a margin that clocks kept by NTP never use up.

mod finish;
mod health;
mod lease;
mod ready;
mod skip;

pub use finish::{Attempt, Finish, Finished, Verdict, finish};
pub use health::{disable, health, set_health};
pub use lease::{LeaseRequest, Leased, Notification, Share, Taken, lease, release};
pub use ready::{Gate, Outlook, Ready, gate, ready, spend, under_way};
pub use skip::{Skipped, held, replay, skip};

use crate::StoreError;
use deadpool_postgres::GenericClient;
use jiff::Timestamp;
use postgres_types::FromSql;
use std::time::Duration;

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
    /// Of one attempt; `None`: as the dispatcher is set.
    pub timeout: Option<Duration>,
    /// Waits before each attempt; `None`: the default schedule.
    pub schedule: Option<Vec<Duration>>,
    /// Newest first, expired ones left out.
    pub secrets: Vec<SealedSecret>,
    pub headers: Vec<SealedHeader>,
}

/// A secret, sealed as `crate::sealed` does.
#[derive(Clone, Debug, FromSql)]
#[postgres(name = "sealed_secret")]
pub struct SealedSecret {
    /// `v1` or `v1a`.
    pub scheme: String,
    pub sealed: Vec<u8>,
}

/// A header that the endpoint wants, its value sealed.
#[derive(Clone, Debug, FromSql)]
#[postgres(name = "sealed_header")]
pub struct SealedHeader {
    /// Lower case.
    pub name: String,
    pub sealed: Vec<u8>,
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
    let seconds = |seconds: i64| Duration::from_secs(u64::try_from(seconds).unwrap_or_default());
    Ok(rows
        .iter()
        .map(|row| Endpoint {
            id: row.get("id"),
            url: row.get("url"),
            active: row.get::<_, &str>("state") == "active",
            allow_http: row.get("allow_http"),
            allow_networks: row.get("allow_networks"),
            timeout: row.get::<_, Option<i16>>("timeout_s").map(|timeout| seconds(timeout.into())),
            schedule: row
                .get::<_, Option<Vec<i32>>>("schedule_s")
                .map(|waits| waits.into_iter().map(|wait| seconds(wait.into())).collect()),
            secrets: row.get("secrets"),
            headers: row.get("headers"),
        })
        .collect())
}
