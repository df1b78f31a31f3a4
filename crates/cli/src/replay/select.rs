//! The walk that names each message with an event in a time once.
//!
//! `store::replay::messages` leaves out what has an event in an earlier stretch, so the stretches have to go up through
//! the ids without a gap and without meeting twice, across days too. The batches of each day only serve to cut them to a
//! bounded size; a batch that lies below where the walk has come to was in an earlier stretch.

use crate::failure::Failure;
use crate::stretch;
use deadpool_postgres::GenericClient;
use domain::SourceId;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan as _};
use store::audit::{self, Counters, Stretch};
use uuid::Uuid;

/// Batches of a step. Each step reads the blocks that no vacuum has summarised for the BRIN index yet.
const STEP_BATCHES: i64 = 500;
/// Elements of a step, unless one batch has more: bounds the messages that are named at a time.
const STEP_ELEMENTS: i64 = 100_000;
/// How far a batch's id may be from its receive time, and far more than that.
const HEADROOM: SignedDuration = SignedDuration::from_hours(1);

/// Which messages: of a source, with an event received from `from` until before `to`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Selection {
    pub source: SourceId,
    pub from: Timestamp,
    pub to: Timestamp,
}

impl Selection {
    fn first_day(&self) -> Date {
        self.from.to_zoned(TimeZone::UTC).date()
    }

    /// The day of the last moment before `to`.
    fn last_day(&self) -> Date {
        let last = self.to.checked_sub(SignedDuration::from_nanos(1)).unwrap_or(self.to);
        last.to_zoned(TimeZone::UTC).date()
    }
}

/// Where the walk has come to.
pub(super) struct Walk {
    /// Days with batches that are still to be walked, the next one last.
    days: Vec<Date>,
    /// Every id up to here is behind.
    after: Uuid,
    /// Nothing at or above it was received in the time, but for what is far.
    end: Uuid,
    /// Whether there are ids so far above their day that a stretch cut at one would hold all later days.
    far: bool,
}

impl Walk {
    pub(super) async fn begin(client: &impl GenericClient, selection: Selection) -> Result<Self, Failure> {
        let (mut days, mut least, mut far) = (Vec::new(), None::<Uuid>, false);
        let mut day = selection.first_day().checked_sub(1.day()).unwrap_or(Date::MIN);
        while let Some(next) = audit::next_day(client, day).await? {
            if next > selection.last_day() {
                break;
            }
            let first = audit::batches(client, next, Uuid::nil(), 1).await?;
            least = least.into_iter().chain(first.first().map(|batch| batch.id)).min();
            far |=
                !audit::batches(client, next, stretch::before(stretch::floor(next, 2)), 1).await?.is_empty();
            days.push(next);
            day = next;
        }
        days.reverse();
        let after = least.map_or(Uuid::nil(), |least| begin_after(selection, least));
        Ok(Self { days, after, end: end_before(selection), far })
    }

    /// The next stretch; `None`: everything was walked.
    pub(super) async fn step(&mut self, client: &impl GenericClient) -> Result<Option<Stretch>, Failure> {
        while let Some(day) = self.days.last().copied() {
            let batches = audit::batches(client, day, self.after, STEP_BATCHES).await?;
            if let Some(stretch) = self.cut(day, &batches) {
                return Ok(Some(stretch));
            }
            self.days.pop();
        }
        Ok(self.rest())
    }

    /// The stretch up to the last of these batches that a step has room for; `None`: the day has no more to cut at.
    fn cut(&mut self, day: Date, batches: &[Counters]) -> Option<Stretch> {
        let end = self.end.min(stretch::floor(day, 2));
        let near = batches.split_at(batches.partition_point(|batch| batch.id < end)).0;
        let mut elements = 0;
        let fits = |batch: &&Counters| {
            elements += batch.elements;
            elements <= STEP_ELEMENTS
        };
        // One batch at least, however large.
        let fitting = near.iter().take_while(fits).count().max(1).min(near.len());
        near.get(fitting.checked_sub(1)?).map(|last| self.up_to(day, last.id))
    }

    /// What lies far above its day, at last.
    fn rest(&mut self) -> Option<Stretch> {
        std::mem::take(&mut self.far).then(|| self.up_to(Date::MAX, Uuid::max()))
    }

    fn up_to(&mut self, day: Date, through: Uuid) -> Stretch {
        Stretch { day, after: std::mem::replace(&mut self.after, through), through }
    }
}

/// Below the first batch that may be received in the time; not far below it, because all that lies between is read.
fn begin_after(selection: Selection, least: Uuid) -> Uuid {
    let before_all = stretch::before(least);
    if least < stretch::floor(selection.first_day(), -1) {
        // An id that ingest did not make.
        return before_all;
    }
    let early = selection.from.checked_sub(HEADROOM).unwrap_or(selection.from);
    before_all.max(stretch::before(stretch::at_time(early)))
}

