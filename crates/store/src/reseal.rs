//! What is sealed with which key: for telling, and for sealing everything again with a new one.
//! Role: dispatcher, the only one that may read what is sealed; which key it was is the operator's to ask, too.

use crate::StoreError;
use deadpool_postgres::GenericClient;
use jiff::Timestamp;

/// Where something sealed stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    Secret { id: i32 },
    Header { name: String },
}

/// Something sealed, and for which endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sealed {
    pub endpoint_id: i32,
    pub place: Place,
    pub bytes: Vec<u8>,
}

/// Everything that is sealed, locked until the transaction ends.
///
/// # Errors
/// As any statement.
pub async fn everything(client: &impl GenericClient) -> Result<Vec<Sealed>, StoreError> {
    let secrets = client
        .query("SELECT id, endpoint_id, sealed FROM endpoint_secrets ORDER BY id FOR UPDATE", &[])
        .await?;
    let headers = client
        .query(
            "SELECT endpoint_id, name, sealed FROM endpoint_headers ORDER BY endpoint_id, name FOR UPDATE",
            &[],
        )
        .await?;
    let secrets = secrets.iter().map(|row| Sealed {
        endpoint_id: row.get("endpoint_id"),
        place: Place::Secret { id: row.get("id") },
        bytes: row.get("sealed"),
    });
    let headers = headers.iter().map(|row| Sealed {
        endpoint_id: row.get("endpoint_id"),
        place: Place::Header { name: row.get("name") },
        bytes: row.get("sealed"),
    });
    Ok(secrets.chain(headers).collect())
}

/// Replaces what stands there.
///
/// # Errors
/// As any statement.
pub async fn replace(client: &impl GenericClient, sealed: &Sealed) -> Result<(), StoreError> {
    match &sealed.place {
        Place::Secret { id } => {
            client
                .execute("UPDATE endpoint_secrets SET sealed = $2 WHERE id = $1", &[id, &sealed.bytes])
                .await?;
        }
        Place::Header { name } => {
            let sql = "UPDATE endpoint_headers SET sealed = $3 WHERE endpoint_id = $1 AND name = $2";
            client.execute(sql, &[&sealed.endpoint_id, name, &sealed.bytes]).await?;
        }
    }
    Ok(())
}

/// Whether secrets sign at `now` that none of these keys sealed: dispatchers have another one.
///
/// # Errors
/// As any statement.
pub async fn has_other_keys(
    client: &impl GenericClient,
    keys: &[Vec<u8>],
    now: Timestamp,
) -> Result<bool, StoreError> {
    let statement = client
        .prepare_cached(
            "SELECT EXISTS (SELECT FROM endpoint_secrets
                            WHERE key_id <> ALL ($1) AND (expires_at IS NULL OR expires_at > $2))",
        )
        .await?;
    Ok(client.query_one(&statement, &[&keys, &now]).await?.get(0))
}
