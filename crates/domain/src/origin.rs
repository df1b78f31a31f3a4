//! How an event came to be known, and when two events are one although no key says so.
//!
//! What is recovered from SendGrid's own records (Email Activity, Email Logs) carries no `sg_event_id` and says less than
//! the webhook does, so no key recognises it. It is recognised by its message, its name and its time: an event of that
//! message and name within [`NEAR`] of it is the same one. That holds in both directions, because SendGrid repeats what was
//! not answered for a day and the webhook's own event may come after the recovered one. Two events of the webhook are only
//! ever compared by their keys.
//!
//! The price: of two that are really two within that time, one of them recovered, the later to come is taken for the other.
//! What one batch of records lists side by side is never taken for one, also where it looks alike to the second: SendGrid
//! tells those apart itself, and their keys know their places (`wire::key::recovered`).

use jiff::{SignedDuration, Timestamp};

/// How far apart the times of one event may be in SendGrid's webhook and in its records. Both have whole seconds.
pub const NEAR: SignedDuration = SignedDuration::from_secs(1);

/// How an event came to be known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Origin {
    /// SendGrid's webhook told it.
    #[default]
    Webhook,
    /// It was recovered from SendGrid's records, because the webhook had not told it.
    Reconcile,
}

impl Origin {
    /// As people and scripts read it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Webhook => "webhook",
            Self::Reconcile => "reconcile",
        }
    }

    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Webhook, Self::Reconcile].into_iter().find(|origin| origin.as_str() == text)
    }
}

/// One event of some message, as far as it takes to recognise it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sighting<'a> {
    /// As stored: lower case, `bounce` also for a blocked one.
    pub name: &'a str,
    pub at: Timestamp,
    pub origin: Origin,
    /// The batch that brought it, as a number that only has to be its own.
    pub batch: u128,
}

impl Sighting<'_> {
    /// Whether this is what `known`, of the same message, told before.
    #[must_use]
    pub fn repeats(&self, known: &Sighting<'_>) -> bool {
        (self.origin == Origin::Reconcile || known.origin == Origin::Reconcile)
            && self.batch != known.batch
            && self.name == known.name
            && self.at.duration_since(known.at).abs() <= NEAR
    }
}

/// Which of a message's events that come together are told already, by `is_known` (the position in `together` is given) or
/// by another of them.
///
/// The webhook's own words count first, because they say more; then what was recovered, batch by batch. So the answer does
/// not depend on the order in which they are given.
#[must_use]
pub fn repeats(together: &[Sighting<'_>], is_known: impl Fn(usize) -> bool) -> Vec<bool> {
    let mut order: Vec<usize> = (0..together.len()).collect();
    order.sort_by_key(|position| (together[*position].origin, together[*position].batch));
    let mut repeats = vec![false; together.len()];
    let mut new: Vec<&Sighting<'_>> = Vec::new();
    for position in order {
        let one = &together[position];
        repeats[position] = is_known(position) || new.iter().any(|known| one.repeats(known));
        if !repeats[position] {
            new.push(one);
        }
    }
    repeats
}

#[cfg(test)]
mod tests;
