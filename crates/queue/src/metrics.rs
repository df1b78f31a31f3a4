//! Names of everything this crate counts, and the only places where it does.
#![allow(clippy::disallowed_macros, reason = "this is the file the names live in")]

use crate::{PublishError, PublisherState, QueueName};
use metrics::{Unit, counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram};
use std::time::Duration;

const PUBLISHED: &str = "sendstate_queue_published_total";
const LATE_CONFIRMS: &str = "sendstate_queue_late_confirms_total";
const CONFIRM: &str = "sendstate_queue_confirm_seconds";
const UNCONFIRMED: &str = "sendstate_queue_unconfirmed_messages";
const PUBLISHER_STATE: &str = "sendstate_queue_publisher_state";
const CONNECTS: &str = "sendstate_queue_publisher_connects_total";
const CONSUMED: &str = "sendstate_queue_consumed_total";
const REDELIVERED: &str = "sendstate_queue_redelivered_total";
const ACKED: &str = "sendstate_queue_acked_total";
const LOST_ACKS: &str = "sendstate_queue_lost_acks_total";

/// Every name, for the test that compares them with dashboards and alerts.
pub const NAMES: &[&str] = &[
    PUBLISHED,
    LATE_CONFIRMS,
    CONFIRM,
    UNCONFIRMED,
    PUBLISHER_STATE,
    CONNECTS,
    CONSUMED,
    REDELIVERED,
    ACKED,
    LOST_ACKS,
];

/// Every publisher state, as its label.
const STATES: [&str; 3] = ["ready", "blocked", "away"];

/// Describes every metric and registers its series, so that they exist at zero. A process calls it once, after its
/// recorder is installed.
pub fn describe() {
    describe_counter!(PUBLISHED, "Publishes by what their caller was answered");
    describe_counter!(LATE_CONFIRMS, "Confirms that came after their caller was answered a timeout");
    describe_histogram!(CONFIRM, Unit::Seconds, "From publishing to the broker's confirm");
    describe_gauge!(UNCONFIRMED, "Messages taken for publishing and not yet settled by the broker");
    describe_gauge!(PUBLISHER_STATE, "1 for the state that the publisher's connection is in");
    describe_counter!(CONNECTS, "Connections made for publishing");
    describe_counter!(CONSUMED, "Deliveries received");
    describe_counter!(REDELIVERED, "Deliveries received that had been delivered before");
    describe_counter!(ACKED, "Deliveries acknowledged");
    describe_counter!(
        LOST_ACKS,
        "Deliveries finished whose acknowledgement could not be sent; they come again"
    );
    counter!(PUBLISHED, "outcome" => "confirmed").absolute(0);
    for error in PublishError::ALL {
        counter!(PUBLISHED, "outcome" => error.as_str()).absolute(0);
    }
    counter!(LATE_CONFIRMS).absolute(0);
    counter!(CONNECTS).absolute(0);
    drop(histogram!(CONFIRM));
    gauge!(UNCONFIRMED).set(0.0);
    publisher_state(PublisherState::STARTING);
    for queue in QueueName::ALL {
        for name in [CONSUMED, REDELIVERED, ACKED, LOST_ACKS] {
            counter!(name, "queue" => queue.as_str()).absolute(0);
        }
    }
}

pub(crate) fn published(result: Result<(), PublishError>) {
    let outcome = result.map_or_else(PublishError::as_str, |()| "confirmed");
    counter!(PUBLISHED, "outcome" => outcome).increment(1);
}

pub(crate) fn late_confirm() {
    counter!(LATE_CONFIRMS).increment(1);
}

pub(crate) fn confirmed(after: Duration) {
    histogram!(CONFIRM).record(after);
}

pub(crate) fn unconfirmed_more() {
    gauge!(UNCONFIRMED).increment(1.0);
}

pub(crate) fn unconfirmed_less() {
    gauge!(UNCONFIRMED).decrement(1.0);
}

pub(crate) fn publisher_state(state: PublisherState) {
    for each in STATES {
        gauge!(PUBLISHER_STATE, "state" => each).set(if each == state.as_str() { 1.0 } else { 0.0 });
    }
}

pub(crate) fn connected() {
    counter!(CONNECTS).increment(1);
}

pub(crate) fn consumed(queue: QueueName, redelivered: bool) {
    counter!(CONSUMED, "queue" => queue.as_str()).increment(1);
    if redelivered {
        counter!(REDELIVERED, "queue" => queue.as_str()).increment(1);
    }
}

pub(crate) fn acked(queue: QueueName, deliveries: u64) {
    counter!(ACKED, "queue" => queue.as_str()).increment(deliveries);
}

pub(crate) fn acks_lost(queue: QueueName, deliveries: u64) {
    counter!(LOST_ACKS, "queue" => queue.as_str()).increment(deliveries);
}

#[cfg(test)]
mod tests {
    use super::*;
    use metrics_exporter_prometheus::PrometheusBuilder;
    use std::collections::BTreeSet;

    #[test]
    fn every_metric_is_described_and_has_its_series_from_the_start() {
        let recorder = PrometheusBuilder::new().build_recorder();
        metrics::with_local_recorder(&recorder, describe);
        let text = recorder.handle().render();
        for name in NAMES {
            assert!(text.contains(&format!("# HELP {name} ")), "{name} is not described");
            assert!(text.contains(&format!("\n{name}")), "{name} has no series");
        }
    }

    #[test]
    fn every_name_is_ours_and_unique() {
        let distinct: BTreeSet<_> = NAMES.iter().collect();
        assert_eq!(distinct.len(), NAMES.len());
        let plain = |name: &str| name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
        assert!(NAMES.iter().all(|name| name.starts_with("sendstate_queue_") && plain(name)));
    }

    #[test]
    fn every_state_has_its_label() {
        let states = [PublisherState::Ready, PublisherState::Blocked, PublisherState::STARTING];
        assert_eq!(states.map(PublisherState::as_str), STATES);
    }
}
