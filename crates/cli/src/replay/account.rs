//! What was given to the workers and what came of it, part by part.

use std::collections::BTreeSet;
use store::replay::Replayed;

/// Parts that are with the workers at a time. They queue in front of live batches, so there are few; enough that workers
/// find the next one while the last is being looked at.
const OUTSTANDING_MAX: usize = 4;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Account {
    /// Parts given so far: the number of the next one.
    pub parts: i32,
    /// Messages in them.
    pub messages: u64,
    pub parts_done: i32,
    /// Sums over the parts that are done.
    pub replayed: Replayed,
    outstanding: BTreeSet<i32>,
}

impl Account {
    /// Whether one more part may be given.
    pub(super) fn has_room(&self) -> bool {
        self.outstanding.len() < OUTSTANDING_MAX
    }

    /// Parts given and not known to be done.
    pub(super) fn outstanding(&self) -> Vec<i32> {
        self.outstanding.iter().copied().collect()
    }

    /// The next part was given, with so many messages.
    pub(super) fn given(&mut self, messages: usize) {
        self.outstanding.insert(self.parts);
        self.parts += 1;
        self.messages += messages as u64;
    }

    /// A part is done. Said twice, it counts once.
    pub(super) fn done(&mut self, part: i32, what: Replayed) {
        if !self.outstanding.remove(&part) {
            return;
        }
        self.parts_done += 1;
        let sum = &mut self.replayed;
        sum.messages += what.messages;
        sum.changed += what.changed;
        sum.left_alone += what.left_alone;
        sum.told += what.told;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_parts_are_outstanding_and_each_that_is_done_makes_room_for_one() {
        let mut account = Account::default();
        while account.has_room() {
            account.given(500);
        }
        assert_eq!((account.parts, account.outstanding()), (4, vec![0, 1, 2, 3]));
        account.done(2, Replayed { messages: 500, changed: 3, left_alone: 1, told: 2 });
        account.given(17);
        assert!(!account.has_room());
        assert_eq!((account.messages, account.outstanding()), (2_017, vec![0, 1, 3, 4]));
    }

    #[test]
    fn a_part_counts_once_however_often_it_is_seen() {
        let mut account = Account::default();
        account.given(5);
        let what = Replayed { messages: 5, changed: 2, left_alone: 1, told: 1 };
        for _ in 0..2 {
            account.done(0, what);
        }
        assert_eq!((account.parts_done, account.replayed), (1, what));
    }
}
