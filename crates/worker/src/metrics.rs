//! The worker's metrics: every name, label and help text.
#![allow(clippy::disallowed_macros, reason = "this file is where the worker's metric names live")]

use crate::apply::Applied;
use crate::counts::{Correlation, Counts, Ending};
use crate::isolate::REFUSED as REFUSED_REASON;
use domain::{EventKind, NotificationType};
use metrics::{Unit, counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram};
use std::time::Instant;

pub const BATCHES: &str = "sendstate_worker_batches_total";
pub const ELEMENTS: &str = "sendstate_worker_elements_total";
pub const EVENTS: &str = "sendstate_worker_events_total";
pub const QUARANTINED: &str = "sendstate_worker_quarantined_total";
pub const RELEASES: &str = "sendstate_worker_releases_total";
pub const CORRELATIONS: &str = "sendstate_worker_correlations_total";
pub const PENDING: &str = "sendstate_worker_pending_bounces";
pub const REPLAYED: &str = "sendstate_worker_replayed_messages_total";
pub const NOTIFICATIONS: &str = "sendstate_worker_notifications_total";
pub const DELIVERIES: &str = "sendstate_worker_deliveries_total";
pub const RETRIES: &str = "sendstate_worker_retries_total";
pub const REFUSED: &str = "sendstate_worker_refused_elements_total";
pub const GIVEN_BACK: &str = "sendstate_worker_given_back_total";
pub const HINTS: &str = "sendstate_worker_hints_total";
pub const WINDOW_SECONDS: &str = "sendstate_worker_window_seconds";
pub const WINDOW_BATCHES: &str = "sendstate_worker_window_batches";

/// Every name above, for the test that compares them with dashboards and alerts.
pub const NAMES: &[&str] = &[
    BATCHES,
    ELEMENTS,
    EVENTS,
    QUARANTINED,
    RELEASES,
    CORRELATIONS,
    PENDING,
    REPLAYED,
    NOTIFICATIONS,
    DELIVERIES,
    RETRIES,
    REFUSED,
    GIVEN_BACK,
    HINTS,
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

/// What came of a message that was to be worked out again.
#[derive(Clone, Copy, Debug)]
pub enum Replays {
    Changed,
    Unchanged,
    LeftAlone,
}

impl Replays {
    const ALL: [Self; 3] = [Self::Changed, Self::Unchanged, Self::LeftAlone];

    const fn as_str(self) -> &'static str {
        match self {
            Self::Changed => "changed",
            Self::Unchanged => "unchanged",
            Self::LeftAlone => "left_alone",
        }
    }
}

/// What came of a hint.
#[derive(Clone, Copy, Debug)]
pub enum Hinted {
    Sent,
    Failed,
}

impl Hinted {
    const ALL: [Self; 2] = [Self::Sent, Self::Failed];

    const fn as_str(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Failed => "failed",
        }
    }
}

/// Why the worker itself holds something aside; `wire` has the other reasons.
const OWN_REASONS: [&str; 5] = ["bad_envelope", "never_finished", "parked", "unknown_source", REFUSED_REASON];

