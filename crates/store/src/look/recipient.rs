//! Recipients and what is known of them.

use crate::StoreError;
use deadpool_postgres::GenericClient;
use uuid::Uuid;

/// One address on one source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recipient {
    /// `None`: no such source.
    pub source: Option<String>,
    pub source_id: i32,
    pub address: String,
    pub known: domain::Recipient,
}

/// The recipients with these (source, `address_hash`), in the order of their sources.
///
/// # Errors
/// As any statement.
pub async fn recipients(
    client: &impl GenericClient,
    asked: &[(i32, Uuid)],
) -> Result<Vec<Recipient>, StoreError> {
    let (sources, hashes): (Vec<i32>, Vec<Uuid>) = asked.iter().copied().unzip();
    let statement = client.prepare_cached(include_str!("../../sql/look_recipients.sql")).await?;
    let rows = client.query(&statement, &[&sources, &hashes]).await?;
    Ok(rows
        .iter()
        .map(|row| Recipient {
            source: row.get("source"),
            source_id: row.get("source_id"),
            address: row.get("address"),
            known: crate::recipient::read(row),
        })
        .collect())
}
