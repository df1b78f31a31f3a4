//! A batch as the worker sees it, read from what the broker delivered and not yet applied.
//!
//! Made once by [`crate::read`], applied as often as it takes: applying changes nothing in here.

use crate::isolate::REFUSED;
use bytes::Bytes;
use domain::origin::Sighting;
use domain::{EventKind, MachineOpens, MessageEvent, RecipientFact};
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
    pub entry: Entry,
    /// As received, in case the whole has to be kept.
    pub body: Bytes,
    /// A note of its beginning has been committed, to be forgotten when it is in the ledger.
    pub noted: bool,
    pub content: Content,
}

/// How a batch comes into the ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entry {
    /// For the first time, as ingest accepted it.
    Arrived,
    /// Out of the quarantine: the element `ordinal` of a batch that is in the ledger, or all of it ([`WHOLE_BATCH`]).
    Released { quarantine: i64, ordinal: i32 },
}

impl Entry {
    /// What is kept when nothing of it can be told apart.
    const fn whole(self) -> i32 {
        match self {
            Self::Arrived => WHOLE_BATCH,
            Self::Released { ordinal, .. } => ordinal,
        }
    }
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
    pub source: Arc<Source>,
    /// What it says, about whichever message it concerns.
    pub fact: MessageEvent,
    pub naming: Naming,
    /// What it says about its recipient, if anything lasting.
    pub recipient: Option<(Address, RecipientFact)>,
    /// SendGrid's word on the account, where it is about that.
    pub account_status: Option<String>,
}

/// How an event says which message it is about.
#[derive(Clone, Debug)]
pub enum Naming {
    /// By its `sg_message_id`.
    Message(Identity),
    /// Only by its `smtp-id` and its recipient, both hashed.
    SmtpId { recipient_hash: [u8; 16], smtp_id_hash: [u8; 16] },
    /// A bounce that says only whose it is.
    Recipient { recipient_hash: [u8; 16] },
    /// Not at all: it concerns its recipient, the account, or nobody knows what.
    Nothing,
}

impl Batch {
    /// A batch that is kept whole, for a reason that makes its elements unreadable or not worth reading.
    #[must_use]
    pub fn whole(claim: Claim, body: Bytes, reason: &'static str, detail: String) -> Self {
        let content = Content::Elements(Vec::new());
        let mut batch = Self { claim, entry: Entry::Arrived, body, noted: false, content };
        batch.keep_whole(reason, detail);
        batch
    }

    /// Gives up on its elements: the batch is kept as it was received.
    pub fn keep_whole(&mut self, reason: &'static str, detail: String) {
        self.content = Content::Whole(Held {
            batch_id: self.claim.id,
            ordinal: self.entry.whole(),
            source_id: self.claim.source_id,
            received_at: self.claim.received_at,
            reason,
            detail,
            raw: self.body.clone(),
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
    /// Whether it belongs to the fold of a message. An unknown event is seen in a message's timeline and concludes
    /// nothing, not even that there is a message.
    #[must_use]
    pub fn folds(&self) -> bool {
        self.fact.kind != EventKind::Unknown
    }

    /// As far as it takes to recognise it.
    #[must_use]
    pub fn sighting(&self) -> Sighting<'_> {
        Sighting {
            name: &self.row.name,
            at: self.fact.at,
            origin: self.fact.origin,
            batch: self.row.batch_id.as_u128(),
        }
    }

    fn held(&self, reason: &'static str, detail: String) -> Held {
        Held {
            batch_id: self.row.batch_id,
            ordinal: self.row.ordinal,
            source_id: self.row.source_id,
            received_at: self.row.received_at,
            reason,
            detail,
            raw: self.row.raw.0.clone(),
        }
    }
}
