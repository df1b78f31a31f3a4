//! Waiting for the workers, and telling what came of each row.

use super::choose;
use crate::failure::Failure;
use crate::output::Progress;
use std::collections::BTreeMap;
use std::time::Duration;
use store::look::Quarantined;
use tokio::time::{Instant, sleep};

/// How often the rows are looked at.
const POLL: Duration = Duration::from_millis(100);

/// What came of releasing one row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Released,
    /// A worker tried, and it stays held.
    Refused,
    /// Somebody else settled it meanwhile.
    Discarded,
    /// No worker has come to it yet.
    Open,
}

/// Rows by what came of them, as they are now.
#[derive(Debug, Default)]
pub(super) struct Settled {
    pub released: Vec<Quarantined>,
    pub refused: Vec<Quarantined>,
    pub discarded: Vec<Quarantined>,
    /// As they were.
    pub open: Vec<Quarantined>,
}

/// `before` is the row as it was when its release began. That a release was tried is seen by `tried_at` having moved, so
/// no clock is compared with another one.
fn fate(before: &Quarantined, now: &Quarantined) -> Fate {
    match now.state.as_str() {
        "released" => Fate::Released,
        "discarded" => Fate::Discarded,
        _ if now.tried_at != before.tried_at => Fate::Refused,
        _ => Fate::Open,
    }
}

impl Settled {
    /// Sorts the rows that a worker has come to out of `open`.
    fn sort(&mut self, now: Vec<Quarantined>) {
        let mut now: BTreeMap<i64, Quarantined> = now.into_iter().map(|row| (row.id, row)).collect();
        for before in std::mem::take(&mut self.open) {
            // A row that is gone went with retention, and nobody can say what came of it.
            match now.remove(&before.id).map(|row| (fate(&before, &row), row)) {
                Some((Fate::Released, row)) => self.released.push(row),
                Some((Fate::Refused, row)) => self.refused.push(row),
                Some((Fate::Discarded, row)) => self.discarded.push(row),
                Some((Fate::Open, _)) | None => self.open.push(before),
            }
        }
    }
}

/// Waits until every row is settled or refused, at most as long as given. `rows` are sorted by their ids.
pub(super) async fn wait(
    client: &store::Client,
    rows: Vec<Quarantined>,
    longest: Duration,
) -> Result<Settled, Failure> {
    let (all, deadline) = (rows.len(), Instant::now() + longest);
    let mut settled = Settled { open: rows, ..Settled::default() };
    let mut progress = Progress::new();
    while !settled.open.is_empty() && Instant::now() < deadline {
        let ids: Vec<i64> = settled.open.iter().map(|row| row.id).collect();
        settled.sort(choose::of(client, &ids).await?);
        if !settled.open.is_empty() {
            progress.show(&format!("{} of {all} settled", all - settled.open.len()));
            sleep(POLL.min(deadline.saturating_duration_since(Instant::now()))).await;
        }
    }
    for rows in [&mut settled.released, &mut settled.refused, &mut settled.discarded] {
        rows.sort_unstable_by_key(|row| row.id);
    }
    Ok(settled)
}

#[cfg(test)]
mod tests {
    use super::super::document::tests::held;
    use super::*;
    use jiff::Timestamp;

    fn tried(row: Quarantined, second: i64) -> Quarantined {
        Quarantined { tried_at: Some(Timestamp::from_second(second).unwrap()), ..row }
    }

    #[test]
    fn a_row_is_refused_only_by_a_try_of_this_release() {
        assert_eq!(fate(&held(1), &held(1)), Fate::Open);
        assert_eq!(fate(&held(1), &tried(held(1), 5)), Fate::Refused);
        assert_eq!(fate(&tried(held(1), 5), &tried(held(1), 5)), Fate::Open);
        assert_eq!(fate(&tried(held(1), 5), &tried(held(1), 6)), Fate::Refused);
    }

    #[test]
    fn every_row_ends_in_one_place_and_open_ones_stay() {
        let state = |id, state: &str| Quarantined { state: state.to_owned(), ..held(id) };
        let mut settled = Settled { open: (1..=5).map(held).collect(), ..Settled::default() };
        settled.sort(vec![state(1, "released"), tried(held(2), 5), state(3, "discarded"), held(4)]);
        let ids = |rows: &[Quarantined]| rows.iter().map(|row| row.id).collect::<Vec<_>>();
        assert_eq!(ids(&settled.released), [1]);
        assert_eq!(ids(&settled.refused), [2]);
        assert_eq!(ids(&settled.discarded), [3]);
        assert_eq!(ids(&settled.open), [4, 5]);
    }
}
