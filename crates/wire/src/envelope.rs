//! What a message of the queue is: a batch, beside whose body ingest says what it knows in headers, a batch of events that
//! were recovered from SendGrid's records, or an instruction to the workers ([`Instruction`]).
//!
//! The version comes first: a worker refuses an envelope from a release that it does not know, and headers that it
//! does not know (the broker adds its own) are left alone. Instructions and recovered batches have versions of their own:
//! a worker that knows only batches never takes an instruction for one, and never takes what was recovered for what the
//! webhook told, which would count it twice.

mod instruction;

pub use instruction::{Instruction, REPLAY_MESSAGES_MAX};

use domain::{Origin, SourceId};
use jiff::Timestamp;
use uuid::Uuid;

/// Version of the headers of a batch that the webhook brought.
pub const VERSION: &str = "1";

/// Version of an instruction: its body is JSON and says what is to be done. Any other number is
/// [`EnvelopeError::UnknownVersion`].
pub const INSTRUCTION_VERSION: &str = "2";

/// Version of the headers of a batch of recovered events: those of [`VERSION`] and the origin.
pub const RECOVERED_VERSION: &str = "3";

const HEADER_VERSION: &str = "x-sendstate-envelope";
const HEADER_SOURCE: &str = "x-sendstate-source";
const HEADER_RECEIVED_AT: &str = "x-sendstate-received-at";
const HEADER_ORIGIN: &str = "x-sendstate-origin";
const HEADER_TRACEPARENT: &str = "traceparent";

/// One accepted batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope {
    pub source: SourceId,
    /// Version 7, given by ingest, or by whoever recovered the events. Travels as the message's own id, so that the broker's
    /// return of a message and the ledger's row name the same thing.
    pub batch: Uuid,
    /// When ingest had received the whole body, or the events were recovered.
    pub received_at: Timestamp,
    /// How its events came to be known; all of them the same way.
    pub origin: Origin,
    /// W3C Trace Context of the request, if it had a valid one.
    pub traceparent: Option<String>,
}

/// The envelope cannot be used; waiting or trying again changes nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EnvelopeError {
    #[error("the message has no id")]
    MissingId,
    #[error("the message's id is not a UUID")]
    BadId,
    #[error("the header {0} is missing")]
    MissingHeader(&'static str),
    #[error("the header {0} cannot be read")]
    BadHeader(&'static str),
    #[error(
        "the envelope is of version {0:?}, known are {VERSION:?}, {INSTRUCTION_VERSION:?} and {RECOVERED_VERSION:?}"
    )]
    UnknownVersion(String),
    #[error("the instruction cannot be read: {0}")]
    BadInstruction(String),
}

/// A message of the queue, recognised.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Incoming {
    Batch(Envelope),
    Instruction(Instruction),
}

impl Incoming {
    /// # Errors
    ///
    /// Says the first thing that is missing, unreadable or of an unknown version.
    pub fn read(id: Option<&str>, headers: &[(String, String)], body: &[u8]) -> Result<Self, EnvelopeError> {
        match find(headers, HEADER_VERSION) {
            Some(INSTRUCTION_VERSION) => Instruction::read(body).map(Self::Instruction),
            _ => Envelope::read(id, headers).map(Self::Batch),
        }
    }
}

fn find<'a>(headers: &'a [(String, String)], name: &str) -> Option<&'a str> {
    headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
}

impl Envelope {
    /// The message's id on the queue.
    #[must_use]
    pub fn id(&self) -> String {
        self.batch.to_string()
    }

    /// An invalid `traceparent` is left out: tracing is no reason to lose a batch.
    #[must_use]
    pub fn headers(&self) -> Vec<(&'static str, String)> {
        let version = match self.origin {
            Origin::Webhook => VERSION,
            Origin::Reconcile => RECOVERED_VERSION,
        };
        let mut headers = vec![
            (HEADER_VERSION, version.to_owned()),
            (HEADER_SOURCE, self.source.0.to_string()),
            (HEADER_RECEIVED_AT, self.received_at.to_string()),
        ];
        if self.origin != Origin::Webhook {
            headers.push((HEADER_ORIGIN, self.origin.as_str().to_owned()));
        }
        let traceparent = self.traceparent.as_deref().filter(|text| is_traceparent(text));
        headers.extend(traceparent.map(|text| (HEADER_TRACEPARENT, text.to_owned())));
        headers
    }

    /// # Errors
    ///
    /// Says the first thing that is missing, unreadable or of an unknown version.
    pub fn read(id: Option<&str>, headers: &[(String, String)]) -> Result<Self, EnvelopeError> {
        let need = |name| find(headers, name).ok_or(EnvelopeError::MissingHeader(name));
        let origin = match need(HEADER_VERSION)? {
            VERSION => Origin::Webhook,
            RECOVERED_VERSION => Origin::parse(need(HEADER_ORIGIN)?)
                .filter(|origin| *origin != Origin::Webhook)
                .ok_or(EnvelopeError::BadHeader(HEADER_ORIGIN))?,
            unknown => return Err(EnvelopeError::UnknownVersion(unknown.chars().take(16).collect())),
        };
        let batch = id.ok_or(EnvelopeError::MissingId)?;
        let source = need(HEADER_SOURCE)?.parse().map_err(|_| EnvelopeError::BadHeader(HEADER_SOURCE))?;
        // Nothing was received before there was anything to receive with; the database could not hold every earlier time.
        let received_at = need(HEADER_RECEIVED_AT)?
            .parse()
            .ok()
            .filter(|at| *at >= Timestamp::UNIX_EPOCH)
            .ok_or(EnvelopeError::BadHeader(HEADER_RECEIVED_AT))?;
        Ok(Self {
            source: SourceId(source),
            batch: Uuid::try_parse(batch).map_err(|_| EnvelopeError::BadId)?,
            received_at,
            origin,
            traceparent: find(headers, HEADER_TRACEPARENT)
                .filter(|text| is_traceparent(text))
                .map(str::to_owned),
        })
    }
}