/// Describes every metric and starts its series at zero, so that alerts see them before the first event.
pub fn describe() {
    describe_counter!(BATCHES, "batches settled, by whether they were recorded now or known before");
    describe_counter!(
        ELEMENTS,
        "elements of recorded batches, by how they ended in the ledger; one that is released is counted again"
    );
    describe_counter!(EVENTS, "events, by what happened and how they ended in the ledger");
    describe_counter!(QUARANTINED, "elements and whole batches held aside, by reason");
    describe_counter!(RELEASES, "releases from the quarantine, by whether it could be applied now");
    describe_counter!(CORRELATIONS, "events that do not name their message, by what came of looking for it");
    describe_gauge!(PENDING, "bounces that wait for their message, of all workers together");
    describe_counter!(REPLAYED, "messages worked out again from their stored events, by what came of it");
    describe_counter!(NOTIFICATIONS, "notifications created, by type");
    describe_counter!(DELIVERIES, "deliveries owed to endpoints");
    describe_counter!(RETRIES, "windows tried again, by cause");
    describe_counter!(REFUSED, "elements the database itself refused, now in quarantine");
    describe_counter!(
        GIVEN_BACK,
        "times batches were given back to the broker because the database stayed away"
    );
    describe_counter!(HINTS, "hints to dispatchers that something is due, by whether the database took them");
    describe_histogram!(WINDOW_SECONDS, Unit::Seconds, "time from taking a window to its last commit");
    describe_histogram!(WINDOW_BATCHES, "batches in a window");
    applied(&Applied::default());
    for kind in EventKind::ALL {
        for ending in Ending::ALL {
            counter!(EVENTS, "event" => label(kind), "outcome" => ending.as_str()).absolute(0);
        }
    }
    let reasons = wire::sendgrid::QuarantineReason::ALL.map(wire::sendgrid::QuarantineReason::as_str);
    for reason in reasons.into_iter().chain(OWN_REASONS) {
        counter!(QUARANTINED, "reason" => reason).absolute(0);
    }
    for found in Correlation::ALL {
        counter!(CORRELATIONS, "found" => found.as_str()).absolute(0);
    }
    for kind in NotificationType::ALL {
        counter!(NOTIFICATIONS, "type" => kind.as_str()).absolute(0);
    }
    Replays::ALL.into_iter().for_each(|came| replayed(came, 0));
    Retry::ALL.into_iter().for_each(|cause| counter!(RETRIES, "cause" => cause.as_str()).absolute(0));
    pending(0);
    counter!(REFUSED).absolute(0);
    counter!(GIVEN_BACK).absolute(0);
    Hinted::ALL.into_iter().for_each(|came| counter!(HINTS, "outcome" => came.as_str()).absolute(0));
    drop(histogram!(WINDOW_SECONDS));
    drop(histogram!(WINDOW_BATCHES));
}

/// SendGrid has one name for a bounce and for a message that was only blocked; here they are told apart.
fn label(kind: EventKind) -> &'static str {
    if kind == EventKind::Blocked { "blocked" } else { kind.name() }
}

pub(crate) fn applied(applied: &Applied) {
    counter!(BATCHES, "outcome" => "recorded").increment(applied.batches);
    counter!(BATCHES, "outcome" => "known").increment(applied.known);
    counter!(RELEASES, "outcome" => "released").increment(applied.released);
    counter!(RELEASES, "outcome" => "held").increment(applied.refused);
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
    for (kind, endings) in EventKind::ALL.into_iter().zip(applied.counts.events) {
        for (ending, count) in Ending::ALL.into_iter().zip(endings).filter(|(_, count)| *count > 0) {
            counter!(EVENTS, "event" => label(kind), "outcome" => ending.as_str()).increment(count);
        }
    }
    for (reason, count) in &applied.counts.held {
        counter!(QUARANTINED, "reason" => *reason).increment(*count);
    }
    concluded(&applied.counts, applied.deliveries);
}

/// What followed from events that were stored before.
pub(crate) fn concluded(counts: &Counts, deliveries: u64) {
    for (found, count) in &counts.correlations {
        counter!(CORRELATIONS, "found" => found.as_str()).increment(*count);
    }
    for (kind, count) in NotificationType::ALL.into_iter().zip(counts.told).filter(|(_, count)| *count > 0) {
        counter!(NOTIFICATIONS, "type" => kind.as_str()).increment(count);
    }
    counter!(DELIVERIES).increment(deliveries);
}

pub(crate) fn pending(bounces: i64) {
    #[expect(clippy::cast_precision_loss, reason = "a count far below 2^52")]
    gauge!(PENDING).set(bounces as f64);
}

pub(crate) fn replayed(came: Replays, messages: i64) {
    counter!(REPLAYED, "outcome" => came.as_str()).increment(messages.unsigned_abs());
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

pub(crate) fn hinted(came: Hinted) {
    counter!(HINTS, "outcome" => came.as_str()).increment(1);
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
