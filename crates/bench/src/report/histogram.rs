//! How a run's latencies are spread, bounded in size however many there are.

use hdrhistogram::Histogram as Recorded;
use serde::Serialize;

/// Steps of the curve for each halving of what remains above: fine enough that a line between them shows no corners.
const STEPS_PER_HALVING: u32 = 5;

/// A distribution in its unit. Zero everywhere when nothing was recorded.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Histogram {
    /// One of [`crate::id`]'s distributions: `latency.1000` for `latency.1000.p99`.
    pub id: String,
    pub unit: &'static str,
    pub count: u64,
    pub p50: f64,
    pub p90: f64,
    pub p99: f64,
    pub p999: f64,
    pub max: f64,
    /// A value, and the share of all that is no greater; both rise.
    pub points: Vec<(f64, f64)>,
}

impl Histogram {
    /// Of what was recorded in steps of which `per_unit` make the unit: 1000 for recorded µs and a unit of ms.
    #[must_use]
    pub fn of(id: impl Into<String>, unit: &'static str, recorded: &Recorded<u64>, per_unit: u32) -> Self {
        // Recorded values are far below 2^53, so that an f64 holds them.
        let in_unit = |value: u64| value as f64 / f64::from(per_unit.max(1));
        let at = |quantile: f64| in_unit(recorded.value_at_quantile(quantile));
        let steps = recorded.iter_quantiles(STEPS_PER_HALVING);
        let mut points: Vec<(f64, f64)> =
            steps.map(|step| (in_unit(step.value_iterated_to()), step.quantile())).collect();
        // A value that many share is iterated over once for each step: its last says it all.
        points.reverse();
        points.dedup_by_key(|(value, _)| *value);
        points.reverse();
        Self {
            id: id.into(),
            unit,
            count: recorded.len(),
            p50: at(0.5),
            p90: at(0.9),
            p99: at(0.99),
            p999: at(0.999),
            max: in_unit(recorded.max()),
            points,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_curve_rises_to_the_greatest_and_stays_short() {
        let mut recorded = Recorded::<u64>::new(3).unwrap();
        for micros in 1..=200_000 {
            recorded.record(micros).unwrap();
        }
        let histogram = Histogram::of("latency.1000", "ms", &recorded, 1_000);
        assert_eq!(histogram.count, 200_000);
        assert!((histogram.p50 - 100.0).abs() < 0.2 && (histogram.p999 - 199.8).abs() < 0.4, "{histogram:?}");
        assert!(histogram.points.is_sorted_by(|one, next| one.0 < next.0 && one.1 <= next.1));
        assert!((histogram.points.last().unwrap().1 - 1.0).abs() < 1e-9);
        assert!((20..=200).contains(&histogram.points.len()), "{}", histogram.points.len());
    }

    #[test]
    fn a_value_that_all_share_is_one_point() {
        let mut recorded = Recorded::<u64>::new(3).unwrap();
        recorded.record_n(42, 1_000_000).unwrap();
        let histogram = Histogram::of("latency.1000", "ms", &recorded, 1);
        assert_eq!(histogram.points, [(42.0, 1.0)]);
    }

    #[test]
    fn nothing_recorded_is_zero_and_no_curve() {
        let histogram = Histogram::of("latency.1000", "ms", &Recorded::<u64>::new(3).unwrap(), 0);
        assert_eq!((histogram.count, histogram.p50, histogram.max), (0, 0.0, 0.0));
        assert_eq!(histogram.points, []);
    }
}
