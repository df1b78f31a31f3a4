//! New events into what is known of their recipients: lock, fold by `domain`, write.

use crate::batch::Event;
use domain::RecipientFact;
use std::collections::BTreeMap;
use store::StoreError;
use store::recipient::{self, Address};

/// Folds new events into their recipients and writes those.
///
/// # Errors
/// As any statement.
pub(crate) async fn fold(
    transaction: &deadpool_postgres::Transaction<'_>,
    new: &[&Event],
) -> Result<(), StoreError> {
    let mut facts: BTreeMap<Address, Vec<&RecipientFact>> = BTreeMap::new();
    for (address, fact) in new.iter().filter_map(|event| event.recipient.as_ref()) {
        facts.entry(address.clone()).or_default().push(fact);
    }
    if facts.is_empty() {
        return Ok(());
    }
    let addresses: Vec<Address> = facts.keys().cloned().collect();
    let mut recipients = recipient::lock(transaction, &addresses).await?;
    for (recipient, facts) in recipients.iter_mut().zip(facts.values()) {
        facts.iter().for_each(|fact| recipient.apply(fact));
    }
    recipient::update(transaction, &addresses, &recipients).await
}
