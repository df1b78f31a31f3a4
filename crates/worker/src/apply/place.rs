//! Which message each new event belongs to: the one it names, or the one that is found for it.
//!
//! Most events name their message and cost nothing here. One that does not is looked for among what is stored and among
//! the events of its own transaction, as if those before it had been applied one by one. What is found is certain
//! (`domain::correlation`); a bounce for which nothing is found yet is handed back as pending.

use crate::batch::{Event, Naming};
use crate::read::correlate;
use domain::correlation::{DELIVERED_WITHIN, Deliveries, Found};
use domain::{CorrelatedBy, MessageEvent, MessageKey};
use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use store::StoreError;
use store::correlation::{self, Bounced, CANDIDATES_MAX};
use store::message::Identity;

type Hash = [u8; 16];

/// An event and the message it belongs to.
#[derive(Clone, Debug)]
pub(crate) struct Placed<'a> {
    pub(crate) event: &'a Event,
    pub(crate) identity: Cow<'a, Identity>,
    /// What the event says, with how it came to its message.
    pub(crate) fact: Cow<'a, MessageEvent>,
    /// `None`: it names its message itself.
    pub(crate) by: Option<CorrelatedBy>,
}

/// What came of looking.
#[derive(Debug, Default)]
pub(crate) struct Places<'a> {
    pub(crate) placed: Vec<Placed<'a>>,
    /// Bounces whose message may not have arrived yet.
    pub(crate) pending: Vec<&'a Event>,
    /// Bounces that two or more messages may be meant by, now and for ever.
    pub(crate) ambiguous: Vec<&'a Event>,
}

/// Places events that were not placed before.
///
/// # Errors
/// As any statement.
pub(crate) async fn place<'a>(
    transaction: &deadpool_postgres::Transaction<'_>,
    new: &[&'a Event],
) -> Result<Places<'a>, StoreError> {
    let mut places = Places::default();
    let (mut by_smtp_id, mut bounces) = (Vec::new(), Vec::new());
    for event in new.iter().copied().filter(|event| event.folds()) {
        match &event.naming {
            Naming::Message(identity) => places.placed.push(Placed {
                event,
                identity: Cow::Borrowed(identity),
                fact: Cow::Borrowed(&event.fact),
                by: None,
            }),
            Naming::SmtpId { recipient_hash, smtp_id_hash } => {
                by_smtp_id.push((event, (*recipient_hash, *smtp_id_hash)));
            }
            Naming::Recipient { recipient_hash } => bounces.push((event, *recipient_hash)),
            Naming::Nothing => {}
        }
    }
    if !by_smtp_id.is_empty() {
        place_by_smtp_id(transaction, &mut places, &by_smtp_id).await?;
    }
    if !bounces.is_empty() {
        place_by_recipient(transaction, &mut places, bounces).await?;
    }
    Ok(places)
}

impl<'a> Placed<'a> {
    fn found(event: &'a Event, identity: Identity, by: CorrelatedBy) -> Self {
        let mut fact = event.fact.clone();
        correlate(&mut fact, by);
        Self { event, identity: Cow::Owned(identity), fact: Cow::Owned(fact), by: Some(by) }
    }
}

