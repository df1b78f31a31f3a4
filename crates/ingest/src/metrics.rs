//! Names of this crate's metrics, and the only place that touches them.
#![allow(clippy::disallowed_macros, reason = "this is the file where names live")]

use crate::answer::Refusal;
use crate::oauth::Outcome;
use jiff::SignedDuration;
use metrics::{Unit, counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram};
use std::time::Duration;
use uuid::Uuid;
use wire::oauth::TokenError;

const REQUESTS: &str = "sendstate_ingest_requests_total";
const REQUEST: &str = "sendstate_ingest_request_seconds";
const BODY: &str = "sendstate_ingest_body_bytes";
const SIGNATURE_AGE: &str = "sendstate_ingest_signature_age_seconds";
const PUBLISH: &str = "sendstate_ingest_publish_seconds";
const IN_FLIGHT: &str = "sendstate_ingest_requests_in_flight";
const SOURCES: &str = "sendstate_ingest_sources";
const SOURCES_AGE: &str = "sendstate_ingest_sources_age_seconds";
const SNAPSHOT_AGE: &str = "sendstate_ingest_snapshot_age_seconds";
const REFRESHES: &str = "sendstate_ingest_source_refreshes_total";
const SNAPSHOT_WRITES: &str = "sendstate_ingest_snapshot_writes_total";
const TOKENS_ASKED: &str = "sendstate_ingest_token_requests_total";
const TOKENS_REFUSED: &str = "sendstate_ingest_tokens_refused_total";

/// Every name that this crate can emit.
pub const NAMES: &[&str] = &[
    REQUESTS,
    REQUEST,
    BODY,
    SIGNATURE_AGE,
    PUBLISH,
    IN_FLIGHT,
    SOURCES,
    SOURCES_AGE,
    SNAPSHOT_AGE,
    REFRESHES,
    SNAPSHOT_WRITES,
    TOKENS_ASKED,
    TOKENS_REFUSED,
];

/// How a reading of the source list ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refresh {
    Changed,
    Unchanged,
    Failed,
}

impl Refresh {
    const ALL: [Self; 3] = [Self::Changed, Self::Unchanged, Self::Failed];

    const fn as_str(self) -> &'static str {
        match self {
            Self::Changed => "changed",
            Self::Unchanged => "unchanged",
            Self::Failed => "failed",
        }
    }
}

/// How a writing of the snapshot file ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SnapshotWrite {
    Written,
    Failed,
}

impl SnapshotWrite {
    const ALL: [Self; 2] = [Self::Written, Self::Failed];

    const fn as_str(self) -> &'static str {
        match self {
            Self::Written => "written",
            Self::Failed => "failed",
        }
    }
}

/// Describes every metric and brings its series into being.
pub fn describe() {
    describe_counter!(
        REQUESTS,
        Unit::Count,
        "Requests answered, by outcome: accepted, or the code of the refusal."
    );
    describe_histogram!(REQUEST, Unit::Seconds, "From the end of a request's head to its answer.");
    describe_histogram!(BODY, Unit::Bytes, "Bodies that were read whole.");
    describe_histogram!(
        SIGNATURE_AGE,
        Unit::Seconds,
        "Age of the timestamp of every request whose signature was right, also of expired ones; 0 if it was ahead."
    );
    describe_histogram!(
        PUBLISH,
        Unit::Seconds,
        "From handing a batch to the publisher to the broker's confirm or the giving up."
    );
    describe_gauge!(IN_FLIGHT, Unit::Count, "Requests between their head and their answer.");
    describe_gauge!(SOURCES, Unit::Count, "Sources in the list.");
    describe_gauge!(
        SOURCES_AGE,
        Unit::Seconds,
        "Time since the database last gave the list in use; +Inf without a list."
    );
    describe_gauge!(
        SNAPSHOT_AGE,
        Unit::Seconds,
        "Age of the list in the snapshot file; +Inf without a file."
    );
    describe_counter!(REFRESHES, Unit::Count, "Readings of the source list from the database, by outcome.");
    describe_counter!(SNAPSHOT_WRITES, Unit::Count, "Writings of the snapshot file, by outcome.");
    describe_counter!(
        TOKENS_ASKED,
        Unit::Count,
        "Requests for an OAuth token, by outcome: granted, granted_old_secret, or the error's code."
    );
    describe_counter!(
        TOKENS_REFUSED,
        Unit::Count,
        "OAuth tokens that were not accepted, by reason: expired is SendGrid's to renew, unknown is an old secret, \
         another key here than where the token was made, or a forgery."
    );

    counter!(REQUESTS, "outcome" => "accepted").absolute(0);
    for refusal in Refusal::ALL {
        counter!(REQUESTS, "outcome" => refusal.as_str()).absolute(0);
    }
    for name in [REQUEST, BODY, SIGNATURE_AGE, PUBLISH] {
        drop(histogram!(name));
    }
    gauge!(IN_FLIGHT).set(0.0);
    sources(0);
    ages(None, None);
    for outcome in Refresh::ALL {
        counter!(REFRESHES, "outcome" => outcome.as_str()).absolute(0);
    }
    for outcome in SnapshotWrite::ALL {
        counter!(SNAPSHOT_WRITES, "outcome" => outcome.as_str()).absolute(0);
    }
    for outcome in Outcome::ALL {
        counter!(TOKENS_ASKED, "outcome" => outcome.as_str()).absolute(0);
    }
    for error in TokenError::ALL {
        counter!(TOKENS_REFUSED, "reason" => reason(error)).absolute(0);
    }
}

