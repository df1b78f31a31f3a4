//! Stretches of batch ids: how a walk over the ledger is cut into steps that leave no gap.
//!
//! A batch's id is of version 7 and was made beside its receive time, from the same clock; the two may be a moment apart.
//! Ids that ingest did not make lie anywhere.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};
use store::audit::{Counters, Stretch};
use uuid::Uuid;

/// The stretch of ids that a step inside one day answers for. Together the steps of a day leave no gap, so that rows of a
/// batch that is missing from the ledger are seen too. `None`: there was nothing left for this step.
pub(crate) fn of_day(
    day: Date,
    batches: &[Counters],
    after: Uuid,
    first: bool,
    last_step: bool,
) -> Option<Stretch> {
    let (earliest, latest) = (batches.first().map(|batch| batch.id), batches.last().map(|batch| batch.id));
    // An id's time may be a moment away from the receive time, hence a day more on either side.
    let from = if first { floor(day, -1).min(before(earliest?)) } else { after };
    let through = if last_step { latest.map_or(floor(day, 2), |id| id.max(floor(day, 2))) } else { latest? };
    Some(Stretch { day, after: from, through })
}

/// The least id of the day that lies `days` from `day`.
pub(crate) fn floor(day: Date, days: i64) -> Uuid {
    let at = day.checked_add(days.days()).and_then(|day| day.to_zoned(TimeZone::UTC));
    at.map_or(Uuid::nil(), |at| at_time(at.timestamp()))
}

/// The least id of a moment.
pub(crate) fn at_time(at: Timestamp) -> Uuid {
    // A version 7 id leads with 48 bits of milliseconds.
    Uuid::from_u128(u128::try_from(at.as_millisecond()).unwrap_or(0) << 80)
}

/// The greatest id below this one.
pub(crate) fn before(id: Uuid) -> Uuid {
    Uuid::from_u128(id.as_u128().saturating_sub(1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    fn batch(id: Uuid) -> Counters {
        Counters { id, elements: 0, applied: 0, stale: 0, ignored: 0, duplicate: 0, quarantined: 0 }
    }

    fn at(milliseconds: u64) -> Uuid {
        uuid::Builder::from_unix_timestamp_millis(milliseconds, &[9; 10]).into_uuid()
    }

    #[test]
    fn the_steps_of_a_day_leave_no_gap() {
        let day = date(2023, 11, 14);
        let (one, two, three) = (at(1_699_999_990_000), at(1_699_999_995_000), at(1_700_000_000_000));
        let first = of_day(day, &[batch(one), batch(two)], Uuid::nil(), true, false).unwrap();
        let second = of_day(day, &[batch(three)], two, false, true).unwrap();
        assert!(first.after < one && first.through == two);
        assert_eq!(second.after, first.through);
        assert!(second.through > three);
    }

    #[test]
    fn a_day_reaches_a_day_to_either_side() {
        let day = date(2023, 11, 14);
        let only = of_day(day, &[batch(at(1_700_000_000_000))], Uuid::nil(), true, true).unwrap();
        // 2023-11-13T00:00:00Z and 2023-11-16T00:00:00Z.
        assert_eq!(only.after.as_u128() >> 80, 1_699_833_600_000);
        assert_eq!(only.through.as_u128() >> 80, 1_700_092_800_000);
    }

    #[test]
    fn ids_that_are_older_or_younger_than_their_day_are_still_inside() {
        let day = date(2023, 11, 14);
        let (old, young) = (Uuid::from_u128(5), Uuid::max());
        let only = of_day(day, &[batch(old), batch(young)], Uuid::nil(), true, true).unwrap();
        assert!(only.after < old && only.through >= young);
    }
}
