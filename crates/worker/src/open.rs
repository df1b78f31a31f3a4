//! What the broker delivered, recognised: a batch with its envelope, or an instruction; and what follows from that before
//! a body is read.
//!
//! Whatever is wrong with a delivery becomes a reason to keep it whole: nothing that the broker holds is refused.

use crate::batch::Batch;
use crate::flow::Lane;
use crate::sources::Sources;
use bytes::Bytes;
use domain::{Origin, SourceId};
use jiff::Timestamp;
use queue::Delivery;
use store::batch::{Claim, day};
use uuid::Uuid;
use wire::envelope::{Incoming, Instruction};

/// A delivery that has been looked at.
pub(crate) enum Opened<'a> {
    Batch(OpenedBatch<'a>),
    Instruction(OpenedInstruction),
}

/// A batch, not read yet.
pub(crate) struct OpenedBatch<'a> {
    pub(crate) claim: Claim,
    body: &'a Bytes,
    pub(crate) redelivered: bool,
    /// Why the envelope cannot be relied on.
    broken: Option<String>,
}

/// An instruction of the `sendstate` command.
pub(crate) struct OpenedInstruction {
    /// For the note of its beginning, if it comes again.
    pub(crate) id: Uuid,
    pub(crate) instruction: Instruction,
    pub(crate) redelivered: bool,
}

/// Looks at a delivery.
pub(crate) fn open(delivery: &Delivery, received: Timestamp) -> Opened<'_> {
    let (message, redelivered) = (&delivery.message, delivery.redelivered);
    let by_bytes = || Uuid::from_bytes(wire::key::body(day(received), &message.body));
    let (claim, broken) = match Incoming::read(Some(message.id.as_str()), &message.headers, &message.body) {
        Ok(Incoming::Instruction(instruction)) => {
            let id = Uuid::try_parse(&message.id).unwrap_or_else(|_| by_bytes());
            return Opened::Instruction(OpenedInstruction { id, instruction, redelivered });
        }
        Ok(Incoming::Batch(envelope)) => {
            tracing::debug!(batch.id = %envelope.batch, traceparent = envelope.traceparent, "taken");
            let (source_id, received_at) = (envelope.source.0, envelope.received_at);
            (Claim { id: envelope.batch, source_id, received_at, origin: envelope.origin }, None)
        }
        Err(error) => {
            // Something that neither ingest nor the command wrote. Its bytes and the day name it: a redelivery is
            // recognised, and the same bytes on another day are another batch, as they are to the ledger.
            let (source_id, origin) = (SourceId::NONE.0, Origin::Webhook);
            let claim = Claim { id: by_bytes(), source_id, received_at: received, origin };
            (claim, Some(error.to_string()))
        }
    };
    Opened::Batch(OpenedBatch { claim, body: &message.body, redelivered, broken })
}

impl OpenedBatch<'_> {
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
