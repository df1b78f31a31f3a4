//! The worker's metrics: every name, label and help text.
#![allow(clippy::disallowed_macros, reason = "this file is where the worker's metric names live")]

use crate::apply::Applied;
use metrics::{Unit, counter, describe_counter, describe_histogram, histogram};
use std::time::Instant;

pub const BATCHES: &str = "sendstate_worker_batches_total";
pub const ELEMENTS: &str = "sendstate_worker_elements_total";
pub const NOTIFICATIONS: &str = "sendstate_worker_notifications_total";
pub const DELIVERIES: &str = "sendstate_worker_deliveries_total";
pub const RETRIES: &str = "sendstate_worker_retries_total";
pub const REFUSED: &str = "sendstate_worker_refused_elements_total";
pub const GIVEN_BACK: &str = "sendstate_worker_given_back_total";
pub const WINDOW_SECONDS: &str = "sendstate_worker_window_seconds";
pub const WINDOW_BATCHES: &str = "sendstate_worker_window_batches";

/// Every name above, for the test that compares them with dashboards and alerts.
pub const NAMES: &[&str] = &[
    BATCHES,
    ELEMENTS,
    NOTIFICATIONS,
    DELIVERIES,
    RETRIES,
    REFUSED,
    GIVEN_BACK,
    WINDOW_SECONDS,
    WINDOW_BATCHES,
];

/// Why a window was tried again.
#[derive(Clone, Copy, Debug)]
pub enum Retry {
    /// Another transaction was in the way.
    Conflict,
    /// The database was away or unwell.
    Environment,
    /// The database refused the data; culprits are isolated.
    Data,
}

impl Retry {
    const ALL: [Self; 3] = [Self::Conflict, Self::Environment, Self::Data];

    const fn as_str(self) -> &'static str {
        match self {
            Self::Conflict => "conflict",
            Self::Environment => "environment",
            Self::Data => "data",
        }
    }
}

/// Describes every metric and starts its series at zero, so that alerts see them before the first event.
pub fn describe() {
    describe_counter!(BATCHES, "batches settled, by whether they were recorded now or known before");
    describe_counter!(ELEMENTS, "elements of recorded batches, by how they ended in the ledger");
    describe_counter!(NOTIFICATIONS, "notifications created");
    describe_counter!(DELIVERIES, "deliveries owed to endpoints");
    describe_counter!(RETRIES, "windows tried again, by cause");
    describe_counter!(REFUSED, "elements the database itself refused, now in quarantine");
    describe_counter!(
        GIVEN_BACK,
        "times batches were given back to the broker because the database stayed away"
    );
    describe_histogram!(WINDOW_SECONDS, Unit::Seconds, "time from taking a window to its last commit");
    describe_histogram!(WINDOW_BATCHES, "batches in a window");
    applied(&Applied::default());
    Retry::ALL.into_iter().for_each(|cause| counter!(RETRIES, "cause" => cause.as_str()).absolute(0));
    counter!(REFUSED).absolute(0);
    counter!(GIVEN_BACK).absolute(0);
    drop(histogram!(WINDOW_SECONDS));
    drop(histogram!(WINDOW_BATCHES));
}

pub(crate) fn applied(applied: &Applied) {
    counter!(BATCHES, "outcome" => "recorded").increment(applied.batches);
    counter!(BATCHES, "outcome" => "known").increment(applied.known);
    let tally = applied.tally;
    for (outcome, count) in [
        ("applied", tally.applied),
        ("stale", tally.stale),
        ("ignored", tally.ignored),
        ("duplicate", tally.duplicate),
        ("quarantined", tally.quarantined),
    ] {
        counter!(ELEMENTS, "outcome" => outcome).increment(count.unsigned_abs().into());
    }
    counter!(NOTIFICATIONS).increment(applied.notifications);
    counter!(DELIVERIES).increment(applied.deliveries);
}

pub(crate) fn retried(cause: Retry) {
    counter!(RETRIES, "cause" => cause.as_str()).increment(1);
}

pub(crate) fn refused_element() {
    counter!(REFUSED).increment(1);
}

pub(crate) fn given_back() {
    counter!(GIVEN_BACK).increment(1);
}

/// Times a window until it is dropped.
pub(crate) struct WindowTimer(Instant);

pub(crate) fn window(batches: usize) -> WindowTimer {
    #[expect(clippy::cast_precision_loss, reason = "a window holds at most 65,535 batches")]
    histogram!(WINDOW_BATCHES).record(batches as f64);
    WindowTimer(Instant::now())
}

impl Drop for WindowTimer {
    fn drop(&mut self) {
        histogram!(WINDOW_SECONDS).record(self.0.elapsed());
    }
}
