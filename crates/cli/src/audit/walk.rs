//! Walking over all days, and inside a day over its batches in the order of their ids.

use super::{Audit, STEP_BATCHES};
use crate::failure::Failure;
use crate::output::Progress;
use crate::stretch;
use jiff::civil::Date;
use store::audit::{self, BEFORE_ALL_DAYS};
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
        } else if let Some(stretch) = stretch::of_day(day, &batches, after, first, last_step) {
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
    found.pending = store::pending::count(snapshot).await?;
    Ok(())
}
