//! Cutting time so that the row limit hides nothing: a stretch with as many rows as are ever listed is halved and asked for
//! again, down to a second.
//!
//! Each question counts against the rate limit, so the first one is for all of the time, and a width that has proved right
//! is kept; it grows again where there is little.

use jiff::Timestamp;
use std::ops::Range;

/// A stretch with fewer rows than this, a quarter of the most that are listed, lets the next one be twice as wide.
const FEW: usize = 250;

/// Where the reading is, in whole seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Slices {
    at: i64,
    width: i64,
}

/// What to do about a stretch that may hide rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Full {
    /// Ask for [`Slices::next`], which is shorter now.
    Halved,
    /// One second: there is nothing to halve.
    OneSecond,
}

impl Slices {
    pub(super) fn new(from: Timestamp) -> Self {
        Self { at: from.as_second(), width: i64::MAX }
    }

    /// The next stretch, up to `end` at most; `None`: the end is reached.
    pub(super) fn next(&self, end: Timestamp) -> Option<Range<Timestamp>> {
        let end = up(end);
        let until = self.at.saturating_add(self.width).min(end);
        (self.at < end).then(|| second(self.at)..second(until))
    }

    /// The stretch may hide rows.
    pub(super) fn full(&mut self, stretch: &Range<Timestamp>) -> Full {
        let width = stretch.end.as_second() - stretch.start.as_second();
        if width <= 1 {
            return Full::OneSecond;
        }
        self.width = width / 2;
        Full::Halved
    }

    /// The stretch was read and had so many rows.
    pub(super) fn took(&mut self, stretch: &Range<Timestamp>, rows: usize) {
        self.at = stretch.end.as_second();
        if rows < FEW {
            self.width = self.width.saturating_mul(2);
        }
    }
}

/// The first whole second that is not before.
fn up(at: Timestamp) -> i64 {
    at.as_second() + i64::from(at.subsec_nanosecond() > 0)
}

fn second(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: usize = 1_000;

    fn at(millisecond: i64) -> Timestamp {
        Timestamp::from_millisecond(millisecond).unwrap()
    }

    /// Reads rows (their seconds) as SendGrid lists them; returns what was seen, how many questions that took, and the
    /// seconds that hold too many.
    fn read(rows: &[i64], from: i64, end: i64) -> (Vec<i64>, usize, Vec<i64>) {
        let mut slices = Slices::new(at(from * 1_000));
        let (mut seen, mut asked, mut overfull) = (Vec::new(), 0, Vec::new());
        while let Some(stretch) = slices.next(at(end * 1_000)) {
            asked += 1;
            let inside = stretch.start.as_second()..stretch.end.as_second();
            let listed: Vec<i64> =
                rows.iter().copied().filter(|row| inside.contains(row)).take(LIMIT).collect();
            if listed.len() >= LIMIT {
                match slices.full(&stretch) {
                    Full::Halved => continue,
                    Full::OneSecond => overfull.push(inside.start),
                }
            }
            slices.took(&stretch, listed.len());
            seen.extend(listed);
        }
        (seen, asked, overfull)
    }

    #[test]
    fn little_is_read_with_one_question() {
        assert_eq!(read(&[5, 7], 0, 1_000_000), (vec![5, 7], 1, vec![]));
        assert_eq!(read(&[], 5, 5), (vec![], 0, vec![]));
    }

    #[test]
    fn no_row_is_hidden_and_none_is_read_twice() {
        // Bursts of different heights with nothing between them.
        let mut rows: Vec<i64> = (0..40_000).map(|row| row / 7).collect();
        rows.extend((0..999).map(|_| 90_000));
        rows.extend((0..3_000).map(|row| 100_000 + row * 50));
        rows.extend((0..5_000).map(|row| 400_000 + row % 10));
        let (seen, asked, overfull) = read(&rows, 0, 500_000);
        let mut expected = rows.clone();
        expected.sort_unstable();
        let mut sorted = seen.clone();
        sorted.sort_unstable();
        assert_eq!((sorted, overfull), (expected, vec![]));
        assert!(asked < 200, "{asked} questions for {} rows", rows.len());
    }

    #[test]
    fn a_second_that_holds_too_many_is_named_and_the_rest_is_read() {
        let rows: Vec<i64> = [vec![3; 10], vec![50; LIMIT], vec![51; LIMIT - 1], vec![99]].concat();
        let (seen, _, overfull) = read(&rows, 0, 100);
        assert_eq!((seen.len(), overfull), (rows.len(), vec![50]));
    }

    #[test]
    fn the_end_is_never_cut_short_by_a_fraction() {
        let slices = Slices::new(at(10_900));
        assert_eq!(slices.next(at(20_001)), Some(at(10_000)..at(21_000)));
    }
}
