//! Sources: what ingest verifies with, what the worker applies by, and how people set them up.
//!
//! [`listed`] runs as ingest, [`policies`] as worker and as operator, the others as operator.

pub mod key;
pub mod oauth;

use crate::StoreError;
use deadpool_postgres::GenericClient;
use domain::MachineOpens;
use jiff::Timestamp;
use key::{NewKey, SourceKey};
use std::collections::HashMap;
use tokio_postgres::Row;

/// All that ingest may know of a source: public data, and hashes of client secrets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedSource {
    pub id: i32,
    /// Last segment of `POST /webhooks/sendgrid/{path}`.
    pub path: String,
    /// How old a right signature's timestamp may be, in seconds.
    pub max_age_s: i32,
    pub signed: bool,
    /// Active and retiring keys, oldest first. Empty on a signed source: refuse everything.
    pub keys: Vec<ListedKey>,
    /// Given, every request needs a token of this client, too.
    pub oauth: Option<oauth::ListedClient>,
}

/// A key that verifies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedKey {
    /// SubjectPublicKeyInfo, DER.
    pub spki: Vec<u8>,
    /// It verifies nothing from then on, whether or not the database can be asked. `None`: no end is known.
    pub retires_at: Option<Timestamp>,
}

/// What the worker needs to know of a source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourcePolicy {
    pub name: String,
    pub machine_opens: MachineOpens,
}

/// A source as people see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    pub id: i32,
    pub name: String,
    pub path: String,
    pub signed: bool,
    pub max_age_s: i32,
    pub machine_opens: MachineOpens,
    /// Active and retiring ones, oldest first.
    pub keys: Vec<SourceKey>,
    pub oauth: Option<oauth::Client>,
}

/// A source to be made, with all its keys.
#[derive(Clone, Debug)]
pub struct NewSource<'a> {
    pub name: &'a str,
    pub path: &'a str,
    pub signed: bool,
    pub max_age_s: i32,
    pub machine_opens: MachineOpens,
    /// Distinct, at most [`key::ACCEPTED_MAX`]; at least one if it is signed.
    pub keys: &'a [NewKey<'a>],
    pub created_at: Timestamp,
}

/// What became of a request to make a source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Created {
    New(i32),
    /// Another source has the name or the path; nothing was written.
    Taken,
}

/// Every source that ingest may accept for. Role: ingest. Locks nothing.
///
/// # Errors
/// As any statement.
pub async fn listed(client: &impl GenericClient) -> Result<Vec<ListedSource>, StoreError> {
    let statement = client.prepare_cached(include_str!("../sql/source_listed.sql")).await?;
    let rows = client.query(&statement, &[]).await?;
    Ok(rows
        .iter()
        .map(|row| ListedSource {
            id: row.get("id"),
            path: row.get("path"),
            max_age_s: row.get("max_age_s"),
            signed: row.get("signed"),
            keys: listed_keys(row),
            oauth: oauth::ListedClient::of(row),
        })
        .collect())
}

fn listed_keys(row: &Row) -> Vec<ListedKey> {
    let spkis: Vec<Vec<u8>> = row.get("keys");
    let ends: Vec<Option<Timestamp>> = row.get("key_ends");
    // The view makes both of the same rows.
    spkis.into_iter().zip(ends).map(|(spki, retires_at)| ListedKey { spki, retires_at }).collect()
}

/// The policies of those of `ids` that exist. Role: worker or operator. Locks nothing.
///
/// # Errors
/// As any statement, and [`StoreError::Unreadable`] for a policy this release does not know.
pub async fn policies(
    client: &impl GenericClient,
    ids: &[i32],
) -> Result<HashMap<i32, SourcePolicy>, StoreError> {
    let statement = client.prepare_cached(include_str!("../sql/source_policies.sql")).await?;
    let rows = client.query(&statement, &[&ids]).await?;
    rows.iter()
        .map(|row| {
            Ok((row.get("id"), SourcePolicy { name: row.get("name"), machine_opens: machine_opens(row)? }))
        })
        .collect()
}

/// Makes a source and its keys, all or nothing. Role: operator.
///
/// # Errors
/// As any statement.
pub async fn create(client: &impl GenericClient, source: &NewSource<'_>) -> Result<Created, StoreError> {
    let spkis: Vec<&[u8]> = source.keys.iter().map(|key| key.spki).collect();
    let sha256s: Vec<&str> = source.keys.iter().map(|key| key.sha256).collect();
    let labels: Vec<Option<&str>> = source.keys.iter().map(|key| key.label).collect();
    let statement = client.prepare_cached(include_str!("../sql/source_create.sql")).await?;
    let made = client
        .query_opt(
            &statement,
            &[
                &source.name,
                &source.path,
                &source.signed,
                &source.max_age_s,
                &source.machine_opens.as_str(),
                &source.created_at,
                &spkis,
                &sha256s,
                &labels,
            ],
        )
        .await?;
    Ok(made.map_or(Created::Taken, |row| Created::New(row.get(0))))
}

/// Changes what is given and leaves the rest; whether there is such a source. Role: operator.
///
/// # Errors
/// As any statement.
pub async fn change(
    client: &impl GenericClient,
    name: &str,
    max_age_s: Option<i32>,
    machine_opens: Option<MachineOpens>,
) -> Result<bool, StoreError> {
    let statement = client
        .prepare_cached(
            "UPDATE sources SET max_age_s = coalesce($2, max_age_s), machine_opens = coalesce($3, machine_opens)
             WHERE name = $1",
        )
        .await?;
    let policy = machine_opens.map(MachineOpens::as_str);
    Ok(client.execute(&statement, &[&name, &max_age_s, &policy]).await? == 1)
}

/// Every source, in the order they were made. Role: operator. Locks nothing.
///
/// # Errors
/// As any statement, and [`StoreError::Unreadable`] for a policy this release does not know.
pub async fn list(client: &impl GenericClient) -> Result<Vec<Source>, StoreError> {
    let statement = client.prepare_cached(include_str!("../sql/source_list.sql")).await?;
    let rows = client.query(&statement, &[]).await?;
    let mut keys = key::all(client).await?;
    rows.iter()
        .map(|row| {
            let id: i32 = row.get("id");
            let mut keys = keys.remove(&id).unwrap_or_default();
            keys.retain(|key| key.state.is_accepted());
            Ok(Source {
                id,
                name: row.get("name"),
                path: row.get("path"),
                signed: row.get("signed"),
                max_age_s: row.get("max_age_s"),
                machine_opens: machine_opens(row)?,
                keys,
                oauth: oauth::Client::of(row),
            })
        })
        .collect()
}

/// Keeps every other command that changes the webhook of the source with this name away until the connection ends;
/// `false`: one is under way. By the name, because the source itself may be made meanwhile. Role: operator.
///
/// # Errors
/// As any statement.
pub async fn lock_webhook(client: &impl GenericClient, name: &str) -> Result<bool, StoreError> {
    let statement = client
        .prepare_cached("SELECT pg_try_advisory_lock(hashtextextended('sendstate.webhook ' || $1::text, 0))")
        .await?;
    Ok(client.query_one(&statement, &[&name]).await?.get(0))
}

fn machine_opens(row: &Row) -> Result<MachineOpens, StoreError> {
    MachineOpens::parse(row.get("machine_opens")).ok_or(StoreError::Unreadable("policy for machine opens"))
}
