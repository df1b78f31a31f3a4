//! How much this process may have in hand: per endpoint and in all.
//!
//! Pure bookkeeping of one owner. An endpoint has at most so many requests in flight at the same time, so that a slow one
//! cannot take every slot: as many as it asks for, or the dispatcher's own bound. Beyond those, deliveries of an endpoint
//! that asks for nothing are leased ahead, as far as it will take them within [`HORIZON`], judged by how long its last
//! requests took: a fast endpoint is never kept waiting by the next poll, a slow one holds no leases that it cannot use.
//! Nor may one endpoint hold so many deliveries or bytes that the looks for all the others would have to wait for it.
//!
//! Endpoints take turns; within an endpoint its two lanes do. What it may be sent over all dispatchers (its rate, its
//! breaker) is decided when deliveries are leased: see `rooms`.

mod lane;

pub use lane::Lane;

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

/// How far ahead an endpoint's deliveries are leased. Ten times the pause between two polls.
pub const HORIZON: Duration = Duration::from_millis(100);

/// Most deliveries that are leased ahead for one endpoint.
pub const AHEAD_MAX: usize = 256;

/// Share of the newest request in an endpoint's pace.
const NEWEST: f64 = 0.2;

/// Part of all bytes beyond which an endpoint that holds them is leased nothing more.
const BYTES_SHARE: usize = 4;

/// The bounds.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// Requests at the same time, to all endpoints.
    pub in_flight: usize,
    /// Requests at the same time to one endpoint that does not say how many it wants.
    pub endpoint_in_flight: usize,
    /// Bytes of all notifications that are leased and not yet answered.
    pub body_bytes: u32,
}

impl Bounds {
    /// Requests at the same time to an endpoint that asks for `concurrency`. However many those are, it never gets all.
    #[must_use]
    pub fn slots(&self, concurrency: Option<usize>) -> usize {
        let own = self.endpoint_in_flight;
        concurrency.map_or(own, |concurrency| concurrency.min(own.max(self.in_flight / 2)))
    }
}

/// What this process has of an endpoint, and how much more it wants.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Local {
    /// Waiting or in flight, by lane.
    pub in_hand: [usize; 2],
    /// Deliveries that may be leased on top.
    pub room: usize,
}

/// A leased delivery that comes in.
#[derive(Debug)]
pub struct Arrival<T> {
    pub endpoint: i32,
    pub lane: Lane,
    /// Requests at the same time that the endpoint asks for.
    pub concurrency: Option<usize>,
    /// Whether the endpoint asks for a rate.
    pub paced: bool,
    /// Of its notification.
    pub bytes: usize,
    pub delivery: T,
}

/// Stands for a request in flight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ticket {
    pub endpoint: i32,
    pub lane: Lane,
    bytes: usize,
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
    /// With their bytes, by lane.
    waiting: [VecDeque<(usize, T)>; 2],
    /// By lane.
    in_flight: [usize; 2],
    bytes: usize,
    concurrency: Option<usize>,
    paced: bool,
    /// How long a request takes, in seconds; `None` before the first has ended.
    pace: Option<f64>,
    /// Of the request begun last.
    last: Lane,
    in_turns: bool,
}

impl<T> Desk<T> {
    #[must_use]
    pub fn new(bounds: Bounds) -> Self {
        Self { bounds, in_flight: 0, places: HashMap::new(), turns: VecDeque::new() }
    }

    /// What is known of endpoints that something is in hand of; of others there is nothing, and room for their slots.
    #[must_use]
    pub fn locals(&self) -> HashMap<i32, Local> {
        self.places.iter().map(|(id, place)| (*id, place.local(self.bounds))).collect()
    }

    /// Takes in what a poll brought, and forgets endpoints that it brought nothing for and that have nothing in hand.
    pub fn accept(&mut self, arrivals: impl IntoIterator<Item = Arrival<T>>) {
        for Arrival { endpoint, lane, concurrency, paced, bytes, delivery } in arrivals {
            let place = self.places.entry(endpoint).or_default();
            place.waiting[lane.index()].push_back((bytes, delivery));
            place.bytes += bytes;
            place.concurrency = concurrency;
            place.paced = paced;
            self.queue(endpoint);
        }
        self.places.retain(|_, place| place.in_hand().iter().sum::<usize>() > 0);
    }

