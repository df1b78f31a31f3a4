//! Recipients and what is known of them.

use crate::StoreError;
use deadpool_postgres::GenericClient;
use domain::{Group, Standing};
use tokio_postgres::Row;
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
    Ok(rows.iter().map(recipient).collect())
}

/// Which recipients to list.
#[derive(Clone, Copy, Debug)]
pub struct RecipientFilter<'a> {
    pub sources: &'a [i32],
    /// `None`: whatever their standing.
    pub standing: Option<Standing>,
    /// Only who is unsubscribed from this group.
    pub group: Option<Group>,
}

/// The next `limit` recipients after (source, `address_hash`), in that order, which means nothing but does not change.
///
/// # Errors
/// As any statement.
pub async fn recipients_page(
    client: &impl GenericClient,
    filter: RecipientFilter<'_>,
    after: (i32, Uuid),
    limit: i64,
) -> Result<Vec<((i32, Uuid), Recipient)>, StoreError> {
    let statement = client.prepare_cached(include_str!("../../sql/look_recipients_page.sql")).await?;
    let standing = filter.standing.map(Standing::as_str);
    let rows = client
        .query(&statement, &[&filter.sources, &standing, &filter.group, &after.0, &after.1, &limit])
        .await?;
    Ok(rows.iter().map(|row| ((row.get("source_id"), row.get("address_hash")), recipient(row))).collect())
}

fn recipient(row: &Row) -> Recipient {
    Recipient {
        source: row.get("source"),
        source_id: row.get("source_id"),
        address: row.get("address"),
        known: crate::recipient::read(row),
    }
}
