//! What a transaction came to, counted by the closed sets that metrics have as labels.

use crate::apply::conclude::Concluded;
use domain::{CorrelatedBy, EventKind, NotificationType};
use std::collections::BTreeMap;
use store::batch::Tally;

/// How an element that could be read ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    Applied,
    Stale,
    Ignored,
    Duplicate,
}

impl Ending {
    pub const ALL: [Self; 4] = [Self::Applied, Self::Stale, Self::Ignored, Self::Duplicate];

    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Applied => "applied",
            Self::Stale => "stale",
            Self::Ignored => "ignored",
            Self::Duplicate => "duplicate",
        }
    }

    /// Counts one element that ended so.
    pub const fn add_to(self, tally: &mut Tally) {
        tally.elements += 1;
        match self {
            Self::Applied => tally.applied += 1,
            Self::Stale => tally.stale += 1,
            Self::Ignored => tally.ignored += 1,
            Self::Duplicate => tally.duplicate += 1,
        }
    }

    /// How the one element of a tally ended; `None` where it could not be read, or where there is not exactly one.
    #[must_use]
    pub fn of(tally: &Tally) -> Option<Self> {
        Self::ALL.into_iter().find(|ending| {
            let mut one = Tally::default();
            ending.add_to(&mut one);
            one == *tally
        })
    }
}

/// How looking for the message of an event ended that does not name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Correlation {
    Found(CorrelatedBy),
    /// A bounce that waits for its message.
    Pending,
    /// A bounce that several messages may be meant by.
    Ambiguous,
    /// A bounce whose message did not come within a day.
    Expired,
}

impl Correlation {
    pub const ALL: [Self; 5] = [
        Self::Found(CorrelatedBy::SmtpId),
        Self::Found(CorrelatedBy::Recipient),
        Self::Pending,
        Self::Ambiguous,
        Self::Expired,
    ];

    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Found(by) => by.as_str(),
            Self::Pending => "pending",
            Self::Ambiguous => "ambiguous",
            Self::Expired => "expired",
        }
    }
}

/// Counts of one transaction or of several.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// By position in [`EventKind::ALL`] and in [`Ending::ALL`].
    pub events: [[u64; Ending::ALL.len()]; EventKind::ALL.len()],
    pub held: BTreeMap<&'static str, u64>,
    pub correlations: BTreeMap<Correlation, u64>,
    /// By position in [`NotificationType::ALL`].
    pub told: [u64; NotificationType::ALL.len()],
}

impl Counts {
    #[must_use]
    pub fn plus(mut self, other: &Self) -> Self {
        for (sums, counts) in self.events.iter_mut().zip(&other.events) {
            sums.iter_mut().zip(counts).for_each(|(sum, count)| *sum += count);
        }
        for (key, count) in &other.held {
            *self.held.entry(key).or_default() += count;
        }
        for (key, count) in &other.correlations {
            *self.correlations.entry(*key).or_default() += count;
        }
        self.told.iter_mut().zip(other.told).for_each(|(sum, count)| *sum += count);
        self
    }

    pub(crate) const fn event(&mut self, kind: EventKind, ending: Ending) {
        self.events[kind as usize][ending as usize] += 1;
    }

    pub(crate) fn held(&mut self, reason: &'static str) {
        *self.held.entry(reason).or_default() += 1;
    }

    pub(crate) fn correlation(&mut self, correlation: Correlation, count: usize) {
        if count > 0 {
            *self.correlations.entry(correlation).or_default() += count as u64;
        }
    }

    pub(crate) fn tell(&mut self, kind: &str) {
        if let Some(kind) = NotificationType::parse(kind) {
            self.told[kind as usize] += 1;
        }
    }

    /// Adds what was concluded.
    pub(crate) fn conclude(&mut self, concluded: &Concluded<'_>) {
        let places = &concluded.places;
        for by in places.placed.iter().filter_map(|one| one.by()) {
            self.correlation(Correlation::Found(by), 1);
        }
        self.correlation(Correlation::Pending, places.pending.len());
        self.correlation(Correlation::Ambiguous, places.ambiguous.len());
        self.told.iter_mut().zip(concluded.told).for_each(|(sum, count)| *sum += count);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_are_those_of_the_lists() {
        assert!(EventKind::ALL.iter().enumerate().all(|(position, kind)| *kind as usize == position));
        assert!(Ending::ALL.iter().enumerate().all(|(position, ending)| *ending as usize == position));
        assert!(NotificationType::ALL.iter().enumerate().all(|(position, kind)| *kind as usize == position));
    }

    #[test]
    fn a_tally_of_one_element_says_how_it_ended() {
        for ending in Ending::ALL {
            let mut tally = Tally::default();
            ending.add_to(&mut tally);
            assert_eq!(Ending::of(&tally), Some(ending));
            ending.add_to(&mut tally);
            assert_eq!(Ending::of(&tally), None);
        }
        assert_eq!(Ending::of(&Tally { elements: 1, quarantined: 1, ..Tally::default() }), None);
    }
}
