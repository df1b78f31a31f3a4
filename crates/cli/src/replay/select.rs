//! The walk over the messages with an event that was received in a time: day by day, through each day's batches in the
//! order of their ids, a bounded step at a time.
//!
//! A step names each of its messages once; a message with events in several steps is named in each of them. Every step is
//! read by itself, so that no snapshot outlives one.

use crate::failure::Failure;
use crate::stretch;
use deadpool_postgres::GenericClient;
use domain::MessageKey;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use store::replay::{self, Batch, Selection};
use store::{Pool, audit};
use uuid::Uuid;

/// Batches of a step. Each step reads the blocks that no vacuum has summarised for the BRIN index yet.
const STEP_BATCHES: i64 = 500;
/// Elements of a step, unless one batch has more: bounds the messages that are named at a time, and what has to be given
/// again by whoever goes on where a replay was stopped.
const STEP_ELEMENTS: i64 = 20_000;
/// Time that the ids of a step span: other sources' events that lie between are read too.
const STEP_MILLISECONDS: u128 = 60 * 60 * 1_000;

/// Up to where the walk has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// Earlier days are behind, and of this one the batches with ids up to `after`.
    Inside { day: Date, after: Uuid },
    /// Everything is behind.
    Beyond,
}

impl Place {
    pub(super) fn beginning(selection: &Selection) -> Self {
        if selection.received.is_empty() {
            return Self::Beyond;
        }
        Self::Inside { day: day_of(selection.received.start), after: Uuid::nil() }
    }
}

/// The messages of the step that begins at `place`, and where it ends. Dropping it leaves nothing begun.
pub(super) async fn step(
    pool: &Pool,
    selection: &Selection,
    place: Place,
) -> Result<(Vec<MessageKey>, Place), Failure> {
    let Place::Inside { day, after } = place else { return Ok((Vec::new(), Place::Beyond)) };
    let client = pool.get().await?;
    let batches = replay::batches(&client, selection, day, after, STEP_BATCHES).await?;
    match cut(day, &batches) {
        Some((after, through)) => {
            let messages = replay::messages(&client, selection, after, through).await?;
            Ok((messages, Place::Inside { day, after: through }))
        }
        None => Ok((Vec::new(), next_day(&client, selection, day).await?)),
    }
}

async fn next_day(client: &impl GenericClient, selection: &Selection, day: Date) -> Result<Place, Failure> {
    let next = audit::next_day(client, day).await?.filter(|next| *next <= last_day(selection));
    Ok(next.map_or(Place::Beyond, |day| Place::Inside { day, after: Uuid::nil() }))
}

/// Everything received before this and in the time is behind `place`; the time's end if all of it is.
pub(super) async fn reached(pool: &Pool, selection: &Selection, place: Place) -> Result<Timestamp, Failure> {
    let Place::Inside { day, after } = place else { return Ok(selection.received.end) };
    let client = pool.get().await?;
    // Ids that ingest did not make are not in the order of receipt, so all that is ahead on this day is asked.
    Ok(match replay::rest(&client, selection, day, after).await? {
        Some(earliest) => earliest,
        None => reached_at_least(selection, next_day(&client, selection, day).await?),
    })
}

/// As [`reached`], known without asking: perhaps earlier by a day.
pub(super) fn reached_at_least(selection: &Selection, place: Place) -> Timestamp {
    let Place::Inside { day, .. } = place else { return selection.received.end };
    let midnight = day.to_zoned(TimeZone::UTC).map_or(selection.received.start, |day| day.timestamp());
    midnight.max(selection.received.start)
}

/// The ids, above the first and up to the second, of as many of these batches as a step has room for; `None`: there are
/// none.
fn cut(day: Date, batches: &[Batch]) -> Option<(Uuid, Uuid)> {
    let first = batches.first()?.id;
    // A batch's id leads with its receive time. One that ingest did not make lies anywhere, and makes a step of its own:
    // all that lies between two ids is read.
    let near = stretch::floor(day, -1)..stretch::floor(day, 2);
    let mut elements = 0;
    let fits = |batch: &&Batch| {
        elements += batch.elements;
        let close = (batch.id.as_u128() >> 80) - (first.as_u128() >> 80) <= STEP_MILLISECONDS;
        elements <= STEP_ELEMENTS && close && near.contains(&batch.id)
    };
    // One batch at least, however large.
    let last = batches.iter().take_while(fits).last().map_or(first, |batch| batch.id);
    Some((stretch::before(first), last))
}

fn day_of(at: Timestamp) -> Date {
    at.to_zoned(TimeZone::UTC).date()
}

/// The day of the last moment before the time's end.
fn last_day(selection: &Selection) -> Date {
    let end = selection.received.end;
    day_of(end.checked_sub(SignedDuration::from_nanos(1)).unwrap_or(end))
}

#[cfg(test)]
mod tests;
