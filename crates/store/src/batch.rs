//! The ledger's head: which batches are in, how each added up, and which were begun without an end.

use crate::StoreError;
use crate::value::origin_column;
use deadpool_postgres::GenericClient;
use domain::Origin;
use jiff::{Timestamp, civil::Date, tz::TimeZone};
use postgres_types::ToSql;
use uuid::Uuid;

/// A batch about to be recorded.
#[derive(Clone, Debug)]
pub struct Claim {
    pub id: Uuid,
    pub source_id: i32,
    pub received_at: Timestamp,
    /// How its events came to be known.
    pub origin: Origin,
}

/// Whether anything of the batch could be read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BatchState {
    #[default]
    Recorded,
    /// Unreadable as a whole: one element, in quarantine.
    Quarantined,
}

impl BatchState {
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Recorded => "recorded",
            Self::Quarantined => "quarantined",
        }
    }
}

/// How a batch's elements ended. The schema refuses a tally that does not add up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    pub elements: i32,
    pub applied: i32,
    pub stale: i32,
    pub ignored: i32,
    pub duplicate: i32,
    pub quarantined: i32,
}

impl Tally {
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            elements: self.elements + other.elements,
            applied: self.applied + other.applied,
            stale: self.stale + other.stale,
            ignored: self.ignored + other.ignored,
            duplicate: self.duplicate + other.duplicate,
            quarantined: self.quarantined + other.quarantined,
        }
    }
}

/// UTC day of a time: what partitions are made by.
#[must_use]
pub fn day(at: Timestamp) -> Date {
    at.to_zoned(TimeZone::UTC).date()
}

/// UTC hour of a time within its day.
#[must_use]
pub fn hour(at: Timestamp) -> i16 {
    at.to_zoned(TimeZone::UTC).hour().into()
}

/// Claims batches that are not in the ledger yet; returns the ids of those. The others were recorded before: skip them.
///
/// Waits for a transaction that claims the same batch at this moment, so two workers never both record it.
/// `claims` must be sorted by id, lest two windows with the same batches deadlock.
///
/// # Errors
/// As any statement.
pub async fn claim(client: &impl GenericClient, claims: &[Claim]) -> Result<Vec<Uuid>, StoreError> {
    let statement = client.prepare_cached(include_str!("../sql/batch_claim.sql")).await?;
    let days: Vec<_> = claims.iter().map(|claim| day(claim.received_at)).collect();
    let ids: Vec<_> = claims.iter().map(|claim| claim.id).collect();
    let sources: Vec<_> = claims.iter().map(|claim| claim.source_id).collect();
    let times: Vec<_> = claims.iter().map(|claim| claim.received_at).collect();
    let origins: Vec<_> = claims.iter().map(|claim| origin_column(claim.origin)).collect();
    let rows = client.query(&statement, &[&days, &ids, &sources, &times, &origins]).await?;
    Ok(rows.iter().map(|row| row.get(0)).collect())
}

/// Tallies as parallel arrays, in the order in which statements take them.
struct TallyColumns([Vec<i32>; 6]);

impl TallyColumns {
    fn of<'a>(tallies: impl Iterator<Item = &'a Tally> + Clone) -> Self {
        let column = |of: fn(&Tally) -> i32| tallies.clone().map(of).collect();
        Self([
            column(|tally| tally.elements),
            column(|tally| tally.applied),
            column(|tally| tally.stale),
            column(|tally| tally.ignored),
            column(|tally| tally.duplicate),
            column(|tally| tally.quarantined),
        ])
    }

    /// The parameters of a statement that takes tallies after these.
    fn after<'a>(&'a self, first: &[&'a (dyn ToSql + Sync)]) -> Vec<&'a (dyn ToSql + Sync)> {
        let columns = self.0.iter().map(|column| column as &(dyn ToSql + Sync));
        first.iter().copied().chain(columns).collect()
    }
}

