//! Latencies in microseconds, to three digits, up to a minute.

use std::time::Duration;

pub(crate) type Histogram = hdrhistogram::Histogram<u64>;

const LONGEST: Duration = Duration::from_mins(1);

pub(crate) fn histogram() -> Histogram {
    Histogram::new_with_bounds(1, micros(LONGEST), 3).expect("the bounds are in order")
}

/// Counts a latency; whatever is longer than a minute counts as one.
pub(crate) fn note(histogram: &mut Histogram, latency: Duration) {
    histogram.saturating_record(micros(latency).max(1));
}

/// In milliseconds.
pub(crate) fn percentile(histogram: &Histogram, quantile: f64) -> f64 {
    histogram.value_at_quantile(quantile) as f64 / f64::from(PER_MILLISECOND)
}

/// What is recorded for each millisecond.
pub(crate) const PER_MILLISECOND: u32 = 1_000;

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}
