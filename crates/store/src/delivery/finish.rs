//! Recording what became of attempts, many at a time.

use crate::StoreError;
use deadpool_postgres::Transaction;
use jiff::Timestamp;
use std::collections::HashSet;
use std::time::Duration;
use tokio_postgres::Row;
use uuid::Uuid;

/// One request that was made, or that could not even be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// As leased, from 1.
    pub number: u16,
    pub started_at: Timestamp,
    pub duration: Duration,
    /// From a closed set of the caller's.
    pub outcome: &'static str,
    pub http_status: Option<u16>,
    /// From a closed set of the caller's.
    pub error: Option<&'static str>,
    /// First bytes of the answer.
    pub response: Option<Vec<u8>>,
}

/// What becomes of the delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Delivered,
    /// To be tried again.
    Retry {
        at: Timestamp,
    },
    /// The consumer said when to come again: the same, and the attempt costs nothing.
    Wait {
        at: Timestamp,
    },
    /// Given up: the schedule has no more attempts.
    Exhausted,
}

/// An attempt's end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finish {
    pub delivery: i64,
    pub lease: Uuid,
    pub verdict: Verdict,
    pub attempt: Attempt,
}

/// Whether the verdict took effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Finished {
    Recorded,
    /// Somebody else holds the delivery now, or has finished it. The attempt is recorded, the verdict is not.
    LeaseLost,
}

/// Records attempts, and their verdicts where the lease still holds; the answers are in the order of `finishes`.
/// Delivered and exhausted rows leave the queue and enter history. Followers are woken or moved along.
///
/// Locks the deliveries, in the order of their ids, and their followers, until the transaction ends. Repeating it after
/// a commit whose answer was lost changes nothing and says [`Finished::LeaseLost`].
///
/// # Errors
/// As any statement; the transaction is to be dropped then.
pub async fn finish(
    transaction: &Transaction<'_>,
    now: Timestamp,
    finishes: &[Finish],
) -> Result<Vec<Finished>, StoreError> {
    if finishes.is_empty() {
        return Ok(Vec::new());
    }
    let held = write(transaction, now, finishes).await?;
    // Ordered ones only: what has no sequence has no followers.
    let (waiting, gone): (Vec<&Row>, Vec<&Row>) = held
        .iter()
        .filter(|row| row.get::<_, Option<i32>>("sequence").is_some())
        .partition(|row| row.get::<_, Option<Timestamp>>("due_at").is_some());
    let gone: Vec<_> = gone.iter().map(|row| place(row)).collect();
    wake(transaction, &gone, now).await?;
    if !waiting.is_empty() {
        let (endpoints, subjects, sequences) = places(waiting.iter().map(|row| place(row)));
        let due: Vec<Timestamp> = waiting.iter().map(|row| row.get("due_at")).collect();
        let statement = transaction.prepare_cached(include_str!("../../sql/delivery_follow.sql")).await?;
        transaction.execute(&statement, &[&endpoints, &subjects, &sequences, &due]).await?;
    }
    let held: HashSet<(i64, Uuid)> = held.iter().map(|row| (row.get("id"), row.get("lease"))).collect();
    Ok(finishes
        .iter()
        .map(|finish| match held.contains(&(finish.delivery, finish.lease)) {
            true => Finished::Recorded,
            false => Finished::LeaseLost,
        })
        .collect())
}

/// Returns the rows whose lease held.
async fn write(
    transaction: &Transaction<'_>,
    now: Timestamp,
    finishes: &[Finish],
) -> Result<Vec<Row>, StoreError> {
    let column = Columns::of(finishes);
    let statement = transaction.prepare_cached(include_str!("../../sql/delivery_finish.sql")).await?;
    Ok(transaction
        .query(
            &statement,
            &[
                &column.deliveries,
                &column.leases,
                &column.states,
                &column.due_at,
                &column.numbers,
                &column.started_at,
                &column.durations_ms,
                &column.outcomes,
                &column.http_statuses,
                &column.errors,
                &column.responses,
                &now,
                &column.free,
            ],
        )
        .await?)
}

/// Wakes the next delivery of each (endpoint, subject, sequence) that has left the queue.
pub(super) async fn wake(
    transaction: &Transaction<'_>,
    gone: &[(i32, Uuid, i32)],
    now: Timestamp,
) -> Result<(), StoreError> {
    if gone.is_empty() {
        return Ok(());
    }
    let (endpoints, subjects, sequences) = places(gone.iter().copied());
    let statement = transaction.prepare_cached(include_str!("../../sql/delivery_wake.sql")).await?;
    transaction.execute(&statement, &[&endpoints, &subjects, &sequences, &now]).await?;
    Ok(())
}

/// Where in which order a row stands.
fn place(row: &Row) -> (i32, Uuid, i32) {
    (row.get("endpoint_id"), row.get("subject_key"), row.get("sequence"))
}

fn places(places: impl Iterator<Item = (i32, Uuid, i32)>) -> (Vec<i32>, Vec<Uuid>, Vec<i32>) {
    let (mut endpoints, mut subjects, mut sequences) = (Vec::new(), Vec::new(), Vec::new());
    for (endpoint, subject, sequence) in places {
        endpoints.push(endpoint);
        subjects.push(subject);
        sequences.push(sequence);
    }
    (endpoints, subjects, sequences)
}

#[derive(Default)]
struct Columns<'a> {
    deliveries: Vec<i64>,
    leases: Vec<Uuid>,
    states: Vec<Option<&'static str>>,
    due_at: Vec<Option<Timestamp>>,
    numbers: Vec<i16>,
    started_at: Vec<Timestamp>,
    durations_ms: Vec<i32>,
    outcomes: Vec<&'static str>,
    http_statuses: Vec<Option<i16>>,
    errors: Vec<Option<&'static str>>,
    responses: Vec<Option<&'a [u8]>>,
    free: Vec<bool>,
}

impl<'a> Columns<'a> {
    fn of(finishes: &'a [Finish]) -> Self {
        let mut columns = Self::default();
        for Finish { delivery, lease, verdict, attempt } in finishes {
            let (state, due_at) = match verdict {
                Verdict::Delivered => (Some("delivered"), None),
                Verdict::Exhausted => (Some("exhausted"), None),
                Verdict::Retry { at } | Verdict::Wait { at } => (None, Some(*at)),
            };
            columns.deliveries.push(*delivery);
            columns.leases.push(*lease);
            columns.states.push(state);
            columns.due_at.push(due_at);
            columns.numbers.push(i16::try_from(attempt.number).unwrap_or(i16::MAX));
            columns.started_at.push(attempt.started_at);
            columns.durations_ms.push(i32::try_from(attempt.duration.as_millis()).unwrap_or(i32::MAX));
            columns.outcomes.push(attempt.outcome);
            columns.http_statuses.push(attempt.http_status.and_then(|status| i16::try_from(status).ok()));
            columns.errors.push(attempt.error);
            columns.responses.push(attempt.response.as_deref());
            columns.free.push(matches!(verdict, Verdict::Wait { .. }));
        }
        columns
    }
}
