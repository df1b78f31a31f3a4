//! Bounces that say only whose they are: attached to the one message to that address that can have bounced.
//!
//! Decided as if the events of the transaction were applied one by one: what counts before a bounce, in the order of
//! `domain::EventOrder`, has happened; what counts after it has not. Where the bounce itself was recovered, or comes together
//! with what was, it is of the message that the records name, and found there to be a repeat (`super::super::repeat`).

use super::{Placed, Places};
use crate::batch::Event;
use domain::correlation::{DELIVERED_WITHIN, Deliveries, Found};
use domain::{CorrelatedBy, MessageKey, Origin};
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
    /// The messages of which the bounce itself was recovered.
    recovered: HashMap<Bounced, Vec<MessageKey>>,
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
    known.add_recovered(places, &others, &clues);

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
        let recovered = self.recovered.get(bounced).map_or(&[][..], Vec::as_slice);
        let crowded = self.candidates.get(bounced).is_some_and(|found| *found >= CANDIDATES_MAX);
        if crowded && recovered.is_empty() {
            return Err(Ambiguous);
        }
        let deliveries = self.by_recipient.get(&bounced.recipient_hash);
        let found = |deliveries: &Deliveries| deliveries.bounced(bounced.to, recovered.iter().copied());
        match deliveries.map_or(Found::None, found) {
            Found::One(key) => Ok(self.identities.get(&key).cloned()),
            Found::None => Ok(None),
            Found::Several => Err(Ambiguous),
        }
    }

    /// Adds which bounces are recovered in this transaction.
    fn add_recovered(&mut self, places: &Places<'_>, others: &[usize], clues: &[Clue<'_>]) {
        let others = others.iter().map(|place| &places.placed[*place]);
        for one in others.filter(|one| one.fact().origin == Origin::Reconcile) {
            let identity = one.identity();
            let repeats = |clue: &&Clue<'_>| {
                clue.bounced.recipient_hash == identity.recipient_hash
                    && clue.event.sighting().repeats(&one.sighting())
            };
            for clue in clues.iter().filter(repeats) {
                self.recovered.entry(clue.bounced).or_default().push(identity.key);
                self.identities.entry(identity.key).or_insert_with(|| identity.clone());
            }
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
        if candidate.recovered {
            known.recovered.entry(asked[position]).or_default().push(candidate.identity.key);
        }
        let deliveries = known.by_recipient.entry(asked[position].recipient_hash).or_default();
        if !candidate.crowded || candidate.recovered {
            deliveries.know(candidate.identity.key, candidate.delivery);
            known.identities.insert(candidate.identity.key, candidate.identity);
        }
    }
    Ok(known)
}
