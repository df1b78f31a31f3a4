//! A source's OAuth client: its id, the hashes of its secrets, and how one secret takes the place of another.
//!
//! Role: operator; what ingest needs of it comes with [`super::listed`]. Two secrets count at a time at most: the new one
//! and, until its end, the one before. That end is made, and looked at, by the database's clock.

use crate::StoreError;
use deadpool_postgres::GenericClient;
use jiff::Timestamp;
use tokio_postgres::Row;

/// What ingest checks a client by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedClient {
    pub client_id: String,
    /// SHA-256 of its secret.
    pub secret_sha256: Vec<u8>,
    pub old: Option<ListedOldSecret>,
}

/// A secret that is being replaced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedOldSecret {
    pub sha256: Vec<u8>,
    /// From then on it does not count.
    pub until: Timestamp,
}

/// A client as people see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Client {
    pub id: String,
    /// While its secret is replaced: when the one before stops counting.
    pub old_secret_until: Option<Timestamp>,
}

/// What became of a request to give a source a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SwitchedOn {
    New,
    /// It has one already; nothing was written.
    Already,
}

impl ListedClient {
    pub(super) fn of(row: &Row) -> Option<Self> {
        let client_id: Option<String> = row.get("oauth_client_id");
        let sha256: Option<Vec<u8>> = row.get("oauth_old_secret_sha256");
        let until: Option<Timestamp> = row.get("oauth_old_secret_until");
        client_id.map(|client_id| Self {
            client_id,
            secret_sha256: row.get("oauth_secret_sha256"),
            old: sha256.zip(until).map(|(sha256, until)| ListedOldSecret { sha256, until }),
        })
    }
}

impl Client {
    pub(super) fn of(row: &Row) -> Option<Self> {
        let id: Option<String> = row.get("oauth_client_id");
        id.map(|id| Self { id, old_secret_until: row.get("oauth_old_secret_until") })
    }
}

/// Gives a source a client.
///
/// # Errors
/// As any statement.
pub async fn switch_on(
    client: &impl GenericClient,
    source_id: i32,
    client_id: &str,
    secret_sha256: &[u8],
) -> Result<SwitchedOn, StoreError> {
    let statement = client
        .prepare_cached(
            "INSERT INTO source_oauth (source_id, client_id, secret_sha256, created_at)
             VALUES ($1, $2, $3, statement_timestamp()) ON CONFLICT (source_id) DO NOTHING",
        )
        .await?;
    let made = client.execute(&statement, &[&source_id, &client_id, &secret_sha256]).await?;
    Ok(if made == 1 { SwitchedOn::New } else { SwitchedOn::Already })
}

/// Takes a source's client away, if it has one.
///
/// # Errors
/// As any statement.
pub async fn switch_off(client: &impl GenericClient, source_id: i32) -> Result<(), StoreError> {
    let statement = client.prepare_cached("DELETE FROM source_oauth WHERE source_id = $1").await?;
    client.execute(&statement, &[&source_id]).await?;
    Ok(())
}

/// A source's client, locked until the transaction ends.
///
/// # Errors
/// As any statement.
pub async fn lock(client: &impl GenericClient, source_id: i32) -> Result<Option<Client>, StoreError> {
    // A statement of its own: the one after it sees what the last holder wrote, and a time that is not before the lock.
    let statement = client.prepare_cached("SELECT FROM source_oauth WHERE source_id = $1 FOR UPDATE").await?;
    client.execute(&statement, &[&source_id]).await?;
    let statement = client
        .prepare_cached(
            "SELECT client_id AS oauth_client_id,
                    CASE WHEN old_secret_until > statement_timestamp() THEN old_secret_until END
                        AS oauth_old_secret_until
             FROM source_oauth WHERE source_id = $1",
        )
        .await?;
    Ok(client.query_opt(&statement, &[&source_id]).await?.as_ref().and_then(Client::of))
}

/// Gives a locked client a new secret. The one before counts for `overlap_s` seconds more, to a full second, which is easier
/// to read and to announce; 0: not at all. One that was being replaced already does not count any more. Returns when the one
/// before stops counting.
///
/// # Errors
/// As any statement; [`StoreError::Contradiction`] if the source has no client.
pub async fn replace_secret(
    client: &impl GenericClient,
    source_id: i32,
    secret_sha256: &[u8],
    overlap_s: i32,
) -> Result<Option<Timestamp>, StoreError> {
    let statement = client.prepare_cached(include_str!("../../sql/source_oauth_replace.sql")).await?;
    let row = client.query_opt(&statement, &[&source_id, &secret_sha256, &overlap_s]).await?;
    row.map(|row| row.get(0)).ok_or(StoreError::Contradiction("the source has no OAuth client"))
}
