//! The verification keys of a source: adding, retiring, listing them. Role: operator.
//!
//! A key has one time, its end, and its state is what the database's clock makes of that: nothing has to run for a key to
//! end. [`add`] and [`retire`] hold the source's row until their transaction ends, so that what they count stays true until
//! then: of two commands at the same time, the second sees what the first has done.

use crate::StoreError;
use deadpool_postgres::{GenericClient, Transaction};
use jiff::Timestamp;
use std::collections::HashMap;
use tokio_postgres::Row;

/// Keys of a source that are accepted at a time, active and retiring ones. Two are usual while one is replaced; each is
/// tried for every request that those before it did not sign.
pub const ACCEPTED_MAX: usize = 10;

/// What a key is good for, by its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyState {
    /// It verifies, and no end is known.
    Active,
    /// It verifies until its end.
    Retiring,
    /// It verifies nothing.
    Retired,
}

impl KeyState {
    /// In the words of commands and documents.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Retiring => "retiring",
            Self::Retired => "retired",
        }
    }

    /// Whether ingest verifies with it.
    #[must_use]
    pub const fn is_accepted(self) -> bool {
        matches!(self, Self::Active | Self::Retiring)
    }

    fn parse(text: &str) -> Option<Self> {
        [Self::Active, Self::Retiring, Self::Retired].into_iter().find(|state| state.as_str() == text)
    }
}

/// A verification key. Public: may be shown and logged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceKey {
    pub id: i32,
    /// SubjectPublicKeyInfo, DER.
    pub spki: Vec<u8>,
    /// Its hex SHA-256: what people compare.
    pub sha256: String,
    /// 1 to 64 characters.
    pub label: Option<String>,
    /// At the time of the statement that read it.
    pub state: KeyState,
    pub created_at: Timestamp,
    /// From then on it verifies nothing; `None`: it is active.
    pub retires_at: Option<Timestamp>,
}

/// A key to be added.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NewKey<'a> {
    /// SubjectPublicKeyInfo, DER, of a key on P-256: whoever reads keys has checked that.
    pub spki: &'a [u8],
    /// Its hex SHA-256.
    pub sha256: &'a str,
    /// 1 to 64 characters.
    pub label: Option<&'a str>,
}

/// What became of a key that was to be added.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Added {
    /// It is active from the commit on.
    New(i32),
    /// It was active already. Only its label has changed, if another one was given.
    Known(i32),
    /// It was retiring or retired, and is active again.
    Again(i32),
    /// [`ACCEPTED_MAX`] others are accepted; nothing was written.
    Full,
    /// The source takes unsigned requests, so a key would protect nothing; nothing was written.
    Unsigned,
}

/// What to do when no other key of a source is active: the source would be left with none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IfLast {
    Refuse,
    /// From the key's end on every request is refused.
    Retire,
}

/// What became of a key that was to be retired.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retirement {
    /// It has an end now, or an earlier one than before.
    Set,
    /// It had ended or would end as soon anyway; nothing was written.
    Unchanged,
    /// No other key of the source is active; nothing was written.
    Last,
    /// The source has no such key.
    Unknown,
}

/// Every key of a source, retired ones too, oldest first. Locks nothing.
///
/// # Errors
/// As any statement.
pub async fn list(client: &impl GenericClient, source_id: i32) -> Result<Vec<SourceKey>, StoreError> {
    let rows = rows(client, Some(source_id)).await?;
    rows.iter().map(key).collect()
}

/// Every key of every source, retired ones too, by source and oldest first. Locks nothing.
///
/// # Errors
/// As any statement.
pub async fn all(client: &impl GenericClient) -> Result<HashMap<i32, Vec<SourceKey>>, StoreError> {
    let mut all: HashMap<i32, Vec<SourceKey>> = HashMap::new();
    for row in &rows(client, None).await? {
        all.entry(row.get("source_id")).or_default().push(key(row)?);
    }
    Ok(all)
}

/// Makes a key active, whatever it was, if there is room for it. Holds the source's row until the transaction ends.
///
/// # Errors
/// As any statement, a label that is too long included; [`StoreError::Contradiction`] if there is no such source.
pub async fn add(
    transaction: &Transaction<'_>,
    source_id: i32,
    new: &NewKey<'_>,
) -> Result<Added, StoreError> {
    if !lock(transaction, source_id).await? {
        return Ok(Added::Unsigned);
    }
    let statement = transaction.prepare_cached(include_str!("../../sql/source_key_add.sql")).await?;
    let most = i64::try_from(ACCEPTED_MAX).unwrap_or(i64::MAX);
    let written =
        transaction.query_opt(&statement, &[&source_id, &new.spki, &new.sha256, &new.label, &most]).await?;
    Ok(written.map_or(Added::Full, |row| {
        let id = row.get("id");
        match (row.get("known"), row.get("had_end")) {
            (false, _) => Added::New(id),
            (true, false) => Added::Known(id),
            (true, true) => Added::Again(id),
        }
    }))
}

/// Lets a key verify for `after_s` seconds more at the most, 0: not at all. Never makes its end later. Holds the source's
/// row until the transaction ends.
///
/// # Errors
/// As any statement; [`StoreError::Contradiction`] if there is no such source.
pub async fn retire(
    transaction: &Transaction<'_>,
    source_id: i32,
    key_id: i32,
    after_s: i32,
    if_last: IfLast,
) -> Result<Retirement, StoreError> {
    lock(transaction, source_id).await?;
    let statement = transaction.prepare_cached(include_str!("../../sql/source_key_standing.sql")).await?;
    let Some(standing) = transaction.query_opt(&statement, &[&source_id, &key_id]).await? else {
        return Ok(Retirement::Unknown);
    };
    if !standing.get::<_, bool>("accepted") {
        return Ok(Retirement::Unchanged);
    }
    if standing.get::<_, i64>("others") == 0 && if_last == IfLast::Refuse {
        return Ok(Retirement::Last);
    }
    let statement = transaction.prepare_cached(include_str!("../../sql/source_key_retire.sql")).await?;
    let changed = transaction.execute(&statement, &[&source_id, &key_id, &after_s]).await?;
    Ok(if changed == 1 { Retirement::Set } else { Retirement::Unchanged })
}

/// Holds a source's row; whether it is signed. A statement of its own: those after it see what the last holder wrote.
async fn lock(transaction: &Transaction<'_>, source_id: i32) -> Result<bool, StoreError> {
    let statement =
        transaction.prepare_cached("SELECT signed FROM sources WHERE id = $1 FOR NO KEY UPDATE").await?;
    let row = transaction.query_opt(&statement, &[&source_id]).await?;
    row.map(|row| row.get("signed")).ok_or(StoreError::Contradiction("the source is not there"))
}

async fn rows(client: &impl GenericClient, source_id: Option<i32>) -> Result<Vec<Row>, StoreError> {
    let statement = client.prepare_cached(include_str!("../../sql/source_keys.sql")).await?;
    Ok(client.query(&statement, &[&source_id]).await?)
}

fn key(row: &Row) -> Result<SourceKey, StoreError> {
    Ok(SourceKey {
        id: row.get("id"),
        spki: row.get("spki"),
        sha256: row.get("sha256"),
        label: row.get("label"),
        state: KeyState::parse(row.get("state")).ok_or(StoreError::Unreadable("state of a key"))?,
        created_at: row.get("created_at"),
        retires_at: row.get("retires_at"),
    })
}
