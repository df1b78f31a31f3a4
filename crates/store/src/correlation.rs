//! Which stored messages an event may belong to that does not name its message.
//!
//! Looks only; nothing is locked. What is found may have moved on when it is locked later, which correlation accepts: its
//! result may depend on the order of arrival.

use crate::StoreError;
use crate::message::Identity;
use deadpool_postgres::GenericClient;
use domain::correlation::{CROWD, Delivery, HEARD_WITHIN_DAYS};
use domain::origin::NEAR;
use domain::{MessageKey, SourceId};
use jiff::civil::Date;
use jiff::{Timestamp, ToSpan as _};
use tokio_postgres::Row;
use uuid::Uuid;

/// More candidates than this for one address are as good as any number: none of them is it.
pub const CANDIDATES_MAX: usize = 8;

/// Most that is asked in one statement: bounds its run time.
const ASKED_MAX: usize = 500;

/// The days on which a message may have been first heard of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Days {
    pub from: Date,
    pub through: Date,
}

impl Days {
    /// Those on which the message of an event was first heard of that was received on this day. Two days more: a bounce
    /// waits for its message for one.
    #[must_use]
    pub fn around(received_on: Date) -> Self {
        Self {
            from: received_on.saturating_sub(HEARD_WITHIN_DAYS.days()),
            through: received_on.saturating_add(2.days()),
        }
    }
}

/// A recipient and a message's `smtp-id`, both hashed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Named {
    pub recipient_hash: [u8; 16],
    pub smtp_id_hash: [u8; 16],
    pub days: Days,
}

/// A recipient, and when a message to it must have been delivered to have bounced.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Bounced {
    pub recipient_hash: [u8; 16],
    pub from: Timestamp,
    /// When it bounced.
    pub to: Timestamp,
    pub days: Days,
}

/// A message that may have bounced.
#[derive(Clone, Debug)]
pub struct Candidate {
    pub identity: Identity,
    pub delivery: Delivery,
    /// It failed by this very bounce, which was recovered; see `domain::origin`.
    pub recovered: bool,
    /// Stands for more messages to this address than were looked at.
    pub crowded: bool,
}

/// The messages to a recipient that say this `smtp-id`, for each asked, by its position: at most two.
///
/// # Errors
/// As any statement.
pub async fn by_smtp_id(
    client: &impl GenericClient,
    asked: &[Named],
) -> Result<Vec<(usize, Identity)>, StoreError> {
    let statement = client.prepare_cached(include_str!("../sql/correlation_smtp_id.sql")).await?;
    let mut found = Vec::new();
    for (chunk, asked) in asked.chunks(ASKED_MAX).enumerate() {
        let recipients: Vec<_> = asked.iter().map(|one| Uuid::from_bytes(one.recipient_hash)).collect();
        let smtp_ids: Vec<_> = asked.iter().map(|one| Uuid::from_bytes(one.smtp_id_hash)).collect();
        let (from, through) = days(asked.iter().map(|one| one.days));
        let rows = client.query(&statement, &[&recipients, &smtp_ids, &from, &through]).await?;
        found.extend(rows.iter().map(|row| (chunk * ASKED_MAX + position(row), identity(row))));
    }
    Ok(found)
}

/// The messages to a recipient that were delivered in time and have not failed, and those of which this bounce was
/// recovered, for each asked, by its position: at most [`CANDIDATES_MAX`].
///
/// # Errors
/// As any statement.
pub async fn delivered(
    client: &impl GenericClient,
    asked: &[Bounced],
) -> Result<Vec<(usize, Candidate)>, StoreError> {
    let statement = client.prepare_cached(include_str!("../sql/correlation_delivered.sql")).await?;
    let mut found = Vec::new();
    for (chunk, asked) in asked.chunks(ASKED_MAX).enumerate() {
        let recipients: Vec<_> = asked.iter().map(|one| Uuid::from_bytes(one.recipient_hash)).collect();
        let from_at: Vec<_> = asked.iter().map(|one| one.from).collect();
        let to_at: Vec<_> = asked.iter().map(|one| one.to).collect();
        let near_from: Vec<_> = asked.iter().map(|one| one.to - NEAR).collect();
        let near_to: Vec<_> = asked.iter().map(|one| one.to + NEAR).collect();
        let (from, through) = days(asked.iter().map(|one| one.days));
        let (crowd, most) = (CROWD as i64, CANDIDATES_MAX as i64);
        let rows = client
            .query(
                &statement,
                &[&recipients, &from_at, &to_at, &from, &through, &crowd, &most, &near_from, &near_to],
            )
            .await?;
        found.extend(rows.iter().map(|row| (chunk * ASKED_MAX + position(row), candidate(row))));
    }
    Ok(found)
}

fn days(of: impl Iterator<Item = Days>) -> (Vec<Date>, Vec<Date>) {
    of.map(|days| (days.from, days.through)).unzip()
}

fn candidate(row: &Row) -> Candidate {
    Candidate {
        identity: identity(row),
        delivery: Delivery {
            delivered_at: row.get("delivered_at"),
            failed: row.get::<_, Option<Timestamp>>("failed_at").is_some(),
        },
        recovered: row.get("recovered"),
        crowded: row.get("crowded"),
    }
}

/// What is stored of these messages, whatever their state; messages that are not there are left out.
///
/// # Errors
/// As any statement.
pub async fn states(
    client: &impl GenericClient,
    keys: &[MessageKey],
) -> Result<Vec<(MessageKey, Delivery)>, StoreError> {
    let statement = client
        .prepare_cached(
            "SELECT key, delivered_at, failed_at IS NOT NULL AS failed FROM messages WHERE key = ANY ($1)",
        )
        .await?;
    let keys: Vec<_> = keys.iter().map(|key| Uuid::from_bytes(key.0)).collect();
    let rows = client.query(&statement, &[&keys]).await?;
    let state = |row: &Row| Delivery { delivered_at: row.get("delivered_at"), failed: row.get("failed") };
    Ok(rows.iter().map(|row| (MessageKey(row.get::<_, Uuid>("key").into_bytes()), state(row))).collect())
}

fn position(row: &Row) -> usize {
    usize::try_from(row.get::<_, i64>("position")).unwrap_or(usize::MAX)
}

fn identity(row: &Row) -> Identity {
    let hash = |column: &str| row.get::<_, Uuid>(column).into_bytes();
    Identity {
        key: MessageKey(hash("key")),
        source: SourceId(row.get("source_id")),
        created_on: row.get("created_on"),
        created_hour: row.get("created_hour"),
        sg_message_id: row.get("sg_message_id"),
        recipient: row.get("recipient"),
        message_id_hash: hash("message_id_hash"),
        recipient_hash: hash("recipient_hash"),
        smtp_id_hash: row.get::<_, Option<Uuid>>("smtp_id_hash").map(Uuid::into_bytes),
    }
}
