//! What is and was owed to endpoints.

use crate::StoreError;
use deadpool_postgres::GenericClient;
use jiff::Timestamp;
use tokio_postgres::Row;
use uuid::Uuid;

/// One notification owed, or once owed, to one endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    pub id: i64,
    pub endpoint_id: i32,
    /// Key of the message it is about, or of the event.
    pub subject_key: Uuid,
    pub kind: String,
    /// Unfinished: `pending`, `sending`, or `held` by an endpoint that is not active. Finished: `delivered`,
    /// `exhausted` or `skipped`.
    pub state: String,
    /// Begun so far.
    pub attempts: i16,
    pub created_at: Timestamp,
    /// When an unfinished one may next be looked at.
    pub due_at: Option<Timestamp>,
    pub finished_at: Option<Timestamp>,
}

/// Which deliveries to list; `None` everywhere: all.
#[derive(Clone, Copy, Debug, Default)]
pub struct DeliveryFilter<'a> {
    pub endpoint_id: Option<i32>,
    pub kind: Option<&'a str>,
    /// Finished at this time or later; unfinished ones: owed since.
    pub since: Option<Timestamp>,
    /// And before this time.
    pub until: Option<Timestamp>,
}

/// The deliveries, finished or not, of notifications about these messages. `now` tells a lease that holds from one
/// that has run out.
///
/// # Errors
/// As any statement.
pub async fn deliveries(
    client: &impl GenericClient,
    subject_keys: &[Uuid],
    now: Timestamp,
) -> Result<Vec<Delivery>, StoreError> {
    let statement = client.prepare_cached(include_str!("../../sql/look_deliveries.sql")).await?;
    Ok(client.query(&statement, &[&subject_keys, &now]).await?.iter().map(delivery).collect())
}

/// Those of the given deliveries that exist, finished or not, in the order of their ids.
///
/// # Errors
/// As any statement.
pub async fn deliveries_by_id(
    client: &impl GenericClient,
    ids: &[i64],
    now: Timestamp,
) -> Result<Vec<Delivery>, StoreError> {
    let statement = client.prepare_cached(include_str!("../../sql/look_deliveries_by_id.sql")).await?;
    Ok(client.query(&statement, &[&ids, &now]).await?.iter().map(delivery).collect())
}

/// At most `limit` deliveries that are owed and in one of `states`, what is due first at the front.
///
/// # Errors
/// As any statement.
pub async fn unfinished(
    client: &impl GenericClient,
    filter: DeliveryFilter<'_>,
    states: &[&str],
    now: Timestamp,
    limit: i64,
) -> Result<Vec<Delivery>, StoreError> {
    let statement = client.prepare_cached(include_str!("../../sql/look_deliveries_unfinished.sql")).await?;
    let DeliveryFilter { endpoint_id, kind, since, until } = filter;
    let rows =
        client.query(&statement, &[&endpoint_id, &kind, &states, &since, &until, &now, &limit]).await?;
    Ok(rows.iter().map(delivery).collect())
}

/// At most `limit` deliveries that ended in one of `states`, the newest first.
///
/// # Errors
/// As any statement.
pub async fn finished(
    client: &impl GenericClient,
    filter: DeliveryFilter<'_>,
    states: &[&str],
    limit: i64,
) -> Result<Vec<Delivery>, StoreError> {
    let statement = client.prepare_cached(include_str!("../../sql/look_deliveries_finished.sql")).await?;
    let DeliveryFilter { endpoint_id, kind, since, until } = filter;
    let rows = client.query(&statement, &[&endpoint_id, &kind, &states, &since, &until, &limit]).await?;
    Ok(rows.iter().map(delivery).collect())
}

/// Which finished deliveries of one endpoint to walk over.
#[derive(Clone, Copy, Debug)]
pub struct Walk<'a> {
    pub endpoint_id: i32,
    pub kind: Option<&'a str>,
    /// Any of them.
    pub states: &'a [&'a str],
    /// They finished before this time.
    pub until: Timestamp,
}

/// Up to `limit` of them that finished after the one named by its time and id, the earliest first.
///
/// # Errors
/// As any statement.
pub async fn finished_after(
    client: &impl GenericClient,
    walk: Walk<'_>,
    after: (Timestamp, i64),
    limit: i64,
) -> Result<Vec<(Timestamp, i64)>, StoreError> {
    let statement = client.prepare_cached(include_str!("../../sql/look_deliveries_after.sql")).await?;
    let Walk { endpoint_id, kind, states, until } = walk;
    let rows =
        client.query(&statement, &[&endpoint_id, &kind, &states, &after.0, &after.1, &until, &limit]).await?;
    Ok(rows.iter().map(|row| (row.get("finished_at"), row.get("id"))).collect())
}

fn delivery(row: &Row) -> Delivery {
    Delivery {
        id: row.get("id"),
        endpoint_id: row.get("endpoint_id"),
        subject_key: row.get("subject_key"),
        kind: row.get("type"),
        state: row.get("state"),
        attempts: row.get("attempts"),
        created_at: row.get("created_at"),
        due_at: row.get("due_at"),
        finished_at: row.get("finished_at"),
    }
}
