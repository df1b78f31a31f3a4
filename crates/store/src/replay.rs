//! Messages worked out again: what was asked for, and how far it is.
//!
//! A replay is cut into parts, one instruction on the queue each. Whoever inserts a part's row works it out; a part that
//! is there was worked out before. Every statement here stands alone: a walk over years holds no snapshot longer than one
//! of its steps takes, and what is recorded behind it meanwhile was applied as it should be anyway.

use crate::StoreError;
use deadpool_postgres::GenericClient;
use domain::{MessageKey, SourceId};
use jiff::Timestamp;
use jiff::civil::Date;
use std::ops::Range;
use uuid::Uuid;

/// What came of the messages of a part, or of several.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Replayed {
    pub messages: i64,
    pub changed: i64,
    /// Their events are partly gone, too many or too large, or could not be worked out: they stay as they are.
    pub left_alone: i64,
    /// Notifications that became due.
    pub told: i64,
}

/// Whose events, received from `received.start` until before `received.end`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selection {
    pub source: SourceId,
    pub received: Range<Timestamp>,
}

/// A batch that holds some of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Batch {
    pub id: Uuid,
    pub elements: i64,
}

/// Begins a replay of the messages with a selected event; returns its id. Role: operator.
///
/// # Errors
/// As any statement.
pub async fn create(
    client: &impl GenericClient,
    selection: &Selection,
    now: Timestamp,
) -> Result<i64, StoreError> {
    let statement = client
        .prepare_cached(
            "INSERT INTO replays (source_id, from_at, to_at, created_at) VALUES ($1, $2, $3, $4) RETURNING id",
        )
        .await?;
    let Selection { source, received } = selection;
    Ok(client.query_one(&statement, &[&source.0, &received.start, &received.end, &now]).await?.get(0))
}

/// At most `limit` batches received on `day` with selected events and ids above `after`, in the order of their ids. Role:
/// operator.
///
/// # Errors
/// As any statement.
pub async fn batches(
    client: &impl GenericClient,
    selection: &Selection,
    day: Date,
    after: Uuid,
    limit: i64,
) -> Result<Vec<Batch>, StoreError> {
    let statement = client.prepare_cached(include_str!("../sql/replay_batches.sql")).await?;
    let Selection { source, received } = selection;
    let rows =
        client.query(&statement, &[&day, &after, &source.0, &received.start, &received.end, &limit]).await?;
    Ok(rows.iter().map(|row| Batch { id: row.get(0), elements: row.get(1) }).collect())
}

/// When the earliest of the batches that [`batches`] would still name was received. Reads all of them. Role: operator.
///
/// # Errors
/// As any statement.
pub async fn rest(
    client: &impl GenericClient,
    selection: &Selection,
    day: Date,
    after: Uuid,
) -> Result<Option<Timestamp>, StoreError> {
    let statement = client.prepare_cached(include_str!("../sql/replay_rest.sql")).await?;
    let Selection { source, received } = selection;
    let row =
        client.query_one(&statement, &[&day, &after, &source.0, &received.start, &received.end]).await?;
    Ok(row.get(0))
}

/// The messages with a selected event in the batches with ids above `after` and up to `through`, each once. Role: operator.
///
/// # Errors
/// As any statement.
pub async fn messages(
    client: &impl GenericClient,
    selection: &Selection,
    after: Uuid,
    through: Uuid,
) -> Result<Vec<MessageKey>, StoreError> {
    let statement = client.prepare_cached(include_str!("../sql/replay_messages.sql")).await?;
    let Selection { source, received } = selection;
    let rows =
        client.query(&statement, &[&source.0, &after, &through, &received.start, &received.end]).await?;
    Ok(rows.iter().map(|row| MessageKey(row.get::<_, Uuid>(0).into_bytes())).collect())
}

/// Those of the given parts that are done, with what came of them. Role: operator.
///
/// # Errors
/// As any statement.
pub async fn progress(
    client: &impl GenericClient,
    replay: i64,
    parts: &[i32],
) -> Result<Vec<(i32, Replayed)>, StoreError> {
    let statement = client.prepare_cached(include_str!("../sql/replay_progress.sql")).await?;
    let rows = client.query(&statement, &[&replay, &parts]).await?;
    let replayed = rows.iter().map(|row| {
        let replayed =
            Replayed { messages: row.get(1), changed: row.get(2), left_alone: row.get(3), told: row.get(4) };
        (row.get(0), replayed)
    });
    Ok(replayed.collect())
}

/// The source of a replay, if there is such a replay. Role: worker.
///
/// # Errors
/// As any statement.
pub async fn source(client: &impl GenericClient, replay: i64) -> Result<Option<SourceId>, StoreError> {
    let statement = client.prepare_cached("SELECT source_id FROM replays WHERE id = $1").await?;
    Ok(client.query_opt(&statement, &[&replay]).await?.map(|row| SourceId(row.get(0))))
}

/// Claims a part; whether it was not worked out before. Waits for whoever claims it at this moment. Role: worker.
///
/// # Errors
/// As any statement.
pub async fn claim_part(client: &impl GenericClient, replay: i64, part: i32) -> Result<bool, StoreError> {
    let statement = client
        .prepare_cached(
            "INSERT INTO replay_parts (replay_id, part, messages, changed, left_alone, told)
             VALUES ($1, $2, 0, 0, 0, 0) ON CONFLICT DO NOTHING",
        )
        .await?;
    Ok(client.execute(&statement, &[&replay, &part]).await? == 1)
}

/// Writes what came of a claimed part. Role: worker.
///
/// # Errors
/// As any statement.
pub async fn close_part(
    client: &impl GenericClient,
    replay: i64,
    part: i32,
    replayed: Replayed,
) -> Result<(), StoreError> {
    let statement = client
        .prepare_cached(
            "UPDATE replay_parts SET messages = $3::bigint, changed = $4::bigint, left_alone = $5::bigint, told = $6::bigint
             WHERE replay_id = $1 AND part = $2",
        )
        .await?;
    let Replayed { messages, changed, left_alone, told } = replayed;
    client.execute(&statement, &[&replay, &part, &messages, &changed, &left_alone, &told]).await?;
    Ok(())
}