/// Unique or nothing: an event that names the `smtp-id` of several messages, or of none, concerns its recipient only.
async fn place_by_smtp_id<'a>(
    transaction: &deadpool_postgres::Transaction<'_>,
    places: &mut Places<'a>,
    events: &[(&'a Event, (Hash, Hash))],
) -> Result<(), StoreError> {
    let mut asked: Vec<(Hash, Hash)> = events.iter().map(|(_, names)| *names).collect();
    asked.sort_unstable();
    asked.dedup();
    let mut candidates: HashMap<(Hash, Hash), Vec<Identity>> = HashMap::new();
    for (position, identity) in correlation::by_smtp_id(transaction, &asked).await? {
        candidates.entry(asked[position]).or_default().push(identity);
    }
    for placed in &places.placed {
        let identity = placed.identity.as_ref();
        if let Some(smtp_id_hash) = identity.smtp_id_hash
            && asked.binary_search(&(identity.recipient_hash, smtp_id_hash)).is_ok()
        {
            candidates.entry((identity.recipient_hash, smtp_id_hash)).or_default().push(identity.clone());
        }
    }
    for (event, names) in events {
        let found = candidates.get(names).map_or(&[][..], Vec::as_slice);
        if let Found::One(_) = Found::of(found.iter().map(|identity| identity.key)) {
            places.placed.push(Placed::found(event, found[0].clone(), CorrelatedBy::SmtpId));
        }
    }
    Ok(())
}

/// What is known of the messages to one address.
#[derive(Default)]
struct Known {
    deliveries: Deliveries,
    /// Found in the database; more than can be told apart means that none of them is it.
    candidates: usize,
}

async fn place_by_recipient<'a>(
    transaction: &deadpool_postgres::Transaction<'_>,
    places: &mut Places<'a>,
    mut bounces: Vec<(&'a Event, Hash)>,
) -> Result<(), StoreError> {
    bounces.sort_by_key(|(event, _)| event.fact.order());
    let mut known: BTreeMap<Hash, Known> = BTreeMap::new();
    for (_, recipient) in &bounces {
        known.entry(*recipient).or_default();
    }
    let mut identities = candidates(transaction, &bounces, &mut known).await?;
    let mut others: Vec<usize> = (0..places.placed.len())
        .filter(|place| known.contains_key(&places.placed[*place].identity.recipient_hash))
        .collect();
    others.sort_by_key(|place| places.placed[*place].fact.order());
    states(transaction, places, &others, &mut known).await?;

    // As if one by one: what is before a bounce, in the order in which events count, has been applied.
    let mut before = others.into_iter().peekable();
    for (event, recipient) in bounces {
        while let Some(place) =
            before.next_if(|place| places.placed[*place].fact.order() < event.fact.order())
        {
            let placed = &places.placed[place];
            let known = known.entry(placed.identity.recipient_hash).or_default();
            known.deliveries.note(placed.identity.key, placed.fact.kind, placed.fact.at);
            identities.insert(placed.identity.key, placed.identity.clone().into_owned());
        }
        let known = known.entry(recipient).or_default();
        let found = match known.deliveries.bounced(event.fact.at) {
            _ if known.candidates >= CANDIDATES_MAX => Found::Several,
            found => found,
        };
        match (found, found_identity(found, &identities)) {
            (Found::One(key), Some(identity)) => {
                known.deliveries.note(key, event.fact.kind, event.fact.at);
                places.placed.push(Placed::found(event, identity.clone(), CorrelatedBy::Recipient));
            }
            (Found::Several, _) => places.ambiguous.push(event),
            (Found::None | Found::One(_), _) => places.pending.push(event),
        }
    }
    Ok(())
}

fn found_identity(found: Found, identities: &HashMap<MessageKey, Identity>) -> Option<&Identity> {
    match found {
        Found::One(key) => identities.get(&key),
        Found::None | Found::Several => None,
    }
}

/// The stored messages that may have bounced.
async fn candidates(
    transaction: &deadpool_postgres::Transaction<'_>,
    bounces: &[(&Event, Hash)],
    known: &mut BTreeMap<Hash, Known>,
) -> Result<HashMap<MessageKey, Identity>, StoreError> {
    let mut asked: BTreeMap<Hash, Bounced> = BTreeMap::new();
    for (event, recipient) in bounces {
        let (from, to) = (event.fact.at - DELIVERED_WITHIN, event.fact.at);
        let bounced = Bounced { recipient_hash: *recipient, from, to };
        let asked = asked.entry(*recipient).or_insert(bounced);
        asked.from = asked.from.min(from);
        asked.to = asked.to.max(to);
    }
    let asked: Vec<Bounced> = asked.into_values().collect();
    let mut identities = HashMap::new();
    for (position, identity, delivery) in correlation::delivered(transaction, &asked).await? {
        let known = known.entry(asked[position].recipient_hash).or_default();
        known.deliveries.know(identity.key, delivery);
        known.candidates += 1;
        identities.insert(identity.key, identity);
    }
    Ok(identities)
}

/// What is stored of the messages that this transaction has events of: it may be that they have failed.
async fn states(
    transaction: &deadpool_postgres::Transaction<'_>,
    places: &Places<'_>,
    others: &[usize],
    known: &mut BTreeMap<Hash, Known>,
) -> Result<(), StoreError> {
    if others.is_empty() {
        return Ok(());
    }
    let recipients: HashMap<MessageKey, Hash> = others
        .iter()
        .map(|place| &places.placed[*place].identity)
        .map(|identity| (identity.key, identity.recipient_hash))
        .collect();
    let keys: Vec<MessageKey> = recipients.keys().copied().collect();
    for (key, delivery) in correlation::states(transaction, &keys).await? {
        known.entry(recipients[&key]).or_default().deliveries.know(key, delivery);
    }
    Ok(())
}
