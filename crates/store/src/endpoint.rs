//! Endpoints as people set them up and see them. What the dispatcher needs of them is in [`crate::delivery`]. Role: operator.
//!
//! Secrets and header values go in sealed and never come out here: the operator's role may not read them.

use crate::StoreError;
use deadpool_postgres::GenericClient;
use domain::breaker::Breaker;
use jiff::Timestamp;
use tokio_postgres::Row;

/// How an endpoint wants to be told; `None` everywhere: as the dispatcher is set.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Manner {
    /// Of one attempt: connecting, headers and body. 1 to 60.
    pub timeout_s: Option<i16>,
    /// Requests at the same time, over all dispatchers. 1 to 1,000.
    pub concurrency: Option<i16>,
    /// Requests begun per second, over all dispatchers. 1 to 10,000.
    pub rate_per_s: Option<i32>,
    /// Seconds to wait before each attempt; 1 to 20 of them.
    pub schedule_s: Option<Vec<i32>>,
}

/// An endpoint to be made. Its secrets follow with [`add_secret`] in the same transaction.
#[derive(Clone, Debug)]
pub struct NewEndpoint<'a> {
    pub url: &'a str,
    /// Notification types by name; at least one.
    pub types: &'a [&'a str],
    /// `None`: every source, also those made later.
    pub source_ids: Option<&'a [i32]>,
    /// Whether plain HTTP is accepted.
    pub allow_http: bool,
    /// Networks (CIDR) that may be dialled although they are not public.
    pub allow_networks: &'a [String],
    pub manner: &'a Manner,
    pub created_at: Timestamp,
}

/// An endpoint as people see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    pub id: i32,
    pub url: String,
    pub types: Vec<String>,
    pub source_ids: Option<Vec<i32>>,
    /// Names; `None`: every source.
    pub sources: Option<Vec<String>>,
    /// `active`, `paused` or `disabled`.
    pub state: String,
    /// Why it is not active: `by_hand`, `gone` (it answered 410) or `failing` (for five days it only failed).
    pub state_reason: Option<String>,
    pub state_since: Timestamp,
    pub allow_http: bool,
    pub allow_networks: Vec<String>,
    pub manner: Manner,
    /// Names of its own headers; their values are sealed.
    pub headers: Vec<String>,
    pub health: Breaker,
    pub created_at: Timestamp,
}

/// A secret as people see it: when it signs, not what it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecretPeriod {
    pub id: i32,
    /// `v1` or `v1a`.
    pub scheme: String,
    pub created_at: Timestamp,
    /// `None`: until it is rotated.
    pub expires_at: Option<Timestamp>,
}

/// Makes an endpoint, active from the moment its transaction commits. Returns its id.
///
/// # Errors
/// As any statement; no types, an empty list of sources or a manner out of its ranges is refused by the table.
pub async fn create(client: &impl GenericClient, endpoint: &NewEndpoint<'_>) -> Result<i32, StoreError> {
    let statement = client.prepare_cached(include_str!("../sql/endpoint_create.sql")).await?;
    let manner = endpoint.manner;
    let row = client
        .query_one(
            &statement,
            &[
                &endpoint.url,
                &endpoint.types,
                &endpoint.source_ids,
                &endpoint.allow_http,
                &endpoint.allow_networks,
                &manner.timeout_s,
                &manner.concurrency,
                &manner.rate_per_s,
                &manner.schedule_s,
                &endpoint.created_at,
            ],
        )
        .await?;
    Ok(row.get(0))
}

/// Every endpoint, in the order they were made. Locks nothing.
///
/// # Errors
/// As any statement.
pub async fn list(client: &impl GenericClient) -> Result<Vec<Endpoint>, StoreError> {
    let statement = client.prepare_cached(include_str!("../sql/endpoint_list.sql")).await?;
    Ok(client.query(&statement, &[]).await?.iter().map(endpoint).collect())
}

/// One endpoint, locked until the transaction ends.
///
/// # Errors
/// As any statement.
pub async fn lock(client: &impl GenericClient, id: i32) -> Result<Option<Endpoint>, StoreError> {
    let statement = client.prepare_cached(include_str!("../sql/endpoint_lock.sql")).await?;
    Ok(client.query_opt(&statement, &[&id]).await?.as_ref().map(endpoint))
}

/// Writes what people may change of a locked endpoint: everything but its state, secrets and headers.
///
/// # Errors
/// As any statement; as [`create`] for what is refused.
pub async fn update(client: &impl GenericClient, endpoint: &Endpoint) -> Result<(), StoreError> {
    let statement = client.prepare_cached(include_str!("../sql/endpoint_update.sql")).await?;
    let manner = &endpoint.manner;
    client
        .execute(
            &statement,
            &[
                &endpoint.id,
                &endpoint.url,
                &endpoint.types,
                &endpoint.source_ids,
                &endpoint.allow_http,
                &endpoint.allow_networks,
                &manner.timeout_s,
                &manner.concurrency,
                &manner.rate_per_s,
                &manner.schedule_s,
            ],
        )
        .await?;
    Ok(())
}

