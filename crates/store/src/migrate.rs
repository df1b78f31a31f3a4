//! The migration runner: embedded files, applied once, in order, each in its own transaction, by one runner at a time.
//!
//! Owns `schema_migrations`. A file that differs from what was applied stops the runner: history is not rewritten.
//! The law of migrations is in `migrations/README.md`.

use crate::{Client, Pool, StoreError};
use deadpool_postgres::GenericClient;
use jiff::Timestamp;
use sha2::{Digest as _, Sha256};
use std::time::Duration;

/// Number and text of every migration, in order.
const MIGRATIONS: &[(i32, &str, &str)] = &[
    (1, "roles", include_str!("../../../migrations/0001_roles.sql")),
    (2, "sources", include_str!("../../../migrations/0002_sources.sql")),
    (3, "ledger", include_str!("../../../migrations/0003_ledger.sql")),
    (4, "messages", include_str!("../../../migrations/0004_messages.sql")),
    (5, "outbound", include_str!("../../../migrations/0005_outbound.sql")),
    (6, "partitions", include_str!("../../../migrations/0006_partitions.sql")),
];

/// The version this release needs.
pub const LATEST: i32 = MIGRATIONS[MIGRATIONS.len() - 1].0;

/// Any number that nothing else in this database locks; the runners of one database agree on it.
const ADVISORY_LOCK: i64 = 0x5e4d_57a7;

/// How often a runner looks whether the other one has finished, and how many times before it gives up (one minute).
const LOCK_POLL: Duration = Duration::from_millis(250);
const LOCK_POLLS: u32 = 240;

/// What a run did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// Names of what was applied now, oldest first; empty when there was nothing to do.
    pub applied: Vec<String>,
    pub version: i32,
}

#[derive(Debug, thiserror::Error)]
pub enum MigrateError {
    #[error("migration {name} failed and was rolled back")]
    Failed { name: &'static str, source: StoreError },
    #[error(
        "migration {name} differs from the one this database applied; history cannot be rewritten, add a new migration"
    )]
    Divergent { name: &'static str },
    #[error(
        "this database is at version {found}, this release knows versions up to {LATEST}; use a newer release"
    )]
    Newer { found: i32 },
    #[error("another migration run has held the lock for a minute; wait for it to end, or end it")]
    Locked,
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Brings the database to [`LATEST`]. Safe to run any number of times and by several at once.
///
/// # Errors
/// See [`MigrateError`]; whatever was applied before the error stays applied.
pub async fn run(pool: &Pool, now: Timestamp) -> Result<Report, MigrateError> {
    let mut client = pool.get().await?;
    lock(&client).await?;
    let outcome = apply_missing(&mut client, now).await;
    // Also ends with the connection; a failure to unlock must not hide the outcome.
    let unlocked = client.execute("SELECT pg_advisory_unlock($1)", &[&ADVISORY_LOCK]).await;
    let report = outcome?;
    unlocked.map_err(StoreError::from)?;
    Ok(report)
}

/// The version a database is at; 0 before the first migration.
///
/// # Errors
/// As any statement.
pub async fn version(client: &impl GenericClient) -> Result<i32, StoreError> {
    let known: bool =
        client.query_one("SELECT to_regclass('public.schema_migrations') IS NOT NULL", &[]).await?.get(0);
    if !known {
        return Ok(0);
    }
    Ok(client.query_one("SELECT coalesce(max(version), 0) FROM schema_migrations", &[]).await?.get(0))
}

/// Polls instead of blocking: a blocked lock request holds a snapshot, for which CREATE INDEX CONCURRENTLY would wait.
async fn lock(client: &Client) -> Result<(), MigrateError> {
    for _ in 0..LOCK_POLLS {
        let row = client.query_one("SELECT pg_try_advisory_lock($1)", &[&ADVISORY_LOCK]).await;
        if row.map_err(StoreError::from)?.get(0) {
            return Ok(());
        }
        tokio::time::sleep(LOCK_POLL).await;
    }
    Err(MigrateError::Locked)
}

async fn apply_missing(client: &mut Client, now: Timestamp) -> Result<Report, MigrateError> {
    client
        .batch_execute(
            "CREATE TABLE IF NOT EXISTS schema_migrations
                 (version int PRIMARY KEY, name text NOT NULL, sha256 text NOT NULL, applied_at timestamptz NOT NULL)",
        )
        .await
        .map_err(StoreError::from)?;
    let mut applied = Vec::new();
    for &(version, name, sql) in MIGRATIONS {
        let sha256 = hex(&Sha256::digest(sql));
        match applied_sha256(client, version).await? {
            Some(known) if known == sha256 => {}
            Some(_) => return Err(MigrateError::Divergent { name }),
            None => {
                apply(client, version, name, sql, &sha256, now)
                    .await
                    .map_err(|source| MigrateError::Failed { name, source })?;
                applied.push(format!("{version:04}_{name}"));
            }
        }
    }
    let found = version(client).await?;
    if found > LATEST {
        return Err(MigrateError::Newer { found });
    }
    Ok(Report { applied, version: found })
}

async fn applied_sha256(client: &Client, version: i32) -> Result<Option<String>, StoreError> {
    let row =
        client.query_opt("SELECT sha256 FROM schema_migrations WHERE version = $1", &[&version]).await?;
    Ok(row.map(|row| row.get(0)))
}

async fn apply(
    client: &mut Client,
    version: i32,
    name: &str,
    sql: &str,
    sha256: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    let transaction = client.transaction().await?;
    transaction.batch_execute(sql).await?;
    transaction
        .execute("INSERT INTO schema_migrations VALUES ($1, $2, $3, $4)", &[&version, &name, &sha256, &now])
        .await?;
    Ok(transaction.commit().await?)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
