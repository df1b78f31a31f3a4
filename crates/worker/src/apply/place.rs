//! Which message each new event belongs to: the one it names, or the one that is found for it.
//!
//! Most events name their message and cost nothing here. One that does not is looked for among what is stored and among
//! the events of its own transaction, as if those before it had been applied one by one. What is found is certain
//! (`domain::correlation`); a bounce for which nothing is found yet is handed back as pending.

mod recipient;
mod smtp_id;

use crate::batch::{Event, Naming};
use crate::read::correlate;
use domain::origin::Sighting;
use domain::{CorrelatedBy, MessageEvent};
use store::StoreError;
use store::message::Identity;

/// An event and the message it belongs to. There is one for every event of a window, so it is small.
#[derive(Clone, Debug)]
pub(crate) struct Placed<'a> {
    pub(crate) event: &'a Event,
    how: How<'a>,
}

#[derive(Clone, Debug)]
enum How<'a> {
    Named(&'a Identity),
    Found(Box<Found>),
}

/// What was found for an event that does not name its message.
#[derive(Clone, Debug)]
struct Found {
    identity: Identity,
    /// What the event says, and how it came to its message.
    fact: MessageEvent,
    by: CorrelatedBy,
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

impl<'a> Placed<'a> {
    fn found(event: &'a Event, identity: Identity, by: CorrelatedBy) -> Self {
        let mut fact = event.fact.clone();
        correlate(&mut fact, by);
        Self { event, how: How::Found(Box::new(Found { identity, fact, by })) }
    }

    pub(crate) fn identity(&self) -> &Identity {
        match &self.how {
            How::Named(identity) => identity,
            How::Found(found) => &found.identity,
        }
    }

    pub(crate) fn fact(&self) -> &MessageEvent {
        match &self.how {
            How::Named(_) => &self.event.fact,
            How::Found(found) => &found.fact,
        }
    }

    /// As far as it takes to recognise it.
    pub(crate) fn sighting(&self) -> Sighting<'_> {
        self.event.sighting()
    }

    /// `None`: it names its message itself.
    pub(crate) fn by(&self) -> Option<CorrelatedBy> {
        match &self.how {
            How::Named(_) => None,
            How::Found(found) => Some(found.by),
        }
    }
}

/// Places events that were not placed before.
///
/// # Errors
/// As any statement.
pub(crate) async fn place<'a>(
    transaction: &deadpool_postgres::Transaction<'_>,
    new: &[&'a Event],
) -> Result<Places<'a>, StoreError> {
    let mut places = Places { placed: Vec::with_capacity(new.len()), ..Places::default() };
    let (mut named_by_smtp_id, mut bounces) = (Vec::new(), Vec::new());
    for event in new.iter().copied().filter(|event| event.folds()) {
        match &event.naming {
            Naming::Message(identity) => places.placed.push(Placed { event, how: How::Named(identity) }),
            Naming::SmtpId { recipient_hash, smtp_id_hash } => {
                named_by_smtp_id.push(smtp_id::Clue::new(event, *recipient_hash, *smtp_id_hash));
            }
            Naming::Recipient { recipient_hash } => {
                bounces.push(recipient::Clue::new(event, *recipient_hash));
            }
            Naming::Nothing => {}
        }
    }
    if !named_by_smtp_id.is_empty() {
        smtp_id::place(transaction, &mut places, &named_by_smtp_id).await?;
    }
    if !bounces.is_empty() {
        recipient::place(transaction, &mut places, bounces).await?;
    }
    Ok(places)
}
