//! A delivery's envelope, and what follows from it before the body is read.
//!
//! Whatever is wrong with a delivery becomes a reason to keep it whole: nothing that the broker holds is refused.

use crate::batch::Batch;
use crate::flow::Lane;
use crate::sources::Sources;
use bytes::Bytes;
use domain::SourceId;
use jiff::Timestamp;
use queue::Delivery;
use store::batch::{Claim, day};
use uuid::Uuid;
use wire::envelope::Envelope;

/// A delivery whose envelope has been looked at.
pub(crate) struct Opened<'a> {
    pub(crate) claim: Claim,
    body: &'a Bytes,
    pub(crate) redelivered: bool,
    /// Why the envelope cannot be relied on.
    broken: Option<String>,
}

impl<'a> Opened<'a> {
    pub(crate) fn new(delivery: &'a Delivery, received: Timestamp) -> Self {
        let message = &delivery.message;
        let (claim, broken) = match Envelope::read(Some(message.id.as_str()), &message.headers) {
            Ok(envelope) => {
                tracing::debug!(batch.id = %envelope.batch, traceparent = envelope.traceparent, "taken");
                let (source_id, received_at) = (envelope.source.0, envelope.received_at);
                (Claim { id: envelope.batch, source_id, received_at }, None)
            }
            Err(error) => {
                // Something that ingest did not write. Its bytes and the day name it: a redelivery is recognised, and the
                // same bytes on another day are another batch, as they are to the ledger.
                let id = wire::key::body(day(received), &message.body);
                let claim =
                    Claim { id: Uuid::from_bytes(id), source_id: SourceId::NONE.0, received_at: received };
                (claim, Some(error.to_string()))
            }
        };
        Self { claim, body: &message.body, redelivered: delivery.redelivered, broken }
    }

    /// What there is to apply.
    pub(crate) fn read(self, lane: Lane, sources: &Sources) -> Batch {
        if let Some(detail) = self.broken.clone() {
            return self.unread("bad_envelope", detail);
        }
        if lane == Lane::Parked {
            return self.unread("parked", "the broker gave up delivering it".to_owned());
        }
        match sources.get(self.claim.source_id) {
            Some(source) => crate::read::batch(self.claim, self.body.clone(), source),
            None => {
                let detail = format!("no source has id {}", self.claim.source_id);
                self.unread("unknown_source", detail)
            }
        }
    }

    /// The source that has to be known to read it.
    pub(crate) fn source(&self) -> Option<i32> {
        self.broken.is_none().then_some(self.claim.source_id)
    }

    /// Kept whole, unread.
    pub(crate) fn unread(self, reason: &'static str, detail: String) -> Batch {
        Batch::whole(self.claim, self.body.clone(), reason, detail)
    }
}