/// Version 00 of the W3C recommendation: four fields of lower-case hexadecimal digits, neither id all zero.
fn is_traceparent(text: &str) -> bool {
    let fields = text.split('-').collect::<Vec<_>>();
    let hexadecimal = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    let some = |field: &str| field.bytes().any(|byte| byte != b'0');
    matches!(fields[..], ["00", trace, parent, flags]
        if [trace.len(), parent.len(), flags.len()] == [32, 16, 2]
            && [trace, parent, flags].iter().all(|field| field.bytes().all(hexadecimal))
            && some(trace)
            && some(parent))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn envelope() -> Envelope {
        Envelope {
            source: SourceId(7),
            batch: Uuid::from_u128(0x0190_1b2c_3d4e_7f60_8a9b_acbd_cedf_e0f1),
            received_at: "2026-03-04T05:06:07.089123Z".parse().unwrap(),
            origin: Origin::Webhook,
            traceparent: Some("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".to_owned()),
        }
    }

    fn owned(headers: Vec<(&str, String)>) -> Vec<(String, String)> {
        headers.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    }

    #[test]
    fn what_is_written_is_read_back() {
        let origins = [Origin::Webhook, Origin::Reconcile];
        for (traceparent, origin) in [envelope().traceparent, None].into_iter().zip(origins) {
            let envelope = Envelope { traceparent, origin, ..envelope() };
            let mut headers = owned(envelope.headers());
            headers.push(("x-delivery-count".to_owned(), "3".to_owned()));
            assert_eq!(Envelope::read(Some(&envelope.id()), &headers), Ok(envelope));
        }
    }

    #[test]
    fn version_one_is_spelled_as_it_always_was() {
        let headers = owned(envelope().headers());
        let expected = [
            ("x-sendstate-envelope", "1"),
            ("x-sendstate-source", "7"),
            ("x-sendstate-received-at", "2026-03-04T05:06:07.089123Z"),
            ("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
        ];
        assert_eq!(headers, owned(expected.map(|(name, value)| (name, value.to_owned())).to_vec()));
        assert_eq!(envelope().id(), "01901b2c-3d4e-7f60-8a9b-acbdcedfe0f1");
    }

    #[test]
    fn what_was_recovered_has_a_version_that_a_worker_without_that_rule_refuses() {
        let recovered = Envelope { origin: Origin::Reconcile, traceparent: None, ..envelope() };
        let headers = owned(recovered.headers());
        let expected = [
            ("x-sendstate-envelope", "3"),
            ("x-sendstate-source", "7"),
            ("x-sendstate-received-at", "2026-03-04T05:06:07.089123Z"),
            ("x-sendstate-origin", "reconcile"),
        ];
        assert_eq!(headers, owned(expected.map(|(name, value)| (name, value.to_owned())).to_vec()));
        let incoming = Incoming::read(Some(&recovered.id()), &headers, b"[]");
        assert_eq!(incoming, Ok(Incoming::Batch(recovered.clone())));
        for origin in [None, Some("webhook"), Some("elsewhere")] {
            let mut headers = owned(recovered.headers());
            headers.retain(|(name, _)| name != HEADER_ORIGIN);
            headers.extend(origin.map(|origin| (HEADER_ORIGIN.to_owned(), origin.to_owned())));
            let error = match origin {
                None => EnvelopeError::MissingHeader(HEADER_ORIGIN),
                Some(_) => EnvelopeError::BadHeader(HEADER_ORIGIN),
            };
            assert_eq!(Envelope::read(Some(&recovered.id()), &headers), Err(error), "{origin:?}");
        }
    }

    #[test]
    fn every_missing_or_unreadable_part_is_named() {
        let id = envelope().id();
        assert_eq!(Envelope::read(None, &owned(envelope().headers())), Err(EnvelopeError::MissingId));
        assert_eq!(Envelope::read(Some("7"), &owned(envelope().headers())), Err(EnvelopeError::BadId));
        for name in [HEADER_VERSION, HEADER_SOURCE, HEADER_RECEIVED_AT] {
            let mut headers = owned(envelope().headers());
            headers.retain(|(key, _)| key != name);
            assert_eq!(Envelope::read(Some(&id), &headers), Err(EnvelopeError::MissingHeader(name)));
            headers.push((name.to_owned(), "?".to_owned()));
            let error = if name == HEADER_VERSION {
                EnvelopeError::UnknownVersion("?".to_owned())
            } else {
                EnvelopeError::BadHeader(name)
            };
            assert_eq!(Envelope::read(Some(&id), &headers), Err(error));
        }
    }

    #[test]
    fn an_invalid_traceparent_is_left_out_on_both_sides() {
        for text in [
            "",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331",
            "00-00000000000000000000000000000000-b7ad6b7169203331-01",
            "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
            "01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\nx: y",
        ] {
            let envelope = Envelope { traceparent: Some(text.to_owned()), ..envelope() };
            assert!(envelope.headers().iter().all(|(name, _)| *name != HEADER_TRACEPARENT), "{text}");
            let mut headers = owned(envelope.headers());
            headers.push((HEADER_TRACEPARENT.to_owned(), text.to_owned()));
            assert_eq!(Envelope::read(Some(&envelope.id()), &headers).unwrap().traceparent, None, "{text}");
        }
    }
}
