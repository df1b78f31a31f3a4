//! A batch as the worker sees it, read from what the broker delivered and not yet applied.
//!
//! Made once by [`crate::read`], applied as often as it takes: applying changes nothing in here.

use crate::isolate::REFUSED;
use bytes::Bytes;
use domain::{EventOrder, MachineOpens, MessageEvent, RecipientFact};
use std::sync::Arc;
use store::batch::Claim;
use store::event::EventRow;
use store::message::Identity;
use store::quarantine::{Held, WHOLE_BATCH};
use store::recipient::Address;

/// What applying needs to know of a source.
#[derive(Debug)]
pub struct Source {
    pub name: String,
    pub machine_opens: MachineOpens,
}

/// One batch, read.
#[derive(Debug)]
pub struct Batch {
    pub claim: Claim,
    /// As received, in case the whole has to be kept.
    pub body: Bytes,
    /// A note of its beginning has been committed, to be forgotten when it is in the ledger.
    pub noted: bool,
    pub content: Content,
}

/// What a batch's body turned out to be.
#[derive(Debug)]
pub enum Content {
    Elements(Vec<Element>),
    /// Nothing in it can be told apart: kept as one.
    Whole(Held),
}

/// One element of a batch.
#[derive(Debug)]
pub enum Element {
    Event(Box<Event>),
    Held(Held),
}

/// An element that could be read, with everything applying it needs.
#[derive(Clone, Debug)]
pub struct Event {
    pub row: EventRow,
    /// Position among the events of its transaction.
    pub order: EventOrder,
    pub source: Arc<Source>,
    /// The message it concerns, if any.
    pub message: Option<(Identity, MessageEvent)>,
    /// What it says about its recipient, if anything lasting.
    pub recipient: Option<(Address, RecipientFact)>,
}

impl Batch {
    /// A batch that is kept whole, for a reason that makes its elements unreadable or not worth reading.
    #[must_use]
    pub fn whole(claim: Claim, body: Bytes, reason: &'static str, detail: String) -> Self {
        let mut batch = Self { claim, body, noted: false, content: Content::Elements(Vec::new()) };
        batch.keep_whole(reason, detail);
        batch
    }

    /// Gives up on its elements: the batch is kept as it was received.
    pub fn keep_whole(&mut self, reason: &'static str, detail: String) {
        self.content = Content::Whole(Held {
            batch_id: self.claim.id,
            ordinal: WHOLE_BATCH,
            source_id: self.claim.source_id,
            received_at: self.claim.received_at,
            reason,
            detail,
            raw: self.body.to_vec(),
        });
    }

    /// The events that could be read.
    pub fn events(&self) -> impl Iterator<Item = &Event> {
        self.elements().iter().filter_map(|element| match element {
            Element::Event(event) => Some(event.as_ref()),
            Element::Held(_) => None,
        })
    }

    /// What is to be kept aside: elements, or the whole.
    pub fn held(&self) -> impl Iterator<Item = &Held> {
        let whole = match &self.content {
            Content::Whole(held) => Some(held),
            Content::Elements(_) => None,
        };
        let elements = self.elements().iter().filter_map(|element| match element {
            Element::Held(held) => Some(held),
            Element::Event(_) => None,
        });
        whole.into_iter().chain(elements)
    }

    fn elements(&self) -> &[Element] {
        match &self.content {
            Content::Elements(elements) => elements,
            Content::Whole(_) => &[],
        }
    }

    /// Sets events aside that the database itself refused; their neighbours stay.
    pub fn set_aside(&mut self, refused: &[(i32, String)]) {
        let Content::Elements(elements) = &mut self.content else { return };
        for element in elements {
            let Element::Event(event) = element else { continue };
            if let Some((_, detail)) = refused.iter().find(|(ordinal, _)| *ordinal == event.row.ordinal) {
                *element = Element::Held(event.held(REFUSED, detail.clone()));
            }
        }
    }
}

impl Event {
    fn held(&self, reason: &'static str, detail: String) -> Held {
        Held {
            batch_id: self.row.batch_id,
            ordinal: self.row.ordinal,
            source_id: self.row.source_id,
            received_at: self.row.received_at,
            reason,
            detail,
            raw: self.row.raw.clone(),
        }
    }
}
