//! Names of this crate's metrics, and the only place that touches them.
#![allow(clippy::disallowed_macros, reason = "this is the file where names live")]

use crate::classify::{End, Obstacle, Outcome, Trouble};
use crate::hints::Origin;
use crate::limits::Lane;
use crate::standing::Reason;
use metrics::{Unit, counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram};
use std::time::Duration;

const ATTEMPTS: &str = "sendstate_dispatcher_attempts_total";
const FAILURES: &str = "sendstate_dispatcher_failures_total";
const REQUESTS: &str = "sendstate_dispatcher_requests_total";
const REQUEST: &str = "sendstate_dispatcher_request_seconds";
const LAG: &str = "sendstate_dispatcher_delivery_lag_seconds";
const DELIVERIES: &str = "sendstate_dispatcher_deliveries_total";
const BREAKERS: &str = "sendstate_dispatcher_breakers_total";
const DISABLED: &str = "sendstate_dispatcher_disabled_endpoints_total";
const OVERDUE: &str = "sendstate_dispatcher_overdue_seconds";
const IN_FLIGHT: &str = "sendstate_dispatcher_in_flight";
const LEASED: &str = "sendstate_dispatcher_leased";
const BODIES: &str = "sendstate_dispatcher_bodies_bytes";
const POLLS: &str = "sendstate_dispatcher_polls_total";
const POLL: &str = "sendstate_dispatcher_poll_seconds";
const HURRIED: &str = "sendstate_dispatcher_hurried_polls_total";
const LISTENING: &str = "sendstate_dispatcher_listening";
const RECORD: &str = "sendstate_dispatcher_record_seconds";
const RECORDED: &str = "sendstate_dispatcher_record_deliveries";

/// Every name that this crate can emit.
pub const NAMES: &[&str] = &[
    ATTEMPTS, FAILURES, REQUESTS, REQUEST, LAG, DELIVERIES, BREAKERS, DISABLED, OVERDUE, IN_FLIGHT, LEASED,
    BODIES, POLLS, POLL, HURRIED, LISTENING, RECORD, RECORDED,
];

/// What became of a leased delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    Delivered,
    Rescheduled,
    /// Put off by the consumer, which cost no attempt.
    Waited,
    Exhausted,
    /// Finished or held by somebody else before this process could record it.
    LeaseLost,
    /// Given back without an attempt.
    Released,
    /// Could not be recorded; due again at the lease's end.
    Unrecorded,
}

impl Fate {
    const ALL: [Self; 7] = [
        Self::Delivered,
        Self::Rescheduled,
        Self::Waited,
        Self::Exhausted,
        Self::LeaseLost,
        Self::Released,
        Self::Unrecorded,
    ];

    const fn as_str(self) -> &'static str {
        match self {
            Self::Delivered => "delivered",
            Self::Rescheduled => "rescheduled",
            Self::Waited => "waited",
            Self::Exhausted => "exhausted",
            Self::LeaseLost => "lease_lost",
            Self::Released => "released",
            Self::Unrecorded => "unrecorded",
        }
    }
}

/// What a look at the queue brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Poll {
    Found,
    Empty,
    Failed,
}

impl Poll {
    const ALL: [Self; 3] = [Self::Found, Self::Empty, Self::Failed];

    const fn as_str(self) -> &'static str {
        match self {
            Self::Found => "found",
            Self::Empty => "empty",
            Self::Failed => "failed",
        }
    }
}

