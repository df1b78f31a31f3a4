//! Recipients and what is known of them.

use crate::StoreError;
use deadpool_postgres::GenericClient;
use domain::{Mark, Subscription};
use jiff::Timestamp;
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
    Ok(rows
        .iter()
        .map(|row| Recipient {
            source: row.get("source"),
            source_id: row.get("source_id"),
            address: row.get("address"),
            known: known(row),
        })
        .collect())
}

fn known(row: &Row) -> domain::Recipient {
    let mark = |at: &str, reason: &str| {
        row.get::<_, Option<Timestamp>>(at).map(|at| Mark { at, reason: row.get(reason) })
    };
    let unsubscribed: (Option<Timestamp>, Option<bool>) =
        (row.get("unsubscribed_at"), row.get("unsubscribed"));
    let ids: Vec<i64> = row.get("group_ids");
    let times: Vec<Timestamp> = row.get("group_at");
    let words: Vec<bool> = row.get("group_unsubscribed");
    let subscriptions =
        times.into_iter().zip(words).map(|(at, unsubscribed)| Subscription { at, unsubscribed });
    domain::Recipient {
        bounced: mark("bounced_at", "bounced_reason"),
        complained: mark("complained_at", "complained_reason"),
        unsubscribed: unsubscribed
            .0
            .zip(unsubscribed.1)
            .map(|(at, unsubscribed)| Subscription { at, unsubscribed }),
        groups: ids.into_iter().zip(subscriptions).collect(),
    }
}