/// Writes how claimed batches added up.
///
/// # Errors
/// A batch was not claimed in this database, or as any statement.
pub async fn close(
    client: &impl GenericClient,
    closed: &[(&Claim, BatchState, Tally)],
) -> Result<(), StoreError> {
    let statement = client.prepare_cached(include_str!("../sql/batch_close.sql")).await?;
    let days: Vec<_> = closed.iter().map(|(claim, ..)| day(claim.received_at)).collect();
    let ids: Vec<_> = closed.iter().map(|(claim, ..)| claim.id).collect();
    let states: Vec<_> = closed.iter().map(|(_, state, _)| state.as_str()).collect();
    let columns = TallyColumns::of(closed.iter().map(|(.., tally)| tally));
    let written = client.execute(&statement, &columns.after(&[&days, &ids, &states])).await?;
    if written == closed.len() as u64 {
        Ok(())
    } else {
        Err(StoreError::Contradiction("a claimed batch could not be closed"))
    }
}

/// What has changed about a recorded batch: elements that ended anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Adjustment {
    pub received_on: Date,
    pub id: Uuid,
    /// `None`: as it was.
    pub state: Option<BatchState>,
    /// What is added to each count; may be negative.
    pub change: Tally,
}

/// Changes how recorded batches added up. Each batch is named once. Locks them, in the order of their ids: the last locks
/// that a transaction takes.
///
/// # Errors
/// A batch is not there, or as any statement: the schema refuses a batch that does not add up.
pub async fn adjust(client: &impl GenericClient, adjustments: &[Adjustment]) -> Result<(), StoreError> {
    let statement = client.prepare_cached(include_str!("../sql/batch_adjust.sql")).await?;
    let days: Vec<_> = adjustments.iter().map(|one| one.received_on).collect();
    let ids: Vec<_> = adjustments.iter().map(|one| one.id).collect();
    let states: Vec<_> = adjustments.iter().map(|one| one.state.map(BatchState::as_str)).collect();
    let columns = TallyColumns::of(adjustments.iter().map(|one| &one.change));
    let written = client.execute(&statement, &columns.after(&[&days, &ids, &states])).await?;
    if written == adjustments.len() as u64 {
        Ok(())
    } else {
        Err(StoreError::Contradiction("a batch whose elements ended anew is not in the ledger"))
    }
}

/// Notes that a redelivered batch is begun; returns how many times it was begun, this one included.
/// Must be committed before the batch is looked at, or a crash would leave no trace.
///
/// # Errors
/// As any statement.
pub async fn note_start(client: &impl GenericClient, id: Uuid, now: Timestamp) -> Result<i32, StoreError> {
    let statement = client
        .prepare_cached(
            "INSERT INTO batch_starts (batch_id, starts, started_at) VALUES ($1, 1, $2)
             ON CONFLICT (batch_id) DO UPDATE SET starts = batch_starts.starts + 1, started_at = excluded.started_at
             RETURNING starts",
        )
        .await?;
    Ok(client.query_one(&statement, &[&id, &now]).await?.get(0))
}

/// Forgets the notes of batches that have ended.
///
/// # Errors
/// As any statement.
pub async fn forget_starts(client: &impl GenericClient, ids: &[Uuid]) -> Result<(), StoreError> {
    let statement = client.prepare_cached("DELETE FROM batch_starts WHERE batch_id = ANY($1)").await?;
    client.execute(&statement, &[&ids]).await?;
    Ok(())
}

/// Forgets the notes of batches begun before `horizon`, which will not come again.
///
/// # Errors
/// As any statement.
pub async fn forget_starts_before(client: &impl GenericClient, horizon: Timestamp) -> Result<(), StoreError> {
    let statement = client.prepare_cached("DELETE FROM batch_starts WHERE started_at < $1").await?;
    client.execute(&statement, &[&horizon]).await?;
    Ok(())
}
