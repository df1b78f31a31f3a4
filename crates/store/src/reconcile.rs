//! Comparing what is stored with SendGrid's own records: how far that is, and what is stored of the messages they list.
//!
//! Reads, and the table of progress; what was missing goes through the queue like everything else. Role: operator. Every
//! statement stands alone.

mod told;

pub use told::{Told, told_of};

use crate::StoreError;
use crate::batch::{Tally, day};
use deadpool_postgres::GenericClient;
use domain::{MessageKey, SourceId, Status};
use jiff::{SignedDuration, Timestamp};
use std::ops::Range;
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;
use uuid::Uuid;

/// What is compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    pub source: SourceId,
    /// `activity` or `logs`.
    pub api: &'static str,
    /// Whose records; `None`: the account's own.
    pub subuser: Option<String>,
    /// Every message's details, whatever the list says of it.
    pub thorough: bool,
    /// When the facts happened.
    pub span: Range<Timestamp>,
}

/// What came of comparing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sums {
    /// Listed by the records; one that has a new event meanwhile may be listed again.
    pub messages: i64,
    /// Facts of the time asked for. Each is known, recovered, withheld or quarantined.
    pub found: i64,
    pub known: i64,
    pub recovered: i64,
    /// Rows and facts that cannot be attributed or mapped, and those that are held in the quarantine.
    pub unknown: i64,
    /// Of the unknown: facts that the source is not given, because they do not say what its policy has to know.
    pub withheld: i64,
    /// Of the unknown: facts that are held in the quarantine.
    pub quarantined: i64,
    /// Seconds of which the records hold more than they list.
    pub overfull: i64,
    pub requests: i64,
}

/// A comparison that was begun.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    pub id: i64,
    pub span: Range<Timestamp>,
    pub started_at: Timestamp,
    /// What the records list before this time is done.
    pub reached_at: Timestamp,
    pub sums: Sums,
}

/// Keeps every other comparison of this source away until the connection ends; `false`: there is one.
///
/// # Errors
/// As any statement.
pub async fn lock(client: &impl GenericClient, source: SourceId) -> Result<bool, StoreError> {
    let statement = client
        .prepare_cached("SELECT pg_try_advisory_lock(hashtextextended('sendstate.reconcile', $1::int))")
        .await?;
    Ok(client.query_one(&statement, &[&source.0]).await?.get(0))
}

/// Begins a comparison; its records are read from `reached_at` on.
///
/// # Errors
/// As any statement.
pub async fn begin(
    client: &impl GenericClient,
    asked: &Asked,
    reached_at: Timestamp,
    now: Timestamp,
) -> Result<Run, StoreError> {
    let statement = client
        .prepare_cached(
            "INSERT INTO reconciliations (source_id, api, subuser, thorough, from_at, to_at, started_at, reached_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING id",
        )
        .await?;
    let Asked { source, api, subuser, thorough, span } = asked;
    let values: [&(dyn ToSql + Sync); 8] =
        [&source.0, api, subuser, thorough, &span.start, &span.end, &now, &reached_at];
    let row = client.query_one(&statement, &values).await?;
    let (span, sums) = (span.clone(), Sums::default());
    Ok(Run { id: row.get(0), span, started_at: now, reached_at, sums })
}

/// The latest comparison of the same records, if it was begun after `since` and has not finished.
///
/// # Errors
/// As any statement.
pub async fn unfinished(
    client: &impl GenericClient,
    asked: &Asked,
    since: Timestamp,
) -> Result<Option<Run>, StoreError> {
    let statement = client.prepare_cached(include_str!("../sql/reconcile_unfinished.sql")).await?;
    let Asked { source, api, subuser, thorough, .. } = asked;
    let row = client.query_opt(&statement, &[&source.0, api, subuser, &since, thorough]).await?;
    Ok(row.map(|row| Run {
        id: row.get("id"),
        span: row.get("from_at")..row.get("to_at"),
        started_at: row.get("started_at"),
        reached_at: row.get("reached_at"),
        sums: Sums {
            messages: row.get("messages"),
            found: row.get("found"),
            known: row.get("known"),
            recovered: row.get("recovered"),
            unknown: row.get("unknown"),
            withheld: row.get("withheld"),
            quarantined: row.get("quarantined"),
            overfull: row.get("overfull"),
            requests: row.get("requests"),
        },
    }))
}

