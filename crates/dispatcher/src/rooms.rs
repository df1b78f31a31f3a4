//! How much a look takes of which endpoint and lane. Pure.
//!
//! Of each endpoint that is ready the least of: what this process has room for, and, if the endpoint is gated, what all
//! dispatchers together may send it: requests at the same time, whole tokens of its bucket, nothing while its breaker is
//! open and one probe after that. What the look may bring is divided fairly among them; an endpoint's part among its
//! lanes, so that what is in hand of both is as even as can be.

mod bucket;

use crate::limits::{Bounds, Lane, Local};
use crate::terms::Terms;
use jiff::Timestamp;
use std::collections::HashMap;
use std::time::Duration;
use store::delivery::{Gate, Ready, Share};

/// What dispatchers share about a gated endpoint, locked.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shared {
    pub(crate) gate: Gate,
    /// Leased, by whomever.
    pub(crate) under_way: usize,
}

/// What is known before deliveries are leased.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Situation<'a> {
    pub(crate) now: Timestamp,
    pub(crate) bounds: Bounds,
    pub(crate) terms: Terms,
    /// Most deliveries in all.
    pub(crate) permits: usize,
    pub(crate) ready: &'a [Ready],
    /// Endpoints of which nothing is in hand are missing.
    pub(crate) locals: &'a HashMap<i32, Local>,
    /// A gated endpoint that is missing is left out.
    pub(crate) shared: &'a HashMap<i32, Shared>,
}

/// What to take.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Rooms {
    pub(crate) shares: Vec<Share>,
    /// What their buckets hold, of endpoints with a rate that something is taken of.
    pub(crate) levels: HashMap<i32, f64>,
    /// When an endpoint of which nothing may be taken now has a token again.
    pub(crate) next: Option<Timestamp>,
}

/// An endpoint that is ready.
#[derive(Debug)]
struct Candidate<'a> {
    ready: &'a Ready,
    /// Which lanes have something due.
    lanes: [bool; 2],
    local: Local,
    room: usize,
}

/// Decides. `chance` is asked which lane has the odd one: the same one twice in a row is bad luck, a fixed order could
/// keep step with the looks and favour one lane for ever.
pub(crate) fn decide(situation: &Situation<'_>, mut chance: impl FnMut() -> bool) -> Rooms {
    let mut rooms = Rooms::default();
    let mut candidates = candidates(situation);
    for candidate in &mut candidates {
        candidate.room = candidate.room.min(shared_room(candidate.ready, situation, &mut rooms));
    }
    candidates.retain(|candidate| candidate.room > 0);
    // Whoever has waited longest; each of them gets one at least.
    candidates.truncate(situation.permits);
    divide(&mut candidates, situation.permits);
    for candidate in &candidates {
        let parts = split(candidate, chance());
        let timeout =
            candidate.ready.timeout_s.map(|seconds| Duration::from_secs(seconds.unsigned_abs().into()));
        let until = situation.terms.lease_until(situation.now, timeout);
        let endpoint_id = candidate.ready.endpoint_id;
        let shares = Lane::ALL.into_iter().zip(parts).filter(|(_, room)| *room > 0);
        rooms.shares.extend(shares.map(|(lane, room)| Share {
            endpoint_id,
            lane: lane.stored(),
            room: i32::try_from(room).unwrap_or(i32::MAX),
            until,
        }));
    }
    rooms.levels.retain(|id, _| candidates.iter().any(|candidate| candidate.ready.endpoint_id == *id));
    rooms
}

/// Endpoints in the order of `ready`, with what this process has room for.
fn candidates<'a>(situation: &Situation<'a>) -> Vec<Candidate<'a>> {
    let mut candidates: Vec<Candidate<'a>> = Vec::with_capacity(situation.ready.len());
    let mut known = HashMap::with_capacity(situation.ready.len());
    for ready in situation.ready {
        let at = *known.entry(ready.endpoint_id).or_insert_with(|| {
            let local = situation.locals.get(&ready.endpoint_id).copied().unwrap_or_else(|| Local {
                in_hand: [0; 2],
                room: situation.bounds.slots(concurrency(ready)),
            });
            candidates.push(Candidate { ready, lanes: [false; 2], local, room: local.room });
            candidates.len() - 1
        });
        candidates[at].lanes[Lane::of(ready.lane).index()] = true;
    }
    candidates
}

/// What the endpoint asks for.
pub(crate) fn concurrency(ready: &Ready) -> Option<usize> {
    ready.concurrency.map(|concurrency| usize::from(concurrency.unsigned_abs()))
}

/// What all dispatchers together may send it now; its bucket is noted in `rooms`.
fn shared_room(ready: &Ready, situation: &Situation<'_>, rooms: &mut Rooms) -> usize {
    if !ready.gated {
        return usize::MAX;
    }
    let Some(Shared { gate, under_way }) = situation.shared.get(&ready.endpoint_id) else { return 0 };
    let breaker = match gate.open_until {
        None => usize::MAX,
        Some(until) if until > situation.now => return 0,
        Some(_) => 1_usize.saturating_sub(*under_way),
    };
    let slots = concurrency(ready).map_or(usize::MAX, |most| most.saturating_sub(*under_way));
    let room = breaker.min(slots);
    match ready.rate_per_s {
        None => room,
        Some(rate) => {
            let rate = f64::from(rate);
            let level = bucket::level(gate, rate, situation.now);
            let tokens = bucket::whole(level);
            if tokens == 0 && room > 0 {
                let next = bucket::next(level, rate, situation.now);
                rooms.next = Some(rooms.next.map_or(next, |other| other.min(next)));
            }
            rooms.levels.insert(ready.endpoint_id, level);
            room.min(tokens)
        }
    }
}

/// Fair parts of `permits`: whoever wants less than an equal part has all it wants, and the others share what that leaves.
fn divide(candidates: &mut [Candidate<'_>], permits: usize) {
    let mut order: Vec<usize> = (0..candidates.len()).collect();
    order.sort_by_key(|at| candidates[*at].room);
    let (mut left, mut others) = (permits, candidates.len());
    for at in order {
        let part = (left / others).max(1).min(left);
        candidates[at].room = candidates[at].room.min(part);
        left -= candidates[at].room;
        others -= 1;
    }
}

/// An endpoint's room for each lane: never more in all. A lane alone has everything; `odd`: the last one goes to further
/// attempts.
fn split(candidate: &Candidate<'_>, odd: bool) -> [usize; 2] {
    let room = candidate.room;
    match candidate.lanes {
        [_, false] => [room, 0],
        [false, true] => [0, room],
        [true, true] => {
            let [firsts, agains] = candidate.local.in_hand;
            let again = (room + firsts + usize::from(odd)).saturating_sub(agains) / 2;
            let again = again.min(room);
            [room - again, again]
        }
    }
}

#[cfg(test)]
mod tests;
