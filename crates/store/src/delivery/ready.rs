//! What may be leased, and how much of it: looked at before anything is taken.

use crate::StoreError;
use deadpool_postgres::{GenericClient, Transaction};
use jiff::Timestamp;
use std::collections::HashMap;

/// An endpoint with something due in one lane.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ready {
    pub endpoint_id: i32,
    /// 0: first attempts. 1: further ones.
    pub lane: i16,
    pub due_at: Timestamp,
    /// Requests at the same time over all dispatchers, if the endpoint says.
    pub concurrency: Option<i16>,
    /// Requests begun per second over all dispatchers, if the endpoint says.
    pub rate_per_s: Option<i32>,
    /// Seconds for one attempt, if the endpoint says.
    pub timeout_s: Option<i16>,
    /// It must be passed through [`gate()`]: it has one of the two limits, or its breaker is not closed.
    pub gated: bool,
}

/// Due times of all active endpoints' deliveries, whether there is room for them or not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Outlook {
    /// Since when the most overdue one has been due.
    pub overdue_since: Option<Timestamp>,
    /// When the next one will be.
    pub next: Option<Timestamp>,
}

/// Endpoints and lanes with something due, whoever has waited longest first: all of them, since those that may be sent
/// nothing now must not stand in front of the others. `leave_out` are endpoints of which nothing is wanted. Locks nothing.
///
/// # Errors
/// As any statement.
pub async fn ready(
    client: &impl GenericClient,
    now: Timestamp,
    leave_out: &[i32],
) -> Result<(Vec<Ready>, Outlook), StoreError> {
    let statement = client.prepare_cached(include_str!("../../sql/delivery_ready.sql")).await?;
    let rows = client.query(&statement, &[&now, &leave_out]).await?;
    let (mut ready, mut outlook) = (Vec::new(), Outlook::default());
    for row in rows {
        match row.get::<_, Option<i32>>("endpoint_id") {
            None => outlook = Outlook { overdue_since: row.get("due_at"), next: row.get("next_due_at") },
            Some(endpoint_id) => ready.push(Ready {
                endpoint_id,
                lane: row.get("lane"),
                due_at: row.get("due_at"),
                concurrency: row.get("concurrency"),
                rate_per_s: row.get("rate_per_s"),
                timeout_s: row.get("timeout_s"),
                gated: row.get("gated"),
            }),
        }
    }
    Ok((ready, outlook))
}

/// What dispatchers share about an endpoint when they lease.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Gate {
    pub endpoint_id: i32,
    /// Its breaker is open until then, and half open from then on; `None`: closed.
    pub open_until: Option<Timestamp>,
    /// Of its token bucket when it was last filled; `None`: never, so it is full.
    pub tokens: f64,
    pub filled_at: Option<Timestamp>,
}

/// Locks what is shared about these endpoints until the transaction ends, those left out that another dispatcher leases
/// for at this moment.
///
/// # Errors
/// As any statement.
pub async fn gate(transaction: &Transaction<'_>, endpoints: &[i32]) -> Result<Vec<Gate>, StoreError> {
    // Recorders wait for these rows: a dispatcher that is frozen in the middle must not hold them for long.
    transaction.batch_execute("SET LOCAL idle_in_transaction_session_timeout = '2s'").await?;
    let statement = transaction.prepare_cached(include_str!("../../sql/delivery_gate.sql")).await?;
    let rows = transaction.query(&statement, &[&endpoints]).await?;
    Ok(rows
        .iter()
        .map(|row| Gate {
            endpoint_id: row.get("endpoint_id"),
            open_until: row.get("open_until"),
            tokens: row.get("tokens"),
            filled_at: row.get("filled_at"),
        })
        .collect())
}

/// How many deliveries of each endpoint are leased at this moment, by whomever. To be asked after [`gate()`], in a
/// statement of its own: then nobody adds to them before the transaction ends.
///
/// # Errors
/// As any statement.
pub async fn under_way(
    transaction: &Transaction<'_>,
    endpoints: &[i32],
    now: Timestamp,
) -> Result<HashMap<i32, i64>, StoreError> {
    let statement = transaction.prepare_cached(include_str!("../../sql/delivery_under_way.sql")).await?;
    let rows = transaction.query(&statement, &[&endpoints, &now]).await?;
    Ok(rows.iter().map(|row| (row.get(0), row.get(1))).collect())
}

/// Writes the tokens left of gated endpoints.
///
/// # Errors
/// As any statement.
pub async fn spend(
    transaction: &Transaction<'_>,
    left: &[(i32, f64)],
    now: Timestamp,
) -> Result<(), StoreError> {
    let statement = transaction.prepare_cached(include_str!("../../sql/delivery_spend.sql")).await?;
    let (endpoints, tokens): (Vec<_>, Vec<_>) = left.iter().copied().unzip();
    transaction.execute(&statement, &[&endpoints, &tokens, &now]).await?;
    Ok(())
}
