//! How much may be in hand: per endpoint and in all.
//!
//! Pure bookkeeping of one owner. An endpoint has at most a fixed number of requests in flight, so that a slow one
//! cannot take every slot. Beyond those, deliveries are leased ahead only as far as the endpoint will take them within
//! [`HORIZON`], judged by how long its last requests took: a fast endpoint is never kept waiting by the next poll, a slow
//! one holds no leases that it cannot use. Endpoints take turns.
//!
//! Further limits of an endpoint (its rate, what a 429 asked for) belong in `Place::room` and [`Desk::begin`].

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

/// How far ahead an endpoint's deliveries are leased. Ten times the pause between two polls.
pub const HORIZON: Duration = Duration::from_millis(100);

/// Most deliveries that are leased ahead for one endpoint.
pub const AHEAD_MAX: usize = 256;

/// Share of the newest request in an endpoint's pace.
const NEWEST: f64 = 0.2;

/// The bounds.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// Requests at the same time, to all endpoints.
    pub in_flight: usize,
    /// Requests at the same time to one endpoint.
    pub endpoint_in_flight: usize,
    /// Bytes of all notifications that are leased and not yet answered.
    pub body_bytes: u32,
}

/// What is waiting and what is in flight. `T` is a leased delivery.
#[derive(Debug)]
pub struct Desk<T> {
    bounds: Bounds,
    in_flight: usize,
    places: HashMap<i32, Place<T>>,
    /// Endpoints with something that may be sent now, each once.
    turns: VecDeque<i32>,
}

#[derive(Debug)]
struct Place<T> {
    waiting: VecDeque<T>,
    in_flight: usize,
    /// How long a request takes, in seconds; `None` before the first has ended.
    pace: Option<f64>,
    in_turns: bool,
}

impl<T> Desk<T> {
    #[must_use]
    pub fn new(bounds: Bounds) -> Self {
        Self { bounds, in_flight: 0, places: HashMap::new(), turns: VecDeque::new() }
    }

    /// How many more deliveries each known endpoint should be leased; for others it is [`Bounds::endpoint_in_flight`].
    #[must_use]
    pub fn rooms(&self) -> Vec<(i32, usize)> {
        self.places.iter().map(|(id, place)| (*id, place.room(self.bounds))).collect()
    }

    /// Takes in what a poll brought, and forgets endpoints that it brought nothing for and that have nothing in hand.
    pub fn accept(&mut self, leased: impl IntoIterator<Item = (i32, T)>) {
        for (endpoint, delivery) in leased {
            self.places.entry(endpoint).or_default().waiting.push_back(delivery);
            self.queue(endpoint);
        }
        self.places.retain(|_, place| place.in_flight > 0 || !place.waiting.is_empty());
    }

    /// The next delivery to send, counted as in flight until [`Self::done`]. Endpoints take turns.
    pub fn begin(&mut self) -> Option<(i32, T)> {
        if self.in_flight >= self.bounds.in_flight {
            return None;
        }
        let endpoint = self.turns.pop_front()?;
        let place = self.places.get_mut(&endpoint).expect("an endpoint in turns has a place");
        let delivery = place.waiting.pop_front().expect("an endpoint in turns has something waiting");
        place.in_turns = false;
        place.in_flight += 1;
        self.in_flight += 1;
        self.queue(endpoint);
        Some((endpoint, delivery))
    }

    /// A request has ended; `took` is `None` if nobody knows how long it took or nothing was sent.
    pub fn done(&mut self, endpoint: i32, took: Option<Duration>) {
        let place = self.places.get_mut(&endpoint).expect("a place stays while something is in flight");
        place.in_flight -= 1;
        self.in_flight -= 1;
        if let Some(took) = took {
            let took = took.as_secs_f64();
            place.pace = Some(place.pace.map_or(took, |pace| pace + NEWEST * (took - pace)));
        }
        self.queue(endpoint);
    }

    /// Everything that was not begun.
    pub fn clear(&mut self) -> Vec<T> {
        self.turns.clear();
        let places = self.places.values_mut();
        places
            .flat_map(|place| {
                place.in_turns = false;
                place.waiting.drain(..)
            })
            .collect()
    }

    #[must_use]
    pub fn in_flight(&self) -> usize {
        self.in_flight
    }