/// Describes every metric and brings its series into being at zero.
pub fn describe() {
    describe_counter!(ATTEMPTS, Unit::Count, "Attempts that have ended, by outcome.");
    describe_counter!(FAILURES, Unit::Count, "Attempts without an answer, by class of error.");
    describe_counter!(REQUESTS, Unit::Count, "Attempts begun, by lane: first ones, and further ones.");
    describe_histogram!(REQUEST, Unit::Seconds, "From the start of a request to the end of its answer.");
    describe_histogram!(LAG, Unit::Seconds, "From when a delivery was due to the start of its request.");
    describe_counter!(
        DELIVERIES,
        Unit::Count,
        "Leased deliveries that left this process, by what became of them."
    );
    describe_counter!(BREAKERS, Unit::Count, "Times that an endpoint's breaker changed, by what it became.");
    describe_counter!(DISABLED, Unit::Count, "Endpoints that were disabled, by reason.");
    describe_gauge!(
        OVERDUE,
        Unit::Seconds,
        "For how long the most overdue delivery of an active endpoint has been due."
    );
    describe_gauge!(IN_FLIGHT, Unit::Count, "Requests in flight.");
    describe_gauge!(LEASED, Unit::Count, "Deliveries leased by this process and not yet recorded.");
    describe_gauge!(BODIES, Unit::Bytes, "Bytes of the notifications in hand, or held for a look.");
    describe_counter!(POLLS, Unit::Count, "Looks at the queue, by what they brought.");
    describe_histogram!(POLL, Unit::Seconds, "Duration of a look at the queue.");
    describe_counter!(
        HURRIED,
        Unit::Count,
        "Looks that a hint hurried: one that was notified, or what this process recorded."
    );
    describe_gauge!(LISTENING, "Whether hints are listened for: 1 while that connection is there.");
    describe_histogram!(RECORD, Unit::Seconds, "Duration of a transaction that records ended attempts.");
    describe_histogram!(RECORDED, Unit::Count, "Deliveries recorded in one transaction.");
    for outcome in Outcome::ALL {
        counter!(ATTEMPTS, "outcome" => outcome.as_str()).absolute(0);
    }
    let classes = Trouble::ALL.map(Trouble::as_str).into_iter().chain(Obstacle::ALL.map(Obstacle::as_str));
    for class in classes {
        counter!(FAILURES, "error" => class).absolute(0);
    }
    for lane in Lane::ALL {
        counter!(REQUESTS, "lane" => lane.as_str()).absolute(0);
    }
    breakers(0, 0);
    for reason in Reason::ALL {
        counter!(DISABLED, "reason" => reason.as_str()).absolute(0);
    }
    for fate in Fate::ALL {
        counter!(DELIVERIES, "result" => fate.as_str()).absolute(0);
    }
    for poll in Poll::ALL {
        counter!(POLLS, "result" => poll.as_str()).absolute(0);
    }
    for origin in Origin::ALL {
        counter!(HURRIED, "hint" => origin.as_str()).absolute(0);
    }
    for name in [OVERDUE, IN_FLIGHT, LEASED, BODIES, LISTENING] {
        gauge!(name).set(0.0);
    }
    // Brings a histogram's series into being without a sample.
    for name in [REQUEST, LAG, POLL, RECORD, RECORDED] {
        drop(histogram!(name));
    }
}

pub(crate) fn attempted(end: End, took: Duration) {
    counter!(ATTEMPTS, "outcome" => end.outcome().as_str()).increment(1);
    if let Some(error) = end.error() {
        counter!(FAILURES, "error" => error).increment(1);
    }
    if !matches!(end, End::Unsent(_)) {
        histogram!(REQUEST).record(took.as_secs_f64());
    }
}

pub(crate) fn started(lane: Lane, lag: Duration) {
    counter!(REQUESTS, "lane" => lane.as_str()).increment(1);
    histogram!(LAG).record(lag.as_secs_f64());
}

pub(crate) fn ended(fate: Fate, count: u64) {
    counter!(DELIVERIES, "result" => fate.as_str()).increment(count);
}

pub(crate) fn breakers(opened: u64, closed: u64) {
    counter!(BREAKERS, "state" => "open").increment(opened);
    counter!(BREAKERS, "state" => "closed").increment(closed);
}

pub(crate) fn disabled(reason: Reason) {
    counter!(DISABLED, "reason" => reason.as_str()).increment(1);
}

pub(crate) fn overdue(by: Duration) {
    gauge!(OVERDUE).set(by.as_secs_f64());
}

/// In flight, and leased in all with the bytes of their notifications.
pub(crate) fn in_hand(in_flight: usize, leased: usize, body_bytes: usize) {
    gauge!(IN_FLIGHT).set(in_flight as f64);
    gauge!(LEASED).set(leased as f64);
    gauge!(BODIES).set(body_bytes as f64);
}

pub(crate) fn polled(poll: Poll, took: Duration) {
    counter!(POLLS, "result" => poll.as_str()).increment(1);
    histogram!(POLL).record(took.as_secs_f64());
}

pub(crate) fn hurried(hint: Origin) {
    counter!(HURRIED, "hint" => hint.as_str()).increment(1);
}

pub(crate) fn listening(listening: bool) {
    gauge!(LISTENING).set(if listening { 1.0 } else { 0.0 });
}

pub(crate) fn recorded(deliveries: usize, took: Duration) {
    histogram!(RECORD).record(took.as_secs_f64());
    histogram!(RECORDED).record(deliveries as f64);
}
