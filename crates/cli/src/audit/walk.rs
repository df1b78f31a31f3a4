//! Walking over all days, and inside a day over its batches in the order of their ids.

use super::{Audit, STEP_BATCHES};
use crate::failure::Failure;
use crate::output::Progress;
use jiff::ToSpan as _;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use store::audit::{self, BEFORE_ALL_DAYS, Counters, Stretch};
use uuid::Uuid;

type Snapshot<'a> = deadpool_postgres::Transaction<'a>;

/// Recomputes all there is.
pub(crate) async fn everything(snapshot: &Snapshot<'_>) -> Result<Audit, Failure> {
    let mut found = Audit::default();
    let kept_from = audit::events_kept_from(snapshot).await?;
    let mut progress = Progress::new();
    let mut after = BEFORE_ALL_DAYS;
    while let Some(day) = audit::next_day(snapshot, after).await? {
        let too_old = kept_from.is_some_and(|kept_from| day < kept_from);
        day_of_batches(snapshot, &mut found, day, too_old, &mut progress).await?;
        after = day;
    }
    told(snapshot, &mut found).await?;
    progress.clear();
    Ok(found)
}

async fn day_of_batches(
    snapshot: &Snapshot<'_>,
    found: &mut Audit,
    day: Date,
    too_old: bool,
    progress: &mut Progress,
) -> Result<(), Failure> {
    let mut after = Uuid::nil();
    let mut first = true;
    loop {
        let batches = audit::batches(snapshot, day, after, STEP_BATCHES).await?;
        let last_step = (batches.len() as i64) < STEP_BATCHES;
        if too_old {
            found.ledger.add_too_old(&batches);
        } else if let Some(stretch) = stretch(day, &batches, after, first, last_step) {
            let events = audit::events(snapshot, stretch).await?;
            let quarantine = audit::quarantine(snapshot, stretch).await?;
            found.ledger.add(&batches, &events, &quarantine);
        }
        progress.show(&format!("{day}: {} batches so far", found.ledger.batches));
        match batches.last() {
            Some(last) if !last_step => after = last.id,
            _ => return Ok(()),
        }
        first = false;
    }
}

/// The stretch of ids that a step answers for. Together the steps of a day leave no gap, so that rows of a batch that
/// is missing from the ledger are seen too. `None`: there was nothing left for this step.
fn stretch(day: Date, batches: &[Counters], after: Uuid, first: bool, last_step: bool) -> Option<Stretch> {
    let (earliest, latest) = (batches.first().map(|batch| batch.id), batches.last().map(|batch| batch.id));
    // An id's time may be a moment away from the receive time, hence a day more on either side.
    let from = if first { floor(day, -1).min(before(earliest?)) } else { after };
    let through = if last_step { latest.map_or(floor(day, 2), |id| id.max(floor(day, 2))) } else { latest? };
    Some(Stretch { day, after: from, through })
}

/// The least id of the day that lies `days` from `day`.
fn floor(day: Date, days: i64) -> Uuid {
    let at = day.checked_add(days.days()).and_then(|day| day.to_zoned(TimeZone::UTC));
    let milliseconds = at.map_or(0, |at| at.timestamp().as_millisecond());
    // A version 7 id leads with 48 bits of milliseconds.
    Uuid::from_u128(u128::try_from(milliseconds).unwrap_or(0) << 80)
}

fn before(id: Uuid) -> Uuid {
    Uuid::from_u128(id.as_u128().saturating_sub(1))
}

/// What was told, day by day.
async fn told(snapshot: &Snapshot<'_>, found: &mut Audit) -> Result<(), Failure> {
    let mut after = BEFORE_ALL_DAYS;
    while let Some(day) = audit::next_notification_day(snapshot, after).await? {
        for (kind, count) in audit::notifications(snapshot, day).await? {
            *found.notifications.entry(kind).or_default() += count;
        }
        after = day;
    }
    let mut after = BEFORE_ALL_DAYS;
    while let Some(day) = audit::next_finish_day(snapshot, after).await? {
        let finished = audit::finished(snapshot, day).await?;
        found.finished.delivered += finished.delivered;
        found.finished.exhausted += finished.exhausted;
        after = day;
    }
    found.unfinished = audit::unfinished(snapshot).await?;
    Ok(())
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
        let first = stretch(day, &[batch(one), batch(two)], Uuid::nil(), true, false).unwrap();
        let second = stretch(day, &[batch(three)], two, false, true).unwrap();
        assert!(first.after < one && first.through == two);
        assert_eq!(second.after, first.through);
        assert!(second.through > three);
    }

    #[test]
    fn a_day_reaches_a_day_to_either_side() {
        let day = date(2023, 11, 14);
        let only = stretch(day, &[batch(at(1_700_000_000_000))], Uuid::nil(), true, true).unwrap();
        // 2023-11-13T00:00:00Z and 2023-11-16T00:00:00Z.
        assert_eq!(only.after.as_u128() >> 80, 1_699_833_600_000);
        assert_eq!(only.through.as_u128() >> 80, 1_700_092_800_000);
    }

    #[test]
    fn ids_that_are_older_or_younger_than_their_day_are_still_inside() {
        let day = date(2023, 11, 14);
        let (old, young) = (Uuid::from_u128(5), Uuid::max());
        let only = stretch(day, &[batch(old), batch(young)], Uuid::nil(), true, true).unwrap();
        assert!(only.after < old && only.through >= young);
    }
}