    fn queue(&mut self, endpoint: i32) {
        let Some(place) = self.places.get_mut(&endpoint) else { return };
        let may = !place.waiting.is_empty() && place.in_flight < self.bounds.endpoint_in_flight;
        if may && !place.in_turns {
            place.in_turns = true;
            self.turns.push_back(endpoint);
        }
    }
}

impl<T> Default for Place<T> {
    fn default() -> Self {
        Self { waiting: VecDeque::new(), in_flight: 0, pace: None, in_turns: false }
    }
}

impl<T> Place<T> {
    fn room(&self, bounds: Bounds) -> usize {
        let slots = bounds.endpoint_in_flight;
        let ahead = self.pace.map_or(0.0, |pace| slots as f64 * HORIZON.as_secs_f64() / pace.max(1e-6));
        // A float that is too large for the type becomes its maximum.
        let wanted = slots + (ahead as usize).min(AHEAD_MAX);
        wanted.saturating_sub(self.in_flight + self.waiting.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOUNDS: Bounds = Bounds { in_flight: 10, endpoint_in_flight: 4, body_bytes: 1_000 };

    fn desk(waiting: &[(i32, usize)]) -> Desk<usize> {
        let mut desk = Desk::new(BOUNDS);
        desk.accept(waiting.iter().flat_map(|(endpoint, count)| (0..*count).map(|n| (*endpoint, n))));
        desk
    }

    fn started(desk: &mut Desk<usize>) -> Vec<i32> {
        std::iter::from_fn(|| desk.begin()).map(|(endpoint, _)| endpoint).collect()
    }

    #[test]
    fn an_endpoint_never_has_more_than_its_bound_in_flight() {
        let mut desk = desk(&[(1, 50), (2, 2)]);
        assert_eq!(started(&mut desk), [1, 2, 1, 2, 1, 1]);
        desk.done(2, None);
        assert!(started(&mut desk).is_empty());
        desk.done(1, None);
        assert_eq!(started(&mut desk), [1]);
    }

    #[test]
    fn all_endpoints_together_stay_below_the_bound_and_take_turns() {
        let mut desk = desk(&[(1, 9), (2, 9), (3, 9)]);
        assert_eq!(started(&mut desk), [1, 2, 3, 1, 2, 3, 1, 2, 3, 1]);
        assert_eq!(desk.in_flight(), 10);
        desk.done(3, None);
        assert_eq!(started(&mut desk), [2]);
    }

    #[test]
    fn a_fast_endpoint_is_leased_ahead_and_a_slow_one_is_not() {
        for (took_ms, ahead) in [(1, AHEAD_MAX), (10, 40), (100, 4), (15_000, 0)] {
            let mut desk = desk(&[(1, 2)]);
            assert_eq!(desk.rooms(), [(1, 2)], "nothing is known of it yet");
            desk.begin();
            desk.done(1, Some(Duration::from_millis(took_ms)));
            assert_eq!(desk.rooms(), [(1, 4 + ahead - 1)], "{took_ms} ms");
        }
    }

    #[test]
    fn a_full_endpoint_has_no_room() {
        assert_eq!(desk(&[(1, 4)]).rooms(), [(1, 0)]);
        assert_eq!(desk(&[(1, 400)]).rooms(), [(1, 0)]);
    }

    #[test]
    fn an_idle_endpoint_is_forgotten_when_a_poll_brings_nothing_for_it() {
        let mut desk = desk(&[(1, 1), (2, 1)]);
        assert_eq!(started(&mut desk).len(), 2);
        desk.done(1, None);
        desk.accept([]);
        assert_eq!(desk.rooms(), [(2, 3)]);
        desk.done(2, None);
        desk.accept([(2, 0)]);
        assert_eq!(desk.rooms(), [(2, 3)]);
    }

    #[test]
    fn what_was_not_begun_can_be_given_back_while_the_rest_is_in_flight() {
        let mut desk = desk(&[(1, 9), (2, 1)]);
        assert_eq!(started(&mut desk).len(), 5);
        assert_eq!(desk.clear(), [4, 5, 6, 7, 8]);
        assert!(started(&mut desk).is_empty());
        for endpoint in [1, 1, 1, 1, 2] {
            desk.done(endpoint, None);
        }
        assert_eq!(desk.in_flight(), 0);
    }
}
