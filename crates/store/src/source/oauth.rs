//! A source's OAuth client: its id, the hashes of its secrets, and how one secret takes the place of another.
//!
//! Role: operator; what ingest needs of it comes with [`super::listed`]. Two secrets count at a time at most: the new one
//! and, until its end, the one before.

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
    /// When the secret before stops counting, or stopped.
    pub old_secret_until: Option<Timestamp>,
}

/// What became of a request to give a source a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SwitchedOn {
    New,
    /// It has one already; nothing was written.
    Already,
}

/// What becomes of the secret there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Before {
    CountsUntil(Timestamp),
    Ends,
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
    now: Timestamp,
) -> Result<SwitchedOn, StoreError> {
    let statement = client
        .prepare_cached(
            "INSERT INTO source_oauth (source_id, client_id, secret_sha256, created_at) VALUES ($1, $2, $3, $4)
             ON CONFLICT (source_id) DO NOTHING",
        )
        .await?;
    let made = client.execute(&statement, &[&source_id, &client_id, &secret_sha256, &now]).await?;
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
    let statement = client
        .prepare_cached(
            "SELECT client_id AS oauth_client_id, old_secret_until AS oauth_old_secret_until
             FROM source_oauth WHERE source_id = $1 FOR UPDATE",
        )
        .await?;
    Ok(client.query_opt(&statement, &[&source_id]).await?.as_ref().and_then(Client::of))
}

/// Gives a locked client a new secret. A secret that was being replaced already does not count any more.
///
/// # Errors
/// As any statement.
pub async fn replace_secret(
    client: &impl GenericClient,
    source_id: i32,
    secret_sha256: &[u8],
    before: Before,
) -> Result<(), StoreError> {
    let until = match before {
        Before::CountsUntil(until) => Some(until),
        Before::Ends => None,
    };
    let statement = client
        .prepare_cached(
            "UPDATE source_oauth
             SET old_secret_sha256 = CASE WHEN $3::timestamptz IS NOT NULL THEN secret_sha256 END,
                 old_secret_until = $3,
                 secret_sha256 = $2
             WHERE source_id = $1",
        )
        .await?;
    client.execute(&statement, &[&source_id, &secret_sha256, &until]).await?;
    Ok(())
}
