//! Messages worked out again: what was asked for, and how far it is.
//!
//! A replay is cut into parts, one instruction on the queue each. Whoever inserts a part's row works it out; a part that
//! is there was worked out before.

use crate::StoreError;
use crate::audit::Stretch;
use deadpool_postgres::GenericClient;
use domain::{MessageKey, SourceId};
use jiff::Timestamp;
use uuid::Uuid;

/// What came of the messages of a part, or of several.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Replayed {
    pub messages: i64,
    pub changed: i64,
    /// Their events are partly gone, or too many: they stay as they are.
    pub left_alone: i64,
    /// Notifications that became due.
    pub told: i64,
}

/// Begins a replay of the messages with an event received from `from` until before `to`; returns its id. Role: operator.
///
/// # Errors
/// As any statement.
pub async fn create(
    client: &impl GenericClient,
    source: SourceId,
    from: Timestamp,
    to: Timestamp,
    now: Timestamp,
) -> Result<i64, StoreError> {
    let statement = client
        .prepare_cached(
            "INSERT INTO replays (source_id, from_at, to_at, created_at) VALUES ($1, $2, $3, $4) RETURNING id",
        )
        .await?;
    Ok(client.query_one(&statement, &[&source.0, &from, &to, &now]).await?.get(0))
}

/// The messages with an event in these batches, received in this time, and none in an earlier batch of this time: walking
/// over all stretches names each message once. Role: operator.
///
/// # Errors
/// As any statement.
pub async fn messages(
    client: &impl GenericClient,
    source: SourceId,
    stretch: Stretch,
    from: Timestamp,
    to: Timestamp,
) -> Result<Vec<MessageKey>, StoreError> {
    let statement = client.prepare_cached(include_str!("../sql/replay_messages.sql")).await?;
    let rows = client.query(&statement, &[&source.0, &stretch.after, &stretch.through, &from, &to]).await?;
    Ok(rows.iter().map(|row| MessageKey(row.get::<_, Uuid>(0).into_bytes())).collect())
}

/// Sums over the parts that are done, and how many those are. Role: operator.
///
/// # Errors
/// As any statement.
pub async fn progress(client: &impl GenericClient, replay: i64) -> Result<(i64, Replayed), StoreError> {
    let statement = client.prepare_cached(include_str!("../sql/replay_progress.sql")).await?;
    let row = client.query_one(&statement, &[&replay]).await?;
    let replayed =
        Replayed { messages: row.get(1), changed: row.get(2), left_alone: row.get(3), told: row.get(4) };
    Ok((row.get(0), replayed))
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