    /// The next delivery to send, counted as in flight until [`Self::done`]. Endpoints take turns.
    pub fn begin(&mut self) -> Option<(Ticket, T)> {
        if self.in_flight >= self.bounds.in_flight {
            return None;
        }
        let endpoint = self.turns.pop_front()?;
        let place = self.places.get_mut(&endpoint).expect("an endpoint in turns has a place");
        let lane = place.next_lane(self.bounds);
        let next = place.waiting[lane.index()].pop_front();
        let (bytes, delivery) = next.expect("an endpoint in turns has something waiting");
        place.in_turns = false;
        place.last = lane;
        place.in_flight[lane.index()] += 1;
        self.in_flight += 1;
        self.queue(endpoint);
        Some((Ticket { endpoint, lane, bytes }, delivery))
    }

    /// A request has ended; `took` is `None` if nobody knows how long it took or nothing was sent.
    pub fn done(&mut self, ticket: Ticket, took: Option<Duration>) {
        let Ticket { endpoint, lane, bytes } = ticket;
        let place = self.places.get_mut(&endpoint).expect("a place stays while something is in flight");
        place.in_flight[lane.index()] -= 1;
        place.bytes -= bytes;
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
        let mut cleared = Vec::new();
        for place in self.places.values_mut() {
            place.in_turns = false;
            for (bytes, delivery) in place.waiting.iter_mut().flat_map(|lane| lane.drain(..)) {
                place.bytes -= bytes;
                cleared.push(delivery);
            }
        }
        cleared
    }

    /// Everything of one endpoint that was not begun: it wants nothing more now.
    pub fn clear_of(&mut self, endpoint: i32) -> Vec<T> {
        let Some(place) = self.places.get_mut(&endpoint) else { return Vec::new() };
        let mut cleared = Vec::new();
        for (bytes, delivery) in place.waiting.iter_mut().flat_map(|lane| lane.drain(..)) {
            place.bytes -= bytes;
            cleared.push(delivery);
        }
        if std::mem::take(&mut place.in_turns) {
            self.turns.retain(|other| *other != endpoint);
        }
        cleared
    }

    #[must_use]
    pub fn in_flight(&self) -> usize {
        self.in_flight
    }

    fn queue(&mut self, endpoint: i32) {
        let Some(place) = self.places.get_mut(&endpoint) else { return };
        let waits = place.waiting.iter().any(|lane| !lane.is_empty());
        let may = waits && place.in_flight.iter().sum::<usize>() < self.bounds.slots(place.concurrency);
        if may && !place.in_turns {
            place.in_turns = true;
            self.turns.push_back(endpoint);
        }
    }
}

impl<T> Default for Place<T> {
    fn default() -> Self {
        Self {
            waiting: [VecDeque::new(), VecDeque::new()],
            in_flight: [0; 2],
            bytes: 0,
            concurrency: None,
            paced: false,
            pace: None,
            last: Lane::Again,
            in_turns: false,
        }
    }
}

impl<T> Place<T> {
    fn in_hand(&self) -> [usize; 2] {
        Lane::ALL.map(|lane| self.waiting[lane.index()].len() + self.in_flight[lane.index()])
    }

    fn local(&self, bounds: Bounds) -> Local {
        let in_hand = self.in_hand();
        let holds_too_many_bytes = self.bytes >= bounds.body_bytes as usize / BYTES_SHARE;
        let wanted =
            if holds_too_many_bytes { 0 } else { bounds.slots(self.concurrency) + self.ahead(bounds) };
        Local { in_hand, room: wanted.saturating_sub(in_hand.iter().sum()) }
    }

    /// How many to lease ahead. Of an endpoint that asks for a number of requests none, since a lease counts as one; nor of
    /// one that asks for a rate, since a token is spent with the lease and what waits would be sent in one burst.
    fn ahead(&self, bounds: Bounds) -> usize {
        let (None, false, Some(pace)) = (self.concurrency, self.paced, self.pace) else { return 0 };
        let ahead = bounds.slots(None) as f64 * HORIZON.as_secs_f64() / pace.max(1e-6);
        // A float that is too large for the type becomes its maximum. No more than requests in all: see `flow::budget`.
        (ahead as usize).min(AHEAD_MAX).min(bounds.in_flight)
    }

    /// While both lanes wait they share the slots: further attempts have half of them at most, if there are two.
    fn next_lane(&self, bounds: Bounds) -> Lane {
        let [first, again] = Lane::ALL.map(|lane| !self.waiting[lane.index()].is_empty());
        if first != again {
            return if first { Lane::First } else { Lane::Again };
        }
        let [firsts, agains] = self.in_flight;
        if agains >= (bounds.slots(self.concurrency) / 2).max(1) || firsts < agains {
            Lane::First
        } else if agains < firsts {
            Lane::Again
        } else {
            self.last.other()
        }
    }
}

#[cfg(test)]
mod tests;