/// Above the last batch that may be received in the time.
fn end_before(selection: Selection) -> Uuid {
    stretch::at_time(selection.to.checked_add(HEADROOM).unwrap_or(selection.to))
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;
    use std::collections::BTreeMap;

    const DAY: i64 = 24 * 60 * 60;

    fn at(second: i64) -> Timestamp {
        // 2023-11-14T00:00:00Z.
        Timestamp::from_second(1_699_920_000 + second).unwrap()
    }

    fn id(second: i64, number: u128) -> Uuid {
        Uuid::from_u128(stretch::at_time(at(second)).as_u128() + number)
    }

    fn selection(from: i64, to: i64) -> Selection {
        Selection { source: SourceId(1), from: at(from), to: at(to) }
    }

    /// The stretches of a walk over days of (id, elements).
    fn walk(selection: Selection, ledger: &BTreeMap<Date, Vec<(Uuid, i64)>>) -> Vec<Stretch> {
        let least = ledger.values().flatten().map(|(id, _)| *id).min().unwrap();
        let far = ledger.iter().any(|(day, ids)| ids.iter().any(|(id, _)| *id >= stretch::floor(*day, 2)));
        let (after, end) = (begin_after(selection, least), end_before(selection));
        let mut walk = Walk { days: Vec::new(), after, end, far };
        let mut stretches = Vec::new();
        for (day, ids) in ledger {
            loop {
                let mut page: Vec<Counters> = ids
                    .iter()
                    .filter(|(id, _)| *id > walk.after)
                    .map(|(id, elements)| Counters {
                        id: *id,
                        elements: *elements,
                        applied: *elements,
                        stale: 0,
                        ignored: 0,
                        duplicate: 0,
                        quarantined: 0,
                    })
                    .collect();
                page.sort_by_key(|batch| batch.id);
                page.truncate(usize::try_from(STEP_BATCHES).unwrap());
                match walk.cut(*day, &page) {
                    Some(stretch) => stretches.push(stretch),
                    None => break,
                }
            }
        }
        stretches.extend(walk.rest());
        stretches
    }

    /// In how many stretches an id is.
    fn named(stretches: &[Stretch], id: Uuid) -> usize {
        stretches.iter().filter(|stretch| stretch.after < id && id <= stretch.through).count()
    }

    fn assert_each_once(stretches: &[Stretch], ledger: &BTreeMap<Date, Vec<(Uuid, i64)>>) {
        for (id, _) in ledger.values().flatten() {
            assert_eq!(named(stretches, *id), 1, "{id}");
        }
        for pair in stretches.windows(2) {
            assert_eq!(pair[0].through, pair[1].after, "without a gap");
        }
    }

    #[test]
    fn every_batch_of_every_day_is_in_one_stretch() {
        let day = |first: i64| (0..1_300).map(|number| (id(first + number * 60, 7), 10)).collect::<Vec<_>>();
        let ledger = [(date(2023, 11, 14), day(0)), (date(2023, 11, 15), day(DAY))].into();
        let stretches = walk(selection(0, 2 * DAY), &ledger);
        assert_eq!(stretches.len(), 6, "500, 500 and 300 a day");
        assert_each_once(&stretches, &ledger);
    }

    #[test]
    fn ids_that_overlap_at_midnight_are_named_once() {
        // A clock that was set back: the second day begins with ids from before the end of the first.
        let ledger = [
            (date(2023, 11, 14), vec![(id(DAY - 60, 1), 1), (id(DAY - 10, 1), 1), (id(DAY + 5, 1), 1)]),
            (date(2023, 11, 15), vec![(id(DAY - 20, 2), 1), (id(DAY + 3, 2), 1), (id(DAY + 9, 2), 1)]),
        ]
        .into();
        assert_each_once(&walk(selection(0, 2 * DAY), &ledger), &ledger);
    }

    #[test]
    fn ids_that_ingest_did_not_make_are_named_once_and_swallow_no_later_day() {
        let (low, high) = (Uuid::from_u128(5), Uuid::from_u128(u128::MAX - 5));
        let ledger = [
            (date(2023, 11, 14), vec![(low, 1), (id(60, 1), 1), (high, 1)]),
            (date(2023, 11, 15), vec![(id(DAY + 60, 1), 1)]),
        ]
        .into();
        let stretches = walk(selection(0, 2 * DAY), &ledger);
        assert_each_once(&stretches, &ledger);
        assert_eq!(named(&stretches[stretches.len() - 1..], id(DAY + 60, 1)), 0);
    }

    #[test]
    fn large_batches_make_small_steps() {
        let ledger = [(date(2023, 11, 14), (0..4).map(|number| (id(number, 1), 60_000)).collect())].into();
        let stretches = walk(selection(0, DAY), &ledger);
        assert_eq!(stretches.len(), 4);
        assert_each_once(&stretches, &ledger);
    }

    #[test]
    fn little_beyond_the_time_is_read() {
        let hours = (0..24).map(|hour| (id(hour * 3_600, 1), 1)).collect();
        let ledger = [(date(2023, 11, 14), hours)].into();
        let stretches = walk(selection(10 * 3_600, 12 * 3_600), &ledger);
        let read: Vec<i64> = (0..24).filter(|hour| named(&stretches, id(hour * 3_600, 1)) > 0).collect();
        assert_eq!(read, [9, 10, 11, 12]);
    }

    #[test]
    fn the_end_of_the_time_is_not_in_it() {
        assert_eq!(selection(0, DAY).last_day(), date(2023, 11, 14));
        assert_eq!(selection(0, DAY + 1).last_day(), date(2023, 11, 15));
    }
}