/// Writes how far a comparison is. `finished_at`: it has come to its end.
///
/// # Errors
/// As any statement.
pub async fn advance(
    client: &impl GenericClient,
    run: &Run,
    finished_at: Option<Timestamp>,
) -> Result<(), StoreError> {
    let statement = client.prepare_cached(include_str!("../sql/reconcile_advance.sql")).await?;
    let Run { id, span, reached_at, sums, .. } = run;
    let Sums { messages, found, known, recovered, unknown, withheld, quarantined, overfull, requests } = sums;
    client
        .execute(
            &statement,
            &[
                id,
                &span.end,
                reached_at,
                messages,
                found,
                known,
                recovered,
                unknown,
                withheld,
                quarantined,
                overfull,
                requests,
                &finished_at,
            ],
        )
        .await?;
    Ok(())
}

/// What is stored of a message, as far as a list of records says the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stored {
    pub message: MessageKey,
    pub status: Status,
    pub processed_at: Option<Timestamp>,
    pub delivered_at: Option<Timestamp>,
    pub latest_event_at: Option<Timestamp>,
    /// By people and by machines.
    pub opens: i64,
    pub clicks: i64,
    /// The webhook told some of it: not everything was recovered.
    pub told: bool,
    /// Stored facts of the time asked for.
    pub facts: i64,
}

/// Those of these messages that are stored, with how many facts of `span`.
///
/// # Errors
/// As any statement, or a status that this release does not know.
pub async fn stored(
    client: &impl GenericClient,
    messages: &[MessageKey],
    span: &Range<Timestamp>,
) -> Result<Vec<Stored>, StoreError> {
    let statement = client.prepare_cached(include_str!("../sql/reconcile_stored.sql")).await?;
    let keys: Vec<_> = messages.iter().map(|key| Uuid::from_bytes(key.0)).collect();
    let rows = client.query(&statement, &[&keys, &span.start, &span.end]).await?;
    rows.iter().map(read).collect()
}

fn read(row: &Row) -> Result<Stored, StoreError> {
    let status = Status::parse(row.get("status")).ok_or(StoreError::Unreadable("a message's status"))?;
    Ok(Stored {
        message: MessageKey(row.get::<_, Uuid>("key").into_bytes()),
        status,
        processed_at: row.get("processed_at"),
        delivered_at: row.get("delivered_at"),
        latest_event_at: row.get("latest_event_at"),
        opens: row.get("opens"),
        clicks: row.get("clicks"),
        told: row.get("told"),
        facts: row.get("facts"),
    })
}

/// How the given batches ended, as far as they are in the ledger. Their ids are of version 7, made when they were
/// `received_at`.
///
/// # Errors
/// As any statement.
pub async fn ended(
    client: &impl GenericClient,
    batches: &[Uuid],
    received_at: Timestamp,
) -> Result<Vec<(Uuid, Tally)>, StoreError> {
    let statement = client.prepare_cached(include_str!("../sql/reconcile_ended.sql")).await?;
    let day = day(received_at);
    let rows = client.query(&statement, &[&day, &batches]).await?;
    let tally = |row: &Row| Tally {
        elements: row.get("elements"),
        applied: row.get("applied"),
        stale: row.get("stale"),
        ignored: row.get("ignored"),
        duplicate: row.get("duplicate"),
        quarantined: row.get("quarantined"),
    };
    Ok(rows.iter().map(|row| (row.get("id"), tally(row))).collect())
}

/// How long after its beginning a comparison that was interrupted still goes on. Later there may be facts among what it has
/// passed that nobody has compared.
pub const RESUMED_WITHIN: SignedDuration = SignedDuration::from_hours(7 * 24);
