//! Mails' lives, cut into batches: the bodies that SendGrid would send, a function of seed, counts and start.
//!
//! Memory is bounded by one batch and one life, whatever the number of mails: bodies are made when their turn comes.

use crate::dress::Dress;
use crate::life::{happenings, told};
use crate::mail::Mail;
use crate::post::join;
use crate::step::Step;
use std::collections::VecDeque;

/// Mails accepted each second, and how many seconds it goes on before it starts over: the day of the events does not
/// depend on their number.
const MAILS_PER_SECOND: u64 = 500;
const SECONDS_MAX: u64 = 90 * 60;

/// A body and how many events are in it.
#[derive(Debug)]
pub struct Body {
    pub bytes: Vec<u8>,
    pub events: u64,
    /// Whoever sends bodies waits, before one of a later wave, for the answers to all earlier ones.
    pub wave: u64,
}

impl Body {
    /// These elements, joined as SendGrid joins them.
    pub(crate) fn of<T: AsRef<[u8]>>(elements: &[T], wave: u64) -> Self {
        Self { bytes: join(elements), events: elements.len() as u64, wave }
    }
}

/// Batches of made-up events.
#[derive(Debug)]
pub struct Batches {
    seed: u64,
    /// Unix seconds of the first mail.
    start: i64,
    steps: Vec<Step>,
    mails_left: std::ops::Range<u64>,
    batch: usize,
    dress: Dress,
    /// Elements of the mail that did not fit into the batch before.
    waiting: VecDeque<Vec<u8>>,
}

impl Batches {
    /// `mails` lives of these steps each, `batch` (at least one) events to a body. `start`: Unix seconds of the first mail.
    #[must_use]
    pub fn new(seed: u64, start: i64, steps: Vec<Step>, mails: u64, batch: usize) -> Self {
        let (batch, dress) = (batch.max(1), Dress::default());
        Self { seed, start, steps, mails_left: 0..mails, batch, dress, waiting: VecDeque::new() }
    }

    /// The same mails, sent with these arguments and categories.
    #[must_use]
    pub fn dressed(self, dress: Dress) -> Self {
        Self { dress, ..self }
    }

    #[must_use]
    pub const fn seed(&self) -> u64 {
        self.seed
    }

    /// Unix seconds of the first mail.
    #[must_use]
    pub const fn start(&self) -> i64 {
        self.start
    }

    /// Everything that happens to one mail, in the order of time.
    fn life(&self, number: u64) -> Vec<Vec<u8>> {
        let second = number / MAILS_PER_SECOND % SECONDS_MAX;
        let accepted_at = self.start + i64::try_from(second).unwrap_or_default();
        let mail = Mail::new(self.seed, number, accepted_at);
        happenings(&mail, &self.steps).map(|happening| told(&mail, happening, &self.dress).text).collect()
    }
}

impl Iterator for Batches {
    type Item = Body;

    fn next(&mut self) -> Option<Body> {
        while self.waiting.len() < self.batch {
            let Some(number) = self.mails_left.next() else { break };
            self.waiting.extend(self.life(number));
        }
        let count = self.waiting.len().min(self.batch);
        let elements: Vec<Vec<u8>> = self.waiting.drain(..count).collect();
        (count > 0).then(|| Body::of(&elements, 0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made_up(seed: u64, mails: u64, batch: usize) -> Batches {
        let steps = vec![Step::Processed, Step::Deferred, Step::Deferred, Step::Delivered];
        Batches::new(seed, 1_700_000_000, steps, mails, batch)
    }

    fn all(bodies: Batches) -> Vec<Vec<u8>> {
        bodies.map(|body| body.bytes).collect()
    }

    #[test]
    fn the_same_seed_makes_the_same_bytes_and_another_seed_others() {
        assert_eq!(all(made_up(7, 10, 8)), all(made_up(7, 10, 8)));
        assert_ne!(all(made_up(7, 10, 8)), all(made_up(8, 10, 8)));
    }

    #[test]
    fn every_event_is_in_exactly_one_batch_and_all_but_the_last_are_full() {
        let sizes: Vec<u64> = made_up(7, 10, 7).map(|body| body.events).collect();
        assert_eq!(sizes, [7, 7, 7, 7, 7, 5]);
    }

    #[test]
    fn bodies_are_joined_as_sendgrid_joins_them() {
        let body = all(made_up(7, 2, 100)).remove(0);
        let text = String::from_utf8(body).unwrap();
        assert!(text.starts_with("[{") && text.ends_with("}]\r\n"));
        assert_eq!(text.matches("},\r\n{").count(), 7);
    }
}
