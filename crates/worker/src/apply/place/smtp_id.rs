//! Events that name their message only by its `smtp-id`: unique, or nothing.

use super::{Placed, Places};
use crate::batch::Event;
use domain::CorrelatedBy;
use domain::correlation::Found;
use std::collections::HashMap;
use store::StoreError;
use store::batch::day;
use store::correlation::{self, Days, Named};
use store::message::Identity;

/// An event, and what it says of its message.
pub(super) struct Clue<'a> {
    event: &'a Event,
    named: Named,
}

impl<'a> Clue<'a> {
    pub(super) fn new(event: &'a Event, recipient_hash: [u8; 16], smtp_id_hash: [u8; 16]) -> Self {
        let days = Days::around(day(event.row.received_at));
        Self { event, named: Named { recipient_hash, smtp_id_hash, days } }
    }
}

/// An event that names the `smtp-id` of several messages, or of none, concerns its recipient only.
pub(super) async fn place<'a>(
    transaction: &deadpool_postgres::Transaction<'_>,
    places: &mut Places<'a>,
    clues: &[Clue<'a>],
) -> Result<(), StoreError> {
    let mut asked: Vec<Named> = clues.iter().map(|clue| clue.named).collect();
    asked.sort_unstable();
    asked.dedup();
    let key = |named: &Named| (named.recipient_hash, named.smtp_id_hash);
    let mut candidates: HashMap<_, Vec<Identity>> =
        asked.iter().map(|named| (key(named), Vec::new())).collect();
    for (position, identity) in correlation::by_smtp_id(transaction, &asked).await? {
        candidates.entry(key(&asked[position])).or_default().push(identity);
    }
    for identity in places.placed.iter().map(Placed::identity) {
        let named = identity.smtp_id_hash.map(|smtp_id_hash| (identity.recipient_hash, smtp_id_hash));
        if let Some(found) = named.and_then(|named| candidates.get_mut(&named)) {
            // A second one of the same message says nothing new.
            if found.iter().all(|known| known.key != identity.key) {
                found.push(identity.clone());
            }
        }
    }
    for clue in clues {
        let found = candidates.get(&key(&clue.named)).map_or(&[][..], Vec::as_slice);
        if let (Found::One(_), [identity, ..]) = (Found::of(found.iter().map(|one| one.key)), found) {
            places.placed.push(Placed::found(clue.event, identity.clone(), CorrelatedBy::SmtpId));
        }
    }
    Ok(())
}
