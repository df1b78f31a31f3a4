//! Taking what is due, and giving back what was not begun.

use crate::StoreError;
use deadpool_postgres::GenericClient;
use jiff::Timestamp;
use uuid::Uuid;

/// How much to take, and on whose behalf.
#[derive(Clone, Debug)]
pub struct LeaseRequest {
    pub now: Timestamp,
    /// Never used before: it is the fence.
    pub lease: Uuid,
    /// Of whom.
    pub shares: Vec<Share>,
    /// Most bytes of notifications together; one endpoint's have half of that.
    pub body_bytes: usize,
}

/// How much of one lane of an endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share {
    pub endpoint_id: i32,
    pub lane: i16,
    /// Most deliveries.
    pub room: i32,
    /// When the leases end.
    pub until: Timestamp,
}

/// What a notification says, as it is signed and sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notification {
    pub webhook_id: Uuid,
    pub body: Vec<u8>,
}

/// One delivery under a lease.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leased {
    pub id: i64,
    pub endpoint_id: i32,
    /// As in [`super::Ready`].
    pub lane: i16,
    pub lease: Uuid,
    pub until: Timestamp,
    /// Of the attempt that this lease is for, from 1.
    pub attempt: u16,
    /// Attempts before it that cost nothing.
    pub waits: u16,
    /// When the delivery came to be owed.
    pub created_at: Timestamp,
    /// When it became due.
    pub due_at: Timestamp,
    /// `None` if its partition is gone, which retention must not let happen.
    pub notification: Option<Notification>,
}

/// What a scan brought.
#[derive(Debug, Default)]
pub struct Taken {
    pub deliveries: Vec<Leased>,
    /// Followers pushed behind their heads.
    pub pushed: usize,
}

/// Leases what is due, as `super` tells, up to the request's bytes of notifications together. Endpoints take turns at the
/// bytes, and the first notification is leased however large it is, so that none can stay for ever. One
/// statement; locks the rows it moves and the heads of the followers it pushes until it ends, and waits for none.
///
/// # Errors
/// As any statement; nothing is leased then, or it is and nobody knows: it becomes due again at the lease's end.
pub async fn lease(client: &impl GenericClient, request: &LeaseRequest) -> Result<Taken, StoreError> {
    if request.shares.is_empty() {
        return Ok(Taken::default());
    }
    let statement = client.prepare_cached(include_str!("../../sql/delivery_lease.sql")).await?;
    let endpoints: Vec<_> = request.shares.iter().map(|share| share.endpoint_id).collect();
    let lanes: Vec<_> = request.shares.iter().map(|share| share.lane).collect();
    let rooms: Vec<_> = request.shares.iter().map(|share| share.room).collect();
    let until: Vec<_> = request.shares.iter().map(|share| share.until).collect();
    let bytes = i64::try_from(request.body_bytes).unwrap_or(i64::MAX);
    let rows = client
        .query(&statement, &[&request.now, &request.lease, &endpoints, &lanes, &rooms, &until, &bytes])
        .await?;
    let mut taken = Taken::default();
    // One by one, so that what was read is let go as it is copied.
    for row in rows {
        if row.get("taken") {
            taken.deliveries.push(leased(&row, request)?);
        } else {
            taken.pushed += 1;
        }
    }
    Ok(taken)
}

fn leased(row: &tokio_postgres::Row, request: &LeaseRequest) -> Result<Leased, StoreError> {
    let notification = row
        .get::<_, Option<Uuid>>("webhook_id")
        .map(|webhook_id| Notification { webhook_id, body: row.get("body") });
    Ok(Leased {
        id: row.get("id"),
        endpoint_id: row.get("endpoint_id"),
        lane: row.get("lane"),
        lease: request.lease,
        until: row.get("until"),
        attempt: count(row.get("attempts"))?,
        waits: count(row.get("waits"))?,
        created_at: row.get("created_at"),
        due_at: row.get("was_due_at"),
        notification,
    })
}

fn count(count: i16) -> Result<u16, StoreError> {
    u16::try_from(count).map_err(|_| StoreError::Unreadable("a negative number of attempts"))
}

/// Gives back leased deliveries that were not begun: due at once, and the attempt is not counted. Those whose lease was
/// lost are left alone. Returns how many were given back.
///
/// # Errors
/// As any statement.
pub async fn release(
    client: &impl GenericClient,
    now: Timestamp,
    unbegun: &[(i64, Uuid)],
) -> Result<u64, StoreError> {
    if unbegun.is_empty() {
        return Ok(0);
    }
    let (ids, leases): (Vec<i64>, Vec<Uuid>) = unbegun.iter().copied().unzip();
    let statement = client.prepare_cached(include_str!("../../sql/delivery_release.sql")).await?;
    Ok(client.execute(&statement, &[&ids, &leases, &now]).await?)
}