/// Makes an endpoint `active`, `paused` or `disabled` by hand. An endpoint that is made active begins with nothing
/// remembered of its health.
///
/// # Errors
/// As any statement.
pub async fn set_state(
    client: &impl GenericClient,
    id: i32,
    state: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    let statement = client
        .prepare_cached(
            "UPDATE endpoints
             SET state = $2, state_reason = CASE WHEN $2 = 'active' THEN NULL ELSE 'by_hand' END, state_since = $3
             WHERE id = $1",
        )
        .await?;
    client.execute(&statement, &[&id, &state, &now]).await?;
    let forget = client
        .prepare_cached(
            "UPDATE endpoint_flow SET failures = 0, failing_since = NULL, openings = 0, open_until = NULL
             WHERE endpoint_id = $1 AND $2 = 'active'",
        )
        .await?;
    client.execute(&forget, &[&id, &state]).await?;
    Ok(())
}

/// Gives an endpoint a secret of a scheme (`v1`, `v1a`), sealed for exactly this endpoint ([`crate::sealed`]).
///
/// # Errors
/// As any statement; an endpoint that is not there is refused by the table.
pub async fn add_secret(
    client: &impl GenericClient,
    endpoint_id: i32,
    scheme: &str,
    sealed: &[u8],
    now: Timestamp,
) -> Result<(), StoreError> {
    let statement = client.prepare_cached(include_str!("../sql/endpoint_add_secret.sql")).await?;
    client.execute(&statement, &[&endpoint_id, &scheme, &sealed, &now]).await?;
    Ok(())
}

/// The secrets of an endpoint that sign at `now`, newest first.
///
/// # Errors
/// As any statement.
pub async fn secrets(
    client: &impl GenericClient,
    endpoint_id: i32,
    now: Timestamp,
) -> Result<Vec<SecretPeriod>, StoreError> {
    let statement = client
        .prepare_cached(
            "SELECT id, scheme, created_at, expires_at FROM endpoint_secrets
             WHERE endpoint_id = $1 AND (expires_at IS NULL OR expires_at > $2) ORDER BY id DESC",
        )
        .await?;
    let rows = client.query(&statement, &[&endpoint_id, &now]).await?;
    Ok(rows
        .iter()
        .map(|row| SecretPeriod {
            id: row.get("id"),
            scheme: row.get("scheme"),
            created_at: row.get("created_at"),
            expires_at: row.get("expires_at"),
        })
        .collect())
}

/// Lets the secrets of a scheme that an endpoint has now sign until `at` at the latest.
///
/// # Errors
/// As any statement.
pub async fn expire_secrets(
    client: &impl GenericClient,
    endpoint_id: i32,
    scheme: &str,
    at: Timestamp,
) -> Result<(), StoreError> {
    let statement = client
        .prepare_cached(
            "UPDATE endpoint_secrets SET expires_at = $3
             WHERE endpoint_id = $1 AND scheme = $2 AND (expires_at IS NULL OR expires_at > $3)",
        )
        .await?;
    client.execute(&statement, &[&endpoint_id, &scheme, &at]).await?;
    Ok(())
}

/// Replaces the headers of an endpoint: names in lower case, values sealed for exactly this endpoint.
///
/// # Errors
/// As any statement.
pub async fn set_headers(
    client: &impl GenericClient,
    endpoint_id: i32,
    headers: &[(String, Vec<u8>)],
) -> Result<(), StoreError> {
    let clear = client.prepare_cached("DELETE FROM endpoint_headers WHERE endpoint_id = $1").await?;
    client.execute(&clear, &[&endpoint_id]).await?;
    let add = client
        .prepare_cached("INSERT INTO endpoint_headers (endpoint_id, name, sealed) VALUES ($1, $2, $3)")
        .await?;
    for (name, sealed) in headers {
        client.execute(&add, &[&endpoint_id, name, sealed]).await?;
    }
    Ok(())
}

fn endpoint(row: &Row) -> Endpoint {
    let count = |column: &str| row.get::<_, Option<i32>>(column).unwrap_or_default().cast_unsigned();
    Endpoint {
        id: row.get("id"),
        url: row.get("url"),
        types: row.get("types"),
        source_ids: row.get("source_ids"),
        sources: row.get("sources"),
        state: row.get("state"),
        state_reason: row.get("state_reason"),
        state_since: row.get("state_since"),
        allow_http: row.get("allow_http"),
        allow_networks: row.get("allow_networks"),
        manner: Manner {
            timeout_s: row.get("timeout_s"),
            concurrency: row.get("concurrency"),
            rate_per_s: row.get("rate_per_s"),
            schedule_s: row.get("schedule_s"),
        },
        headers: row.get("headers"),
        health: Breaker {
            failures: count("failures"),
            failing_since: row.get("failing_since"),
            openings: count("openings"),
            open_until: row.get("open_until"),
        },
        created_at: row.get("created_at"),
    }
}
