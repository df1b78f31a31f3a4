//! Why a request does not verify: mistakes are undone, one and several together, in a fixed order, until a signature
//! is right. Pure and bounded; the answer is the same every time.
//!
//! First the request as it is with every key and every reading of its headers; then every candidate for the body with
//! the right keys; then with the others. Whatever verifies is the text that SendGrid signed: a signature that is right
//! by chance does not happen, so the order decides only how a text that can be reached in two ways is explained.

use super::body;
use super::header::{self, Reading};
use super::keys::Known;
use super::mistake::Mistake;
use super::saved::Saved;
use jiff::{SignedDuration, Timestamp};
use wire::signature::{self, Freshness, PublicKey};

/// Most verifications: some seconds of one core.
const VERIFICATIONS_MAX: u64 = 20_000;

/// Most bytes that are hashed for them, some ten seconds more: room for four hundred candidates of 5 MiB.
const HASHED_BYTES_MAX: u64 = 2 * 1024 * 1024 * 1024;

/// What was found out.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Diagnosis {
    pub found: Option<Found>,
    pub work: Work,
}

/// A signature that is right once these mistakes are undone. None: it is right as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Found {
    pub timestamp: String,
    /// Of the body, the headers and the key, in this order.
    pub mistakes: Vec<Mistake>,
    /// Position among the known keys.
    pub key: usize,
}

/// Whether everything was tried that there is to try.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Extent {
    #[default]
    Whole,
    /// A bound was reached before.
    Bounded,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Work {
    pub bodies: u64,
    pub verifications: u64,
    hashed_bytes: u64,
    pub extent: Extent,
}

/// `None` of an attempt that ended the search: there is no room for more.
type Ended = Option<(usize, usize)>;

/// Tries until something verifies or everything has been tried. `known` has the right keys first.
pub(super) fn diagnose(saved: &Saved, known: &[Known]) -> Diagnosis {
    let readings = header::readings(saved);
    let keys: Vec<PublicKey> = known.iter().map(|known| known.key.clone()).collect();
    let (right, others) = keys.split_at(known.iter().take_while(|known| known.mistake.is_none()).count());
    let mut work = Work::default();
    let mut found = None;
    if !readings.is_empty() && !keys.is_empty() {
        found = work.attempt(&saved.body, &readings, &keys, 0).map(|ended| (Vec::new(), ended));
        for (keys, first) in [(right, 0), (others, right.len())] {
            if found.is_none() && !keys.is_empty() {
                found = body::search(&saved.body, |body| work.attempt(body, &readings, keys, first));
            }
        }
    }
    let found = found.and_then(|(of_body, ended)| {
        let (reading, key) = ended?;
        let reading = readings.get(reading)?;
        let of_key = known.get(key)?.mistake;
        let mistakes = of_body.into_iter().chain(reading.mistakes.iter().copied()).chain(of_key).collect();
        Some(Found { timestamp: reading.timestamp.clone(), mistakes, key })
    });
    Diagnosis { found, work }
}

impl Work {
    /// Verifies one body with every reading and these keys, of which the first has the position `first` among all.
    fn attempt(
        &mut self,
        body: &[u8],
        readings: &[Reading],
        keys: &[PublicKey],
        first: usize,
    ) -> Option<Ended> {
        self.bodies += 1;
        for (position, reading) in readings.iter().enumerate() {
            let room = self.verifications + keys.len() as u64 <= VERIFICATIONS_MAX
                && self.hashed_bytes + body.len() as u64 <= HASHED_BYTES_MAX;
            if !room {
                self.extent = Extent::Bounded;
                return Some(None);
            }
            self.verifications += keys.len() as u64;
            self.hashed_bytes += body.len() as u64;
            let timestamp = reading.timestamp.as_bytes();
            if signature::signed_by_any(keys, timestamp, body, &reading.signature) {
                let key = keys.iter().position(|key| key.verify(timestamp, body, &reading.signature))?;
                return Some(Some((position, first + key)));
            }
        }
        None
    }
}

/// What the age of a right signature has against it, received at `at`.
pub(super) fn stale(found: &Found, at: Timestamp, age_max: SignedDuration) -> Option<Mistake> {
    let age = signature::age(found.timestamp.as_bytes(), at)?;
    match signature::freshness(age, age_max) {
        Freshness::Fresh => None,
        Freshness::Expired => Some(Mistake::Expired),
        Freshness::FromTheFuture => Some(Mistake::FromTheFuture),
    }
}

#[cfg(test)]
mod tests;
