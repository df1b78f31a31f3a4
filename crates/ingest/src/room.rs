//! How much may be in hand at once: requests, and bytes of their bodies. Beyond it requests are refused, not queued:
//! SendGrid waits better than we do.

use crate::answer::Refusal;
use crate::metrics;
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The bound. Clones share it.
#[derive(Clone, Debug)]
pub(crate) struct Room {
    requests: Arc<Semaphore>,
    bytes: Arc<Semaphore>,
}

/// One request's share of it, given back when dropped.
#[derive(Debug)]
pub(crate) struct Place {
    room: Room,
    bytes: OwnedSemaphorePermit,
    _request: OwnedSemaphorePermit,
    _counted: metrics::InFlight,
}

impl Room {
    /// `bytes` above what a semaphore counts (far more than memory on 64 bits) are taken as its maximum.
    pub(crate) fn new(requests: usize, bytes: u64) -> Self {
        let bytes = usize::try_from(bytes).unwrap_or(usize::MAX).min(Semaphore::MAX_PERMITS);
        Self { requests: Arc::new(Semaphore::new(requests)), bytes: Arc::new(Semaphore::new(bytes)) }
    }

    /// A place for a request whose body is announced to be of this size, 0 if unknown.
    ///
    /// # Errors
    ///
    /// [`Refusal::Overloaded`].
    pub(crate) fn enter(&self, announced: u64) -> Result<Place, Refusal> {
        let request = Arc::clone(&self.requests).try_acquire_owned().map_err(|_| Refusal::Overloaded)?;
        let bytes = self.take(announced)?;
        Ok(Place { room: self.clone(), bytes, _request: request, _counted: metrics::InFlight::new() })
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
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_request_too_many_is_refused_and_a_finished_one_makes_room() {
        let room = Room::new(2, 100);
        let (first, _second) = (room.enter(0).unwrap(), room.enter(0).unwrap());
        assert_eq!(room.enter(0).unwrap_err(), Refusal::Overloaded);
        drop(first);
        room.enter(0).unwrap();
    }

    #[test]
    fn announced_bytes_are_taken_before_any_is_read() {
        let room = Room::new(10, 100);
        let first = room.enter(60).unwrap();
        assert_eq!(room.enter(41).unwrap_err(), Refusal::Overloaded);
        room.enter(40).unwrap();
        drop(first);
        room.enter(100).unwrap();
    }

    #[test]
    fn a_body_of_unknown_size_takes_as_it_grows_and_gives_everything_back() {
        let room = Room::new(10, 100);
        let mut growing = room.enter(0).unwrap();
        growing.cover(60).unwrap();
        growing.cover(50).unwrap();
        assert_eq!(room.enter(41).unwrap_err(), Refusal::Overloaded);
        assert_eq!(growing.cover(101), Err(Refusal::Overloaded));
        growing.cover(100).unwrap();
        drop(growing);
        room.enter(100).unwrap();
    }
}
