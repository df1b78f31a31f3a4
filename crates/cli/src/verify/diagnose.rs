//! Why a request does not verify: mistakes are undone, one and several together, in a fixed order, until a signature
//! is right. Pure and bounded; the answer is the same every time.
//!
//! First the right keys, which are few: with the request as it is and every reading of its headers, then with every
//! candidate for the body. Then the others in the same way, for which half of the work is kept free: neither many keys
//! nor a body with many candidates takes the other's turn away. Whatever verifies is the text that SendGrid signed: a
//! signature that is right by chance does not happen, so the order decides only how a text that can be reached in two
//! ways is explained.

use super::body;
use super::header::{self, Reading};
use super::keys::Known;
use super::mistake::Mistake;
use super::saved::Saved;
use jiff::{SignedDuration, Timestamp};
use wire::signature::{self, Freshness, PublicKey};

/// How much is done at most.
#[derive(Clone, Copy, Debug)]
struct Bounds {
    verifications: u64,
    hashed_bytes: u64,
}

/// Some seconds of one core, and some ten seconds more: room for four hundred candidates of 5 MiB.
const BOUNDS: Bounds = Bounds { verifications: 20_000, hashed_bytes: 2 * 1024 * 1024 * 1024 };

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

/// Why no more bodies are to be tried.
enum Ended {
    /// The positions of the reading and, among those tried, of the key.
    Verified {
        reading: usize,
        key: usize,
    },
    NoRoom,
}

/// Which bodies are tried.
#[derive(Clone, Copy)]
enum Bodies {
    AsItIs,
    Candidates,
}

/// Tries until something verifies or everything has been tried. `known` has the right keys first.
pub(super) fn diagnose(saved: &Saved, known: &[Known]) -> Diagnosis {
    within(BOUNDS, saved, known)
}

fn within(bounds: Bounds, saved: &Saved, known: &[Known]) -> Diagnosis {
    let readings = header::readings(saved);
    let keys: Vec<PublicKey> = known.iter().map(|known| known.key.clone()).collect();
    let (right, others) = keys.split_at(known.iter().take_while(|known| known.mistake.is_none()).count());
    let first = if others.is_empty() { bounds } else { bounds.half() };
    let mut work = Work::default();
    for (keys, before, bounds) in [(right, 0, first), (others, right.len(), bounds)] {
        if readings.is_empty() || keys.is_empty() {
            continue;
        }
        for bodies in [Bodies::AsItIs, Bodies::Candidates] {
            let mut attempt = |body: &[u8]| work.attempt(bounds, body, &readings, keys);
            let ended = match bodies {
                Bodies::AsItIs => attempt(&saved.body).map(|ended| (Vec::new(), ended)),
                Bodies::Candidates => body::search(&saved.body, attempt),
            };
            let Some((of_body, Ended::Verified { reading, key })) = ended else { continue };
            let found = found(of_body, readings.get(reading), known, before + key);
            return Diagnosis { found, work };
        }
    }
    Diagnosis { found: None, work }
}

fn found(of_body: Vec<Mistake>, reading: Option<&Reading>, known: &[Known], key: usize) -> Option<Found> {
    let (reading, of_key) = (reading?, known.get(key)?.mistake);
    let mistakes = of_body.into_iter().chain(reading.mistakes.iter().copied()).chain(of_key).collect();
    Some(Found { timestamp: reading.timestamp.clone(), mistakes, key })
}

impl Bounds {
    const fn half(self) -> Self {
        Self { verifications: self.verifications / 2, hashed_bytes: self.hashed_bytes / 2 }
    }
}

impl Work {
    /// Verifies one body with every reading and these keys.
    fn attempt(
        &mut self,
        bounds: Bounds,
        body: &[u8],
        readings: &[Reading],
        keys: &[PublicKey],
    ) -> Option<Ended> {
        self.bodies += 1;
        for (reading, Reading { timestamp, signature, .. }) in readings.iter().enumerate() {
            let room = self.verifications + keys.len() as u64 <= bounds.verifications
                && self.hashed_bytes + body.len() as u64 <= bounds.hashed_bytes;
            if !room {
                self.extent = Extent::Bounded;
                return Some(Ended::NoRoom);
            }
            self.verifications += keys.len() as u64;
            self.hashed_bytes += body.len() as u64;
            let timestamp = timestamp.as_bytes();
            if signature::signed_by_any(keys, timestamp, body, signature) {
                let key = keys.iter().position(|key| key.verify(timestamp, body, signature))?;
                return Some(Ended::Verified { reading, key });
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
