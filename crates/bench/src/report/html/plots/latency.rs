//! Latencies as curves of percentiles, where the tail has as much room as the middle.

use super::{WHOLE, contrasting, figure};
use crate::id::LATENCIES;
use crate::report::figure::target;
use crate::report::html::lines::{Curve, Dots, Lines, Wanted};
use crate::report::html::markup::Element;
use crate::report::{Histogram, Report};
use crate::target::{Of, rule};

/// Percentiles with a mark, if the curves come as far.
const MARKS: [(f64, &str); 7] = [
    (0.0, "0"),
    (0.5, "50 %"),
    (0.9, "90 %"),
    (0.99, "99 %"),
    (0.999, "99.9 %"),
    (0.9999, "99.99 %"),
    (0.999_99, "99.999 %"),
];

/// Across stands what share is slower, by tenfolds.
fn tenfolds(fraction: f64, count: u64) -> f64 {
    // The slowest of n stands for what is rarer than one in n, so that it has its place behind the next slowest.
    let slower = (1.0 - fraction).max(0.5 / count.max(1) as f64);
    -slower.log10()
}

pub(super) fn plot(report: &Report, prefix: &str, heading: &str) -> Option<Element> {
    let shown = |histogram: &&Histogram| histogram.id.starts_with(prefix) && histogram.count > 0;
    let histograms: Vec<_> = report.histograms.iter().filter(shown).collect();
    let unit = histograms.first()?.unit;
    let most = histograms.iter().map(|histogram| histogram.count).max()?;
    let end = tenfolds(1.0, most).max(1.0);
    let share = |fraction: f64, count: u64| tenfolds(fraction, count) / end;
    let curves = histograms.iter().enumerate().map(|(index, histogram)| Curve {
        colour: contrasting(index),
        name: named(histogram),
        points: histogram
            .points
            .iter()
            .map(|(value, fraction)| (share(*fraction, histogram.count), *value))
            .collect(),
    });
    let wanted = histograms.iter().flat_map(|histogram| {
        [("p50", 0.5), ("p99", 0.99)].into_iter().filter_map(|(word, fraction)| {
            let target_of = rule(&format!("{}.{word}", histogram.id))?.target;
            let shown = format!("{word} {}", target(target_of, histogram.unit));
            let across = Some(share(fraction, u64::MAX));
            (target_of.of == Of::Value).then_some(Wanted { across, figure: target_of.value, shown })
        })
    });
    let marks = MARKS.iter().filter(|(fraction, _)| tenfolds(*fraction, u64::MAX) <= end * 1.0001);
    let lines = Lines {
        title: heading,
        unit,
        across: "percentile; each step is ten times rarer",
        marks: marks.map(|(fraction, mark)| (share(*fraction, u64::MAX), (*mark).to_owned())).collect(),
        curves: curves.collect(),
        wanted: wanted.collect(),
        width: WHOLE,
        dots: Dots::Hidden,
    };
    Some(figure(heading, caption(prefix), vec![lines.draw()]))
}

fn caption(prefix: &str) -> &'static str {
    if prefix == "isolation." {
        "How long others' notifications took: calm, before an endpoint misbehaved, and troubled, while it stalled or had a \
         backlog of a million, each with its own calm. All stretches of a state are taken together. Curves of a pair that \
         lie on each other are good: nobody stands in front of others."
    } else {
        "How long it took from a POST until the consumer had the signed notification: a share of all notifications \
         (across) was no slower than this (upwards). A low and flat curve is good; it should pass below the marks."
    }
}

/// `latency.1000` is a rate of events, `isolation.stall.calm` a disturbance and a state.
fn named(histogram: &Histogram) -> String {
    match LATENCIES.numbers(&histogram.id) {
        Some([rate]) => format!("{} events/s", crate::report::figure::round(rate as f64)),
        None => histogram.id.trim_start_matches("isolation.").replace('.', ", "),
    }
}
