//! Message rows: locked in key order, folded by `domain` outside, written back whole.
//!
//! Relies on the caller's transaction for the lock between [`lock`] and [`update`]. A message that another worker creates
//! meanwhile is not an error: [`insert`] says which were created, and the caller locks and folds the rest again.

mod row;

pub(crate) use row::correlated_by;
pub use row::{Identity, MessageRow};

use crate::StoreError;
use deadpool_postgres::GenericClient;
use domain::MessageKey;
use uuid::Uuid;

/// Locks those of the given messages that exist, in key order, until the transaction ends; returns them in that order.
///
/// # Errors
/// As any statement; deadlocks are possible where two transactions also create messages, and are retried by the caller.
pub async fn lock(client: &impl GenericClient, keys: &[MessageKey]) -> Result<Vec<MessageRow>, StoreError> {
    let statement = client.prepare_cached(include_str!("../sql/message_lock.sql")).await?;
    let keys: Vec<_> = keys.iter().map(|key| Uuid::from_bytes(key.0)).collect();
    let rows = client.query(&statement, &[&keys]).await?;
    Ok(rows.iter().map(|row| row.get(0)).collect())
}

/// Creates messages; returns the keys of those that did not exist. `rows` must be sorted by key.
/// Waits for another transaction that creates one of them, and then leaves that one alone.
///
/// # Errors
/// As any statement.
pub async fn insert(
    client: &impl GenericClient,
    rows: &[&MessageRow],
) -> Result<Vec<MessageKey>, StoreError> {
    let statement = client.prepare_cached(include_str!("../sql/message_insert.sql")).await?;
    let created = client.query(&statement, &[&rows]).await?;
    Ok(created.iter().map(|row| MessageKey(row.get::<_, Uuid>(0).into_bytes())).collect())
}

/// Whether a status may be below what is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// New events: a status only moves up.
    Up,
    /// Worked out again from all events: what was wrong may fall.
    Either,
}

/// Writes locked messages back.
///
/// # Errors
/// [`StoreError::Contradiction`] when a row would have gone back, which means that somebody came around the lock.
pub async fn update(
    client: &impl GenericClient,
    rows: &[&MessageRow],
    direction: Direction,
) -> Result<(), StoreError> {
    let statement = client.prepare_cached(include_str!("../sql/message_update.sql")).await?;
    let written = client.execute(&statement, &[&rows, &(direction == Direction::Either)]).await?;
    if written == rows.len() as u64 {
        Ok(())
    } else {
        Err(StoreError::Contradiction("a locked message had moved further than what was to be written"))
    }
}
