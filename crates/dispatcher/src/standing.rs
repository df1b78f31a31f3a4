//! What ended attempts say of their endpoints: whether to leave them alone for a while, or until a person looks.
//!
//! Every request that was sent counts, in the order in which the ends came in, whoever holds its delivery now. Of an
//! endpoint that is well nothing is remembered, so its successes write nothing. An endpoint that is disabled holds what
//! it is owed.

use crate::metrics;
use crate::record::Told;
use deadpool_postgres::Transaction;
use domain::breaker::{Breaker, Health};
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};
use store::StoreError;
use store::delivery;

/// Why an endpoint is disabled, as stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reason {
    /// It answered 410.
    Gone,
    /// For days it has only failed.
    Failing,
}

impl Reason {
    pub(crate) const ALL: [Self; 2] = [Self::Gone, Self::Failing];

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Gone => "gone",
            Self::Failing => "failing",
        }
    }
}

/// What has changed, to be announced when it is committed.
#[derive(Debug, Default)]
pub(crate) struct Changes {
    opened: u64,
    closed: u64,
    disabled: Vec<(i32, Reason)>,
}

/// What breakers are to become.
#[derive(Debug, Default, PartialEq)]
struct Folded {
    changed: Vec<(i32, Breaker)>,
    hopeless: Vec<i32>,
    opened: u64,
    closed: u64,
}

impl Changes {
    pub(crate) fn announce(&self) {
        metrics::breakers(self.opened, self.closed);
        for (endpoint, reason) in &self.disabled {
            metrics::disabled(*reason);
            match reason {
                Reason::Gone => {
                    tracing::warn!(endpoint, "it answered 410 and is disabled; what it is owed is held")
                }
                Reason::Failing => {
                    tracing::warn!(
                        endpoint,
                        "it has only failed for days and is disabled; what it is owed is held"
                    );
                }
            }
        }
    }
}

/// Writes it, after the deliveries themselves: see `store::delivery` for why in this order.
pub(crate) async fn write(
    transaction: &Transaction<'_>,
    now: Timestamp,
    told: &[&Told],
) -> Result<Changes, StoreError> {
    let events: Vec<(i32, Health)> =
        told.iter().filter_map(|told| Some((told.endpoint, told.health?))).collect();
    if events.is_empty() {
        return Ok(Changes::default());
    }
    let (succeeded, failed): (BTreeSet<_>, BTreeSet<_>) = (
        events.iter().filter(|(_, health)| *health == Health::Success).map(|(id, _)| *id).collect(),
        events.iter().filter(|(_, health)| *health != Health::Success).map(|(id, _)| *id).collect(),
    );
    let (succeeded, failed): (Vec<_>, Vec<_>) = (Vec::from_iter(succeeded), Vec::from_iter(failed));
    let remembered = delivery::health(transaction, &failed, &succeeded).await?;
    let Folded { changed, hopeless, opened, closed } = fold(remembered, &events, now, rand::random);
    if !changed.is_empty() {
        delivery::set_health(transaction, &changed).await?;
    }
    let gone = told.iter().filter(|told| told.gone).map(|told| told.endpoint);
    // Gone is the better reason of two.
    let reasons: BTreeMap<i32, Reason> = hopeless
        .into_iter()
        .map(|endpoint| (endpoint, Reason::Failing))
        .chain(gone.map(|endpoint| (endpoint, Reason::Gone)))
        .collect();
    if reasons.is_empty() {
        return Ok(Changes { opened, closed, disabled: Vec::new() });
    }
    let asked: Vec<_> = reasons.iter().map(|(endpoint, reason)| (*endpoint, reason.as_str())).collect();
    let disabled = delivery::disable(transaction, &asked, now).await?;
    let disabled = disabled.into_iter().filter_map(|id| Some((id, *reasons.get(&id)?))).collect();
    Ok(Changes { opened, closed, disabled })
}

/// Adds the events, in their order, to what is remembered. Endpoints of which nothing is remembered are passed over.
fn fold(
    remembered: Vec<(i32, Breaker)>,
    events: &[(i32, Health)],
    now: Timestamp,
    mut chance: impl FnMut() -> f64,
) -> Folded {
    let mut folded = Folded::default();
    for (endpoint, before) in remembered {
        let mut breaker = before;
        for (_, health) in events.iter().filter(|(id, _)| *id == endpoint) {
            let was = breaker.open_until;
            breaker.add(*health, now, chance());
            match (was, breaker.open_until) {
                (Some(_), None) => folded.closed += 1,
                (was, Some(until)) if was != Some(until) => folded.opened += 1,
                _ => {}
            }
        }
        if breaker != before {
            folded.changed.push((endpoint, breaker));
        }
        if breaker.is_hopeless(now) {
            folded.hopeless.push(endpoint);
        }
    }
    folded
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::breaker::{DISABLED_AFTER, FAILURES};
    use jiff::SignedDuration;

    fn now() -> Timestamp {
        Timestamp::from_second(1_700_000_000).unwrap()
    }

    fn folded(remembered: &[(i32, Breaker)], events: &[(i32, Health)]) -> Folded {
        fold(remembered.to_vec(), events, now(), || 0.0)
    }

    fn failing_for(time: SignedDuration) -> Breaker {
        Breaker { failures: FAILURES, failing_since: Some(now() - time), ..Breaker::default() }
    }

    const FAILED: (i32, Health) = (1, Health::Failure);
    const SUCCEEDED: (i32, Health) = (1, Health::Success);

    #[test]
    fn ends_count_in_their_order_and_each_for_its_endpoint() {
        let well = Breaker::default();
        let events =
            [FAILED, SUCCEEDED, FAILED, (2, Health::Failure), SUCCEEDED, FAILED, (3, Health::Failure)];
        let changed = folded(&[(1, well), (2, well)], &events).changed;
        let failures: Vec<_> = changed.iter().map(|(id, breaker)| (*id, breaker.failures)).collect();
        assert_eq!(failures, [(1, 1), (2, 1)]);
    }

    #[test]
    fn breakers_that_open_and_close_are_counted() {
        let failures = vec![FAILED; FAILURES as usize];
        let open = folded(&[(1, Breaker::default())], &failures);
        assert_eq!((open.opened, open.closed), (1, 0));
        // What was under way when it opened is no new opening.
        assert_eq!(folded(&open.changed, &failures).opened, 0);
        // Half open: its time is over, and the next success is its probe's.
        let half_open: Vec<_> = open
            .changed
            .iter()
            .map(|(id, breaker)| (*id, Breaker { open_until: Some(now()), ..*breaker }))
            .collect();
        let closed = folded(&half_open, &[SUCCEEDED]);
        assert_eq!((closed.opened, closed.closed), (0, 1));
        assert_eq!(closed.changed, [(1, Breaker::default())]);
    }

    #[test]
    fn a_success_where_nothing_is_remembered_changes_nothing() {
        assert_eq!(folded(&[], &[SUCCEEDED]), Folded::default());
        assert_eq!(folded(&[(1, Breaker::default())], &[SUCCEEDED]), Folded::default());
    }

    #[test]
    fn an_endpoint_is_given_up_only_if_it_still_fails_after_days_of_it() {
        let long = [(1, failing_for(DISABLED_AFTER))];
        assert_eq!(folded(&long, &[FAILED]).hopeless, [1]);
        assert_eq!(folded(&long, &[FAILED, SUCCEEDED]).hopeless, [0; 0]);
        let short = [(1, failing_for(DISABLED_AFTER - SignedDuration::from_secs(1)))];
        assert_eq!(folded(&short, &[FAILED]).hopeless, [0; 0]);
    }
}
