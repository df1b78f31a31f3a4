//! Recipients' standing: rows are made, locked in key order, folded by `domain`, written back.
//! Few events concern a recipient, so the rows are made before they are known to be missing.

use crate::StoreError;
use deadpool_postgres::GenericClient;
use domain::{Mark, Recipient, SourceId, Subscription};
use jiff::Timestamp;
use postgres_types::ToSql;
use tokio_postgres::Row;
use uuid::Uuid;

/// Whom a fact concerns.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Address {
    pub source: SourceId,
    pub hash: [u8; 16],
    /// Lower case.
    pub text: String,
}

/// Locks the rows of the given recipients, made where missing, until the transaction ends; in the given order.
/// `addresses` must be sorted and without repeats.
///
/// # Errors
/// As any statement.
pub async fn lock(client: &impl GenericClient, addresses: &[Address]) -> Result<Vec<Recipient>, StoreError> {
    let (sources, hashes) = keys(addresses);
    let texts: Vec<_> = addresses.iter().map(|address| address.text.as_str()).collect();
    let make = client
        .prepare_cached(
            "INSERT INTO recipients (source_id, address_hash, address)
             SELECT * FROM unnest($1::int[], $2::uuid[], $3::text[]) ON CONFLICT DO NOTHING",
        )
        .await?;
    client.execute(&make, &[&sources, &hashes, &texts]).await?;
    let lock = client.prepare_cached(include_str!("../sql/recipient_lock.sql")).await?;
    let rows = client.query(&lock, &[&sources, &hashes]).await?;
    if rows.len() != addresses.len() {
        return Err(StoreError::Contradiction("a recipient just made cannot be locked"));
    }
    Ok(rows.iter().map(read).collect())
}

/// One recipient on its way in, field for field the database type `recipient_row`.
#[derive(Debug, ToSql)]
#[postgres(name = "recipient_row")]
struct RecipientRow<'a> {
    source_id: i32,
    address_hash: Uuid,
    bounced_at: Option<Timestamp>,
    bounced_reason: Option<&'a str>,
    complained_at: Option<Timestamp>,
    complained_reason: Option<&'a str>,
    unsubscribed_at: Option<Timestamp>,
    unsubscribed: Option<bool>,
    group_ids: Vec<i64>,
    group_at: Vec<Timestamp>,
    group_unsubscribed: Vec<bool>,
}

impl<'a> RecipientRow<'a> {
    fn new(address: &Address, recipient: &'a Recipient) -> Self {
        let (bounced, complained) = (recipient.bounced.as_ref(), recipient.complained.as_ref());
        Self {
            source_id: address.source.0,
            address_hash: Uuid::from_bytes(address.hash),
            bounced_at: bounced.map(|mark| mark.at),
            bounced_reason: bounced.and_then(|mark| mark.reason.as_deref()),
            complained_at: complained.map(|mark| mark.at),
            complained_reason: complained.and_then(|mark| mark.reason.as_deref()),
            unsubscribed_at: recipient.unsubscribed.map(|word| word.at),
            unsubscribed: recipient.unsubscribed.map(|word| word.unsubscribed),
            group_ids: recipient.groups.keys().copied().collect(),
            group_at: recipient.groups.values().map(|word| word.at).collect(),
            group_unsubscribed: recipient.groups.values().map(|word| word.unsubscribed).collect(),
        }
    }
}

/// Writes locked recipients back.
///
/// # Errors
/// As any statement.
pub async fn update(
    client: &impl GenericClient,
    addresses: &[Address],
    recipients: &[Recipient],
) -> Result<(), StoreError> {
    let statement = client.prepare_cached(include_str!("../sql/recipient_update.sql")).await?;
    let rows: Vec<RecipientRow<'_>> = addresses
        .iter()
        .zip(recipients)
        .map(|(address, recipient)| RecipientRow::new(address, recipient))
        .collect();
    client.execute(&statement, &[&rows]).await?;
    Ok(())
}

fn keys(addresses: &[Address]) -> (Vec<i32>, Vec<Uuid>) {
    addresses.iter().map(|address| (address.source.0, Uuid::from_bytes(address.hash))).unzip()
}

/// Reads the columns of a recipient, by name.
#[must_use]
pub fn read(row: &Row) -> Recipient {
    let mark =
        |at: &str, reason: &str| row.get::<_, Option<_>>(at).map(|at| Mark { at, reason: row.get(reason) });
    let (at, unsubscribed): (Option<_>, Option<_>) = (row.get("unsubscribed_at"), row.get("unsubscribed"));
    let groups: Vec<i64> = row.get("group_ids");
    let (group_at, group_words): (Vec<_>, Vec<_>) = (row.get("group_at"), row.get("group_unsubscribed"));
    let words =
        group_at.into_iter().zip(group_words).map(|(at, unsubscribed)| Subscription { at, unsubscribed });
    Recipient {
        bounced: mark("bounced_at", "bounced_reason"),
        complained: mark("complained_at", "complained_reason"),
        unsubscribed: at.zip(unsubscribed).map(|(at, unsubscribed)| Subscription { at, unsubscribed }),
        groups: groups.into_iter().zip(words).collect(),
    }
}
