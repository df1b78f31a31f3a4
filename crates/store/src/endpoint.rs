//! Endpoints as people set them up and see them. What the dispatcher needs of them is in [`crate::delivery`].
//!
//! Secrets go in sealed and never come out here: the operator's role may not read them.

use crate::StoreError;
use deadpool_postgres::GenericClient;
use jiff::Timestamp;

/// An endpoint to be made. Its secret follows with [`add_secret`] in the same transaction.
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
    pub created_at: Timestamp,
}

/// An endpoint as people see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    pub id: i32,
    pub url: String,
    pub types: Vec<String>,
    /// Names; `None`: every source.
    pub sources: Option<Vec<String>>,
    /// `active`, `paused` or `disabled`.
    pub state: String,
    pub allow_http: bool,
    pub allow_networks: Vec<String>,
    pub created_at: Timestamp,
}

/// Makes an endpoint, active from the moment its transaction commits. Returns its id. Role: operator.
///
/// # Errors
/// As any statement; no types or an empty list of sources is refused by the table.
pub async fn create(client: &impl GenericClient, endpoint: &NewEndpoint<'_>) -> Result<i32, StoreError> {
    let statement = client.prepare_cached(include_str!("../sql/endpoint_create.sql")).await?;
    let row = client
        .query_one(
            &statement,
            &[
                &endpoint.url,
                &endpoint.types,
                &endpoint.source_ids,
                &endpoint.allow_http,
                &endpoint.allow_networks,
                &endpoint.created_at,
            ],
        )
        .await?;
    Ok(row.get(0))
}

/// Gives an endpoint a secret, sealed for exactly this endpoint ([`crate::sealed`]). Role: operator.
///
/// # Errors
/// As any statement; an endpoint that is not there is refused by the table.
pub async fn add_secret(
    client: &impl GenericClient,
    endpoint_id: i32,
    sealed: &[u8],
    now: Timestamp,
) -> Result<(), StoreError> {
    let statement = client.prepare_cached(include_str!("../sql/endpoint_add_secret.sql")).await?;
    client.execute(&statement, &[&endpoint_id, &sealed, &now]).await?;
    Ok(())
}

/// Every endpoint, in the order they were made. Role: operator. Locks nothing.
///
/// # Errors
/// As any statement.
pub async fn list(client: &impl GenericClient) -> Result<Vec<Endpoint>, StoreError> {
    let statement = client.prepare_cached(include_str!("../sql/endpoint_list.sql")).await?;
    let rows = client.query(&statement, &[]).await?;
    Ok(rows
        .iter()
        .map(|row| Endpoint {
            id: row.get("id"),
            url: row.get("url"),
            types: row.get("types"),
            sources: row.get("sources"),
            state: row.get("state"),
            allow_http: row.get("allow_http"),
            allow_networks: row.get("allow_networks"),
            created_at: row.get("created_at"),
        })
        .collect())
}