pub(crate) fn answered(result: &Result<Uuid, Refusal>, after: Duration) {
    let outcome = result.as_ref().map_or_else(|refusal| refusal.as_str(), |_| "accepted");
    counter!(REQUESTS, "outcome" => outcome).increment(1);
    histogram!(REQUEST).record(after);
}

#[expect(clippy::cast_precision_loss, reason = "a body's size is far below 2^52")]
pub(crate) fn body_read(bytes: usize) {
    histogram!(BODY).record(bytes as f64);
}

pub(crate) fn signature_age(age: SignedDuration) {
    histogram!(SIGNATURE_AGE).record(age.as_secs_f64().max(0.0));
}

pub(crate) fn published(after: Duration) {
    histogram!(PUBLISH).record(after);
}

#[expect(clippy::cast_precision_loss, reason = "a list has far fewer than 2^52 sources")]
pub(crate) fn sources(number: usize) {
    gauge!(SOURCES).set(number as f64);
}

/// Ages of the list in use and of the one in the snapshot file.
pub(crate) fn ages(list: Option<SignedDuration>, snapshot: Option<SignedDuration>) {
    let seconds = |age: Option<SignedDuration>| age.map_or(f64::INFINITY, |age| age.as_secs_f64());
    gauge!(SOURCES_AGE).set(seconds(list));
    gauge!(SNAPSHOT_AGE).set(seconds(snapshot));
}

pub(crate) fn refreshed(outcome: Refresh) {
    counter!(REFRESHES, "outcome" => outcome.as_str()).increment(1);
}

pub(crate) fn snapshot_written(outcome: SnapshotWrite) {
    counter!(SNAPSHOT_WRITES, "outcome" => outcome.as_str()).increment(1);
}

pub(crate) fn token_asked(outcome: Outcome) {
    counter!(TOKENS_ASKED, "outcome" => outcome.as_str()).increment(1);
}

pub(crate) fn token_refused(error: TokenError) {
    counter!(TOKENS_REFUSED, "reason" => reason(error)).increment(1);
}

const fn reason(error: TokenError) -> &'static str {
    match error {
        TokenError::Malformed => "malformed",
        TokenError::OtherSource => "other_source",
        TokenError::Unknown => "unknown",
        TokenError::Expired => "expired",
        TokenError::Ahead => "ahead",
    }
}

/// Counts a request for as long as it is held.
#[derive(Debug)]
pub(crate) struct InFlight(());

impl InFlight {
    pub(crate) fn new() -> Self {
        gauge!(IN_FLIGHT).increment(1.0);
        Self(())
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        gauge!(IN_FLIGHT).decrement(1.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use metrics_exporter_prometheus::PrometheusBuilder;

    #[test]
    fn every_metric_is_described_and_has_its_series_from_the_start() {
        let recorder = PrometheusBuilder::new().build_recorder();
        metrics::with_local_recorder(&recorder, describe);
        let text = recorder.handle().render();
        for name in NAMES {
            assert!(text.contains(&format!("# HELP {name} ")), "{name} is not described");
            assert!(text.contains(&format!("\n{name}")), "{name} has no series");
        }
        for refusal in Refusal::ALL {
            assert!(text.contains(&format!("outcome=\"{}\"", refusal.as_str())), "{refusal:?}");
        }
        for error in TokenError::ALL {
            assert!(text.contains(&format!("{TOKENS_REFUSED}{{reason=\"{}\"}}", reason(error))), "{error:?}");
        }
    }
}
