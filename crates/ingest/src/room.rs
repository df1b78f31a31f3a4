//! How much may be in hand at once: bytes of bodies, and requests that await the broker. Beyond it requests are refused,
//! not queued: SendGrid waits better than we do.
//!
//! Nothing is held on a stranger's word. Bytes are taken as they arrive, not as they are announced, and a turn at the
//! broker only once the signature is right: whoever wants to fill the room has to send what fills it. Requests that
//! still wait for their bodies are as many as there are connections, which the listener bounds, each no longer than
//! the body's timeout.

use crate::answer::Refusal;
use crate::metrics;
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The bound. Clones share it.
#[derive(Clone, Debug)]
pub(crate) struct Room {
    turns: Arc<Semaphore>,
    bytes: Arc<Semaphore>,
}

/// One request's share of it, given back when dropped.
#[derive(Debug)]
pub(crate) struct Place {
    room: Room,
    bytes: OwnedSemaphorePermit,
    _counted: metrics::InFlight,
}

/// The right to await the broker, given back when dropped.
#[derive(Debug)]
pub(crate) struct Turn(#[expect(dead_code, reason = "held for its drop")] OwnedSemaphorePermit);

impl Room {
    /// `bytes` above what a semaphore counts (far more than memory on 64 bits) are taken as its maximum.
    pub(crate) fn new(turns: usize, bytes: u64) -> Self {
        let bytes = usize::try_from(bytes).unwrap_or(usize::MAX).min(Semaphore::MAX_PERMITS);
        Self { turns: Arc::new(Semaphore::new(turns)), bytes: Arc::new(Semaphore::new(bytes)) }
    }

    /// A place for a request whose body is announced to be of this size, 0 if unknown. Takes nothing yet.
    ///
    /// # Errors
    ///
    /// [`Refusal::Overloaded`] if the request could not be finished as things are: better said before its body is sent.
    pub(crate) fn enter(&self, announced: u64) -> Result<Place, Refusal> {
        if self.turns.available_permits() == 0 || (self.bytes.available_permits() as u64) < announced {
            return Err(Refusal::Overloaded);
        }
        Ok(Place { room: self.clone(), bytes: self.take(0)?, _counted: metrics::InFlight::new() })
    }

    fn take(&self, bytes: u64) -> Result<OwnedSemaphorePermit, Refusal> {
        let bytes = u32::try_from(bytes).map_err(|_| Refusal::Overloaded)?;
        Arc::clone(&self.bytes).try_acquire_many_owned(bytes).map_err(|_| Refusal::Overloaded)
    }
}

impl Place {
    /// Makes sure that this many bytes in total are covered.
    ///
    /// # Errors
    ///
    /// [`Refusal::Overloaded`]; what was covered stays covered.
    pub(crate) fn cover(&mut self, bytes: u64) -> Result<(), Refusal> {
        let more = bytes.saturating_sub(self.bytes.num_permits() as u64);
        if more > 0 {
            self.bytes.merge(self.room.take(more)?);
        }
        Ok(())
    }

    /// A turn at the broker, for a request that has proven where it comes from.
    ///
    /// # Errors
    ///
    /// [`Refusal::Overloaded`].
    pub(crate) fn turn(&self) -> Result<Turn, Refusal> {
        let turn = Arc::clone(&self.room.turns).try_acquire_owned();
        turn.map(Turn).map_err(|_| Refusal::Overloaded)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_turn_at_the_broker_nobody_enters_and_a_finished_one_makes_room() {
        let room = Room::new(2, 100);
        let places = [room.enter(0).unwrap(), room.enter(0).unwrap(), room.enter(0).unwrap()];
        let (first, _second) = (places[0].turn().unwrap(), places[1].turn().unwrap());
        assert_eq!(places[2].turn().unwrap_err(), Refusal::Overloaded);
        assert_eq!(room.enter(0).unwrap_err(), Refusal::Overloaded);
        drop(first);
        room.enter(0).unwrap().turn().unwrap();
    }

    #[test]
    fn requests_that_announce_and_send_nothing_leave_the_whole_room_to_others() {
        let room = Room::new(2, 100);
        let _idle: Vec<_> = (0..1_000).map(|_| room.enter(100).unwrap()).collect();
        let mut other = room.enter(100).unwrap();
        other.cover(100).unwrap();
        other.turn().unwrap();
    }

    #[test]
    fn an_announcement_that_does_not_fit_now_is_refused_before_it_is_sent() {
        let room = Room::new(10, 100);
        let mut first = room.enter(60).unwrap();
        first.cover(60).unwrap();
        assert_eq!(room.enter(41).unwrap_err(), Refusal::Overloaded);
        room.enter(40).unwrap();
        drop(first);
        room.enter(100).unwrap();
    }

    #[test]
    fn a_body_takes_as_it_grows_and_gives_everything_back() {
        let room = Room::new(10, 100);
        let mut growing = room.enter(0).unwrap();
        growing.cover(60).unwrap();
        growing.cover(50).unwrap();
        assert_eq!(room.enter(41).unwrap_err(), Refusal::Overloaded);
        assert_eq!(growing.cover(101), Err(Refusal::Overloaded));
        growing.cover(100).unwrap();
        drop(growing);
        room.enter(100).unwrap().cover(100).unwrap();
    }
}
