//! New events into what is known of their recipients: lock, fold by `domain`, write, and render the changes that somebody
//! asks for.

use super::place::Placed;
use super::tell::{self, Wanted};
use crate::batch::Event;
use domain::{RecipientFact, StandingChange};
use jiff::Timestamp;
use std::collections::{BTreeMap, HashMap};
use store::StoreError;
use store::message::Identity;
use store::notification::NotificationRow;
use store::recipient::{self, Address};
use uuid::Uuid;

/// Folds new events into their recipients and writes those; returns what that makes worth telling.
///
/// # Errors
/// As any statement.
pub(crate) async fn fold(
    transaction: &deadpool_postgres::Transaction<'_>,
    new: &[&Event],
    placed: &[Placed<'_>],
    wanted: &Wanted,
    now: Timestamp,
) -> Result<Vec<NotificationRow>, StoreError> {
    let mut facts: BTreeMap<Address, Vec<(&Event, &RecipientFact)>> = BTreeMap::new();
    for event in new {
        if let Some((address, fact)) = &event.recipient {
            facts.entry(address.clone()).or_default().push((event, fact));
        }
    }
    if facts.is_empty() {
        return Ok(Vec::new());
    }
    let addresses: Vec<Address> = facts.keys().cloned().collect();
    let mut recipients = recipient::lock(transaction, &addresses).await?;
    let messages = messages(placed);
    let mut told = Vec::new();
    for (recipient, (address, facts)) in recipients.iter_mut().zip(&mut facts) {
        facts.sort_by_key(|(event, _)| event.fact.order());
        for (event, fact) in facts {
            let change = recipient.apply(fact);
            let asked = |change: &_| wanted.by(address.source).contains(StandingChange::told_as(*change));
            if let Some(change) = change.filter(asked) {
                let message = messages.get(&place(event)).copied();
                told.push(tell::of_recipient(event, &address.text, message, change, now));
            }
        }
    }
    recipient::update(transaction, &addresses, &recipients).await?;
    Ok(told)
}

/// The messages of those events that also concern their recipient.
fn messages<'p>(placed: &'p [Placed<'_>]) -> HashMap<(Uuid, i32), &'p Identity> {
    let concerns = placed.iter().filter(|one| one.event.recipient.is_some());
    concerns.map(|one| (place(one.event), one.identity())).collect()
}

const fn place(event: &Event) -> (Uuid, i32) {
    (event.row.batch_id, event.row.ordinal)
}
