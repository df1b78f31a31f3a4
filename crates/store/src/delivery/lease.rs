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
    pub until: Timestamp,
    /// Most deliveries in all. Endpoints with due work get equal shares of it, at least one each.
    pub most: i32,
    /// Most deliveries of an endpoint that is not listed in `rooms`.
    pub most_each: i32,
    /// Most deliveries of these endpoints; none or less leaves one out.
    pub rooms: Vec<(i32, i32)>,
    /// Most bytes of notifications together.
    pub body_bytes: usize,
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
    pub lease: Uuid,
    pub until: Timestamp,
    /// Of the attempt that this lease is for, from 1.
    pub attempt: u16,
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
    /// When the earliest delivery of an active endpoint was due before, or will be, whether there was room for it or
    /// not; `None` if nothing is owed.
    pub earliest_due_at: Option<Timestamp>,
}

/// Leases what is due, as `super` tells, up to the request's bytes of notifications together. Endpoints take turns at the
/// bytes, and the first notification is leased however large it is, so that none can stay for ever. One
/// statement; locks the rows it moves and the heads of the followers it pushes until it ends, and waits for none.
///
/// # Errors
/// As any statement; nothing is leased then, or it is and nobody knows: it becomes due again at the lease's end.
pub async fn lease(client: &impl GenericClient, request: &LeaseRequest) -> Result<Taken, StoreError> {
    let full: Vec<i32> = request.rooms.iter().filter(|(_, room)| *room <= 0).map(|(id, _)| *id).collect();
    let (known, rooms): (Vec<i32>, Vec<i32>) =
        request.rooms.iter().filter(|(_, room)| *room > 0).copied().unzip();
    let statement = client.prepare_cached(include_str!("../../sql/delivery_lease.sql")).await?;
    let rows = client
        .query(
            &statement,
            &[
                &request.now,
                &request.lease,
                &request.until,
                &i64::from(request.most),
                &request.most_each,
                &full,
                &known,
                &rooms,
                &i64::try_from(request.body_bytes).unwrap_or(i64::MAX),
            ],
        )
        .await?;
    let mut taken = Taken::default();
    // One by one, so that what was read is let go as it is copied.
    for row in rows {
        taken.earliest_due_at = row.get("earliest_due_at");
        match row.get::<_, Option<bool>>("taken") {
            Some(true) => taken.deliveries.push(leased(&row, request)?),
            Some(false) => taken.pushed += 1,
            // The one row that is there in any case.
            None => {}
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
        lease: request.lease,
        until: request.until,
        attempt: u16::try_from(row.get::<_, i16>("attempts"))
            .map_err(|_| StoreError::Unreadable("a negative number of attempts"))?,
        due_at: row.get("was_due_at"),
        notification,
    })
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
