//! Bounces that say only whose they are: attached to the one message to that address that can have bounced.
//!
//! Decided as if the events of the transaction were applied one by one: what counts before a bounce, in the order of
//! `domain::EventOrder`, has happened; what counts after it has not.

use super::{Placed, Places};
use crate::batch::Event;
use domain::correlation::{DELIVERED_WITHIN, Deliveries, Found};
use domain::{CorrelatedBy, MessageKey};
use std::collections::{BTreeMap, HashMap};
use store::StoreError;
use store::batch::day;
use store::correlation::{self, Bounced, CANDIDATES_MAX, Days};
use store::message::Identity;

/// A bounce, and which messages it may be of.
pub(super) struct Clue<'a> {
    event: &'a Event,
    bounced: Bounced,
}

impl<'a> Clue<'a> {
    pub(super) fn new(event: &'a Event, recipient_hash: [u8; 16]) -> Self {
        let (from, to) = (event.fact.at - DELIVERED_WITHIN, event.fact.at);
        let days = Days::around(day(event.row.received_at));
        Self { event, bounced: Bounced { recipient_hash, from, to, days } }
    }
}

/// What is known of the messages that may have bounced.
#[derive(Default)]
struct Known {
    by_recipient: BTreeMap<[u8; 16], Deliveries>,
    identities: HashMap<MessageKey, Identity>,
    /// How many stored messages were found for each; in a crowd as many as can be.
    candidates: HashMap<Bounced, usize>,
}

pub(super) async fn place<'a>(
    transaction: &deadpool_postgres::Transaction<'_>,
    places: &mut Places<'a>,
    mut clues: Vec<Clue<'a>>,
) -> Result<(), StoreError> {
    clues.sort_by_key(|clue| clue.event.fact.order());
    let mut known = candidates(transaction, &clues).await?;
    let mut others: Vec<usize> = (0..places.placed.len())
        .filter(|place| known.by_recipient.contains_key(&places.placed[*place].identity().recipient_hash))
        .collect();
    others.sort_by_key(|place| places.placed[*place].fact().order());
    known.add_states(transaction, places, &others).await?;

    let mut before = others.into_iter().peekable();
    for Clue { event, bounced } in clues {
        let order = event.fact.order();
        while let Some(place) = before.next_if(|place| places.placed[*place].fact().order() < order) {
            known.note(&places.placed[place]);
        }
        match known.bounced(&bounced) {
            Ok(Some(identity)) => {
                let placed = Placed::found(event, identity, CorrelatedBy::Recipient);
                known.note(&placed);
                places.placed.push(placed);
            }
            Ok(None) => places.pending.push(event),
            Err(Ambiguous) => places.ambiguous.push(event),
        }
    }
    Ok(())
}

/// Several messages may be meant.
struct Ambiguous;

impl Known {
    /// Adds an event that has happened.
    fn note(&mut self, placed: &Placed<'_>) {
        let (identity, fact) = (placed.identity(), placed.fact());
        let deliveries = self.by_recipient.entry(identity.recipient_hash).or_default();
        deliveries.note(identity.key, fact.kind, fact.at);
        self.identities.entry(identity.key).or_insert_with(|| identity.clone());
    }

    /// The message that has bounced; `None`: it may not have arrived yet.
    fn bounced(&self, bounced: &Bounced) -> Result<Option<Identity>, Ambiguous> {
        if self.candidates.get(bounced).is_some_and(|found| *found >= CANDIDATES_MAX) {
            return Err(Ambiguous);
        }
        let deliveries = self.by_recipient.get(&bounced.recipient_hash);
        match deliveries.map_or(Found::None, |deliveries| deliveries.bounced(bounced.to)) {
            Found::One(key) => Ok(self.identities.get(&key).cloned()),
            Found::None => Ok(None),
            Found::Several => Err(Ambiguous),
        }
    }

    /// Adds what is stored of the messages that this transaction has events of: they may have failed.
    async fn add_states(
        &mut self,
        transaction: &deadpool_postgres::Transaction<'_>,
        places: &Places<'_>,
        others: &[usize],
    ) -> Result<(), StoreError> {
        let identities = others.iter().map(|place| places.placed[*place].identity());
        let recipients: HashMap<MessageKey, [u8; 16]> =
            identities.map(|identity| (identity.key, identity.recipient_hash)).collect();
        if recipients.is_empty() {
            return Ok(());
        }
        let keys: Vec<MessageKey> = recipients.keys().copied().collect();
        for (key, delivery) in correlation::states(transaction, &keys).await? {
            self.by_recipient.entry(recipients[&key]).or_default().know(key, delivery);
        }
        Ok(())
    }
}

/// The stored messages that may have bounced.
async fn candidates(
    transaction: &deadpool_postgres::Transaction<'_>,
    clues: &[Clue<'_>],
) -> Result<Known, StoreError> {
    let mut asked: Vec<Bounced> = clues.iter().map(|clue| clue.bounced).collect();
    asked.sort_unstable();
    asked.dedup();
    let mut known = Known::default();
    for one in &asked {
        known.by_recipient.entry(one.recipient_hash).or_default();
    }
    for (position, candidate) in correlation::delivered(transaction, &asked).await? {
        let count = known.candidates.entry(asked[position]).or_default();
        *count += if candidate.crowded { CANDIDATES_MAX } else { 1 };
        let deliveries = known.by_recipient.entry(asked[position].recipient_hash).or_default();
        if !candidate.crowded {
            deliveries.know(candidate.identity.key, candidate.delivery);
            known.identities.insert(candidate.identity.key, candidate.identity);
        }
    }
    Ok(known)
}
