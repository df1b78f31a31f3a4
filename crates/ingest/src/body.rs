//! Reading a body whole, as the bytes that were sent, inside its bounds; and letting go of one that nobody wants.

use crate::answer::Refusal;
use crate::room::Place;
use bytes::Bytes;
use http_body_util::BodyExt as _;
use hyper::body::{Body, Incoming};
use hyper::header::EXPECT;
use hyper::http::request::Parts;
use std::time::Duration;
use tokio::time::timeout;

/// How long and how much of an unwanted body is read away after the answer. Closing a socket with unread bytes resets
/// the connection, and the reset can overtake the answer: the sender would see a broken pipe instead of a reason.
const DISCARD_TIME: Duration = Duration::from_secs(2);
const DISCARD_BYTES_MAX: usize = 8 << 20;

/// Most memory that is set aside on an announcement alone; more comes with the bytes. Usual batches fit.
const CAPACITY_FIRST_MAX: usize = 64 * 1024;

/// The announced size, absent for a chunked body.
///
/// # Errors
///
/// [`Refusal::BodyTooLarge`] if the announcement alone is over the limit.
pub(crate) fn announced(body: &impl Body, max: u64) -> Result<Option<u64>, Refusal> {
    match body.size_hint().exact() {
        Some(bytes) if bytes > max => Err(Refusal::BodyTooLarge),
        announced => Ok(announced),
    }
}

/// Reads the whole body; every byte is covered by the place before it is kept.
///
/// # Errors
///
/// [`Refusal::BodyTooLarge`], [`Refusal::BodyTimeout`], [`Refusal::BodyIncomplete`], or [`Refusal::Overloaded`] when
/// the room has filled up meanwhile.
pub(crate) async fn collect<B>(
    body: &mut B,
    place: &mut Place,
    max: u64,
    patience: Duration,
) -> Result<Bytes, Refusal>
where
    B: Body<Data = Bytes> + Unpin,
{
    let announced = announced(body, max)?.and_then(|bytes| usize::try_from(bytes).ok()).unwrap_or(0);
    let reading = async {
        let mut whole = Vec::with_capacity(announced.min(CAPACITY_FIRST_MAX));
        while let Some(frame) = body.frame().await {
            // Trailers say nothing that we would believe.
            let Ok(chunk) = frame.map_err(|_| Refusal::BodyIncomplete)?.into_data() else { continue };
            let bytes = (whole.len() + chunk.len()) as u64;
            if bytes > max {
                return Err(Refusal::BodyTooLarge);
            }
            place.cover(bytes)?;
            whole.extend_from_slice(&chunk);
        }
        // A slice has no spare capacity: from here on memory is what the place covers.
        Ok(whole.into_boxed_slice().into())
    };
    timeout(patience, reading).await.unwrap_or(Err(Refusal::BodyTimeout))
}

/// Reads away what is left of a refused request's body, within bounds, beside the answer.
pub(crate) fn discard(head: &Parts, mut body: Incoming) {
    // Whoever asks first has sent nothing yet, and reading would invite it.
    if body.is_end_stream() || head.headers.contains_key(EXPECT) {
        return;
    }
    tokio::spawn(timeout(DISCARD_TIME, async move {
        let mut left = DISCARD_BYTES_MAX;
        while let Some(Ok(frame)) = body.frame().await {
            let bytes = frame.data_ref().map_or(0, Bytes::len);
            let Some(less) = left.checked_sub(bytes) else { return };
            left = less;
        }
    }));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::room::Room;
    use http_body_util::{Full, channel::Channel};

    const LONG: Duration = Duration::from_secs(20);

    #[tokio::test]
    async fn a_body_arrives_as_the_bytes_that_were_sent() {
        let mut place = Room::new(1, 100).enter(5).unwrap();
        let mut body = Full::new(Bytes::from_static(b"[{}]\r"));
        assert_eq!(collect(&mut body, &mut place, 5, LONG).await.unwrap(), &b"[{}]\r"[..]);
    }

    #[test]
    fn an_announcement_over_the_limit_is_refused_before_reading() {
        let body = Full::new(Bytes::from_static(b"[{}]\r"));
        assert_eq!(announced(&body, 4), Err(Refusal::BodyTooLarge));
        assert_eq!(announced(&body, 5), Ok(Some(5)));
    }

    #[tokio::test]
    async fn a_body_without_announcement_is_refused_when_it_passes_the_limit_or_the_room() {
        for (max, room, refusal) in [(5, 100, Refusal::BodyTooLarge), (100, 5, Refusal::Overloaded)] {
            let mut place = Room::new(1, room).enter(0).unwrap();
            let (mut sender, mut body) = Channel::<Bytes>::new(2);
            sender.send_data(Bytes::from_static(b"123")).await.unwrap();
            sender.send_data(Bytes::from_static(b"456")).await.unwrap();
            assert_eq!(collect(&mut body, &mut place, max, LONG).await, Err(refusal));
        }
    }

    #[tokio::test]
    async fn a_body_that_stalls_is_given_up() {
        let mut place = Room::new(1, 100).enter(0).unwrap();
        let (mut sender, mut body) = Channel::<Bytes>::new(1);
        sender.send_data(Bytes::from_static(b"123")).await.unwrap();
        let stalled = collect(&mut body, &mut place, 100, Duration::from_millis(10)).await;
        assert_eq!(stalled, Err(Refusal::BodyTimeout));
    }

    #[tokio::test]
    async fn a_body_that_breaks_off_is_incomplete() {
        let mut place = Room::new(1, 100).enter(0).unwrap();
        let (mut sender, mut body) = Channel::<Bytes, std::io::Error>::new(1);
        sender.send_data(Bytes::from_static(b"123")).await.unwrap();
        sender.abort(std::io::ErrorKind::ConnectionReset.into());
        assert_eq!(collect(&mut body, &mut place, 100, LONG).await, Err(Refusal::BodyIncomplete));
    }
}
