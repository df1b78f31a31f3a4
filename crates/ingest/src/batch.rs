//! One accepted body as a message for the queue: untouched, with the envelope that says whose it is and when it came.

use bytes::Bytes;
use domain::{Origin, SourceId};
use hyper::HeaderMap;
use jiff::Timestamp;
use queue::Message;
use uuid::Uuid;
use wire::envelope::Envelope;

/// Gives the batch its id and wraps it. The id is a UUID of version 7 made from the receive time, so that the ledger's
/// rows lie in the order in which they came.
pub(crate) fn seal(
    source: SourceId,
    received_at: Timestamp,
    headers: &HeaderMap,
    body: Bytes,
) -> (Uuid, Message) {
    let (batch, traceparent) = (id(received_at), traceparent(headers));
    let envelope = Envelope { source, batch, received_at, origin: Origin::Webhook, traceparent };
    let headers = envelope.headers().into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    (envelope.batch, Message { id: envelope.id(), headers, body })
}

fn id(received_at: Timestamp) -> Uuid {
    // A clock before 1970 gives the epoch and a nanosecond is never negative after it: ids stay unique by their random
    // part.
    let seconds = u64::try_from(received_at.as_second()).unwrap_or(0);
    let nanoseconds = u32::try_from(received_at.subsec_nanosecond()).unwrap_or(0);
    Uuid::new_v7(uuid::Timestamp::from_unix(uuid::NoContext, seconds, nanoseconds))
}

/// The request's own trace, where it has one; the envelope leaves out what is not valid.
fn traceparent(headers: &HeaderMap) -> Option<String> {
    headers.get("traceparent")?.to_str().ok().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use hyper::header::HeaderValue;

    const TRACEPARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    #[test]
    fn a_sealed_batch_is_read_back_by_the_worker_with_its_body_untouched() {
        let received_at: Timestamp = "2026-03-04T05:06:07.089123Z".parse().unwrap();
        let mut headers = HeaderMap::new();
        headers.insert("traceparent", HeaderValue::from_static(TRACEPARENT));
        let (batch, message) = seal(SourceId(7), received_at, &headers, Bytes::from_static(b"[]\r\n"));
        let envelope = Envelope::read(Some(&message.id), &message.headers).unwrap();
        let traceparent = Some(TRACEPARENT.to_owned());
        let origin = Origin::Webhook;
        assert_eq!(envelope, Envelope { source: SourceId(7), batch, received_at, origin, traceparent });
        assert_eq!(message.body, &b"[]\r\n"[..]);
    }

    #[test]
    fn an_id_carries_the_millisecond_of_its_receive_time() {
        let received_at = Timestamp::from_millisecond(1_700_000_000_123).unwrap();
        let id = id(received_at);
        assert_eq!(id.get_version_num(), 7);
        let (seconds, nanoseconds) = id.get_timestamp().unwrap().to_unix();
        assert_eq!((seconds, nanoseconds / 1_000_000), (1_700_000_000, 123));
    }

    #[test]
    fn two_batches_of_one_instant_have_two_ids_and_no_clock_makes_it_fail() {
        for received_at in [Timestamp::UNIX_EPOCH, Timestamp::MIN, Timestamp::MAX] {
            assert_ne!(id(received_at), id(received_at));
        }
    }
}
