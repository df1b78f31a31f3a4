//! A batch's counters against its rows.

use serde::Serialize;
use store::audit::{Counters, StoredEvents, StoredQuarantine};
use uuid::Uuid;

/// The most mismatches that are listed. All are counted.
const LISTED_MAX: usize = 1_000;

/// Elements by how they ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Ended {
    pub applied: i64,
    pub stale: i64,
    pub ignored: i64,
    pub duplicate: i64,
    pub quarantined: i64,
}

impl Ended {
    fn sum(self) -> i64 {
        self.applied + self.stale + self.ignored + self.duplicate + self.quarantined
    }

    fn add(&mut self, other: Self) {
        self.applied += other.applied;
        self.stale += other.stale;
        self.ignored += other.ignored;
        self.duplicate += other.duplicate;
        self.quarantined += other.quarantined;
    }
}

impl From<Counters> for Ended {
    fn from(counters: Counters) -> Self {
        Self {
            applied: counters.applied,
            stale: counters.stale,
            ignored: counters.ignored,
            duplicate: counters.duplicate,
            quarantined: counters.quarantined,
        }
    }
}

/// A batch whose rows are not what its counters say. Numbers of elements, then how they ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Mismatch {
    pub batch: Uuid,
    pub expected: i64,
    pub found: i64,
    /// Null: rows of a batch that the ledger does not have.
    pub counters: Option<Ended>,
    pub rows: Ended,
}

/// The sums over all batches, and where they do not hold.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    pub batches: i64,
    pub elements: i64,
    /// Recomputed from rows; for batches that are too old, from their counters.
    pub ended: Ended,
    pub parked: i64,
    pub too_old: i64,
    pub mismatched: usize,
    /// The first [`LISTED_MAX`] of them.
    pub mismatches: Vec<Mismatch>,
}

impl Ledger {
    /// Counts batches whose events retention has taken: their counters are all there is.
    pub(crate) fn add_too_old(&mut self, batches: &[Counters]) {
        for batch in batches {
            self.batches += 1;
            self.too_old += 1;
            self.elements += batch.elements;
            self.ended.add((*batch).into());
        }
    }

    /// Compares a stretch of batches, in the order of their ids, with all rows stored for that stretch.
    pub(crate) fn add(
        &mut self,
        batches: &[Counters],
        events: &[StoredEvents],
        quarantine: &[StoredQuarantine],
    ) {
        let mut found: Vec<Ended> =
            batches.iter().map(|batch| Ended { duplicate: batch.duplicate, ..Ended::default() }).collect();
        let position = |batch: Uuid| batches.binary_search_by_key(&batch, |counters| counters.id);
        for rows in events {
            let ended =
                Ended { applied: rows.applied, stale: rows.stale, ignored: rows.ignored, ..Ended::default() };
            match position(rows.batch) {
                Ok(position) => found[position].add(ended),
                Err(_) => self.add_orphan(rows.batch, ended),
            }
        }
        for rows in quarantine {
            self.parked += rows.parked;
            let ended = Ended { quarantined: rows.quarantined, ..Ended::default() };
            match position(rows.batch) {
                Ok(position) => found[position].add(ended),
                Err(_) => self.add_orphan(rows.batch, ended),
            }
        }
        for (batch, rows) in batches.iter().zip(found) {
            self.batches += 1;
            self.elements += batch.elements;
            self.ended.add(rows);
            if rows != Ended::from(*batch) || rows.sum() != batch.elements {
                let counters = Some(Ended::from(*batch));
                self.mismatch(Mismatch {
                    batch: batch.id,
                    expected: batch.elements,
                    found: rows.sum(),
                    counters,
                    rows,
                });
            }
        }
    }

    /// Rows of a batch that never entered the ledger.
    fn add_orphan(&mut self, batch: Uuid, rows: Ended) {
        self.ended.add(rows);
        self.mismatch(Mismatch { batch, expected: 0, found: rows.sum(), counters: None, rows });
    }

    fn mismatch(&mut self, mismatch: Mismatch) {
        self.mismatched += 1;
        if self.mismatches.len() < LISTED_MAX {
            self.mismatches.push(mismatch);
        }
    }

    /// Whether every batch, and the whole, adds up.
    pub(crate) fn adds_up(&self) -> bool {
        self.mismatched == 0 && self.ended.sum() == self.elements
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counters(id: u128, applied: i64, duplicate: i64, quarantined: i64) -> Counters {
        let elements = applied + duplicate + quarantined;
        Counters { id: Uuid::from_u128(id), elements, applied, stale: 0, ignored: 0, duplicate, quarantined }
    }

    fn events(id: u128, applied: i64, stale: i64) -> StoredEvents {
        StoredEvents { batch: Uuid::from_u128(id), applied, stale, ignored: 0 }
    }

    fn quarantine(id: u128, quarantined: i64, parked: i64) -> StoredQuarantine {
        StoredQuarantine { batch: Uuid::from_u128(id), quarantined, parked }
    }

    #[test]
    fn batches_whose_rows_are_all_there_add_up() {
        let mut ledger = Ledger::default();
        ledger.add(
            &[counters(1, 3, 2, 0), counters(2, 0, 0, 1), counters(3, 0, 0, 0)],
            &[events(1, 3, 0)],
            &[quarantine(2, 1, 1)],
        );
        assert!(ledger.adds_up());
        assert_eq!((ledger.batches, ledger.elements, ledger.parked), (3, 6, 1));
        assert_eq!(ledger.ended, Ended { applied: 3, duplicate: 2, quarantined: 1, ..Ended::default() });
    }

    #[test]
    fn a_lost_row_is_found_and_named() {
        let mut ledger = Ledger::default();
        ledger.add(&[counters(1, 3, 0, 0), counters(2, 1, 0, 0)], &[events(1, 2, 0), events(2, 1, 0)], &[]);
        assert!(!ledger.adds_up());
        let named: Vec<_> =
            ledger.mismatches.iter().map(|m| (m.batch.as_u128(), m.expected, m.found)).collect();
        assert_eq!(named, [(1, 3, 2)]);
    }

    #[test]
    fn outcomes_that_only_add_up_by_accident_are_found() {
        let mut ledger = Ledger::default();
        ledger.add(&[counters(1, 3, 0, 0)], &[events(1, 2, 1)], &[]);
        assert_eq!(ledger.mismatched, 1);
    }

    #[test]
    fn rows_without_a_batch_are_found() {
        let mut ledger = Ledger::default();
        ledger.add(&[counters(1, 1, 0, 0)], &[events(1, 1, 0), events(9, 4, 0)], &[]);
        assert_eq!(ledger.mismatches[0].counters, None);
        assert_eq!((ledger.mismatches[0].expected, ledger.mismatches[0].found), (0, 4));
    }

    #[test]
    fn batches_too_old_to_recompute_are_counted_and_not_compared() {
        let mut ledger = Ledger::default();
        ledger.add_too_old(&[counters(1, 3, 1, 0)]);
        assert!(ledger.adds_up());
        assert_eq!((ledger.too_old, ledger.batches, ledger.elements), (1, 1, 4));
    }

    #[test]
    fn the_list_of_mismatches_is_bounded_and_their_number_is_not() {
        let mut ledger = Ledger::default();
        let batches: Vec<Counters> = (0..1_500).map(|id| counters(id, 1, 0, 0)).collect();
        ledger.add(&batches, &[], &[]);
        assert_eq!((ledger.mismatched, ledger.mismatches.len()), (1_500, LISTED_MAX));
    }
}
