//! What accepting POSTs costs, and how many a second are accepted, by their size.

use super::{HALF, WHOLE, figure, numbers, value};
use crate::id::{INGEST_CPU, INGEST_P50, INGEST_P99, INGEST_RATE, Kind};
use crate::report::Report;
use crate::report::figure::round;
use crate::report::html::columns::{Columns, Series};
use crate::report::html::markup::Element;

pub(super) fn cost(report: &Report) -> Option<Element> {
    let caption = "CPU that ingest and the broker spend on accepting POSTs, by events in each. Low columns are good; grey is \
        the floor: the signature's check and the confirmed publish alone.";
    Some(figure("What a POST costs", caption, vec![cpu(report)?]))
}

pub(super) fn speed(report: &Report) -> Option<Element> {
    let drawings: Vec<_> = [rate(report), latency(report)].into_iter().flatten().collect();
    let caption = "How many POSTs a second were accepted, and how long one waited for its answer meanwhile, by events in \
        each. Every connection had its next POST as soon as the one before was answered, so these are waits at saturation: \
        they are mostly the turns of the other connections, and at a lesser rate a POST waits less. The rate should fall \
        slowly as POSTs grow, and p99 stay close to p50.";
    (!drawings.is_empty()).then(|| figure("Accepting POSTs", caption, drawings))
}

fn names(sizes: &[u64]) -> Vec<String> {
    sizes.iter().map(|size| round(*size as f64)).collect()
}

fn series(class: &str, name: &str, values: Vec<f64>) -> Series {
    Series { class: class.to_owned(), name: name.to_owned(), values }
}

fn cpu(report: &Report) -> Option<Element> {
    let sizes = numbers(report, INGEST_CPU, 0);
    let results: Vec<_> = sizes.iter().map(|size| report.get(&INGEST_CPU.id([*size]))).collect();
    let unit = results.iter().flatten().next()?.unit();
    let values = results.iter().map(|result| result.map_or(f64::NAN, |result| result.value()));
    let floors = results
        .iter()
        .map(|result| result.and_then(|result| result.floor()).map_or(f64::NAN, |floor| floor.value));
    let columns = Columns {
        title: "CPU of accepting POSTs, by events in each",
        unit: &format!("CPU {unit} per 1,000 POSTs"),
        across: "events per POST",
        groups: names(&sizes),
        series: vec![
            series("floor", "floor", floors.collect()),
            series("s0", "ingest and broker", values.collect()),
        ],
        wanted: None,
        width: WHOLE,
    };
    Some(columns.draw())
}

fn rate(report: &Report) -> Option<Element> {
    let sizes = numbers(report, INGEST_RATE, 0);
    let unit = report.get(&INGEST_RATE.id([*sizes.first()?]))?.unit();
    let values = sizes.iter().map(|size| value(report, &INGEST_RATE.id([*size]))).collect();
    let columns = Columns {
        title: "POSTs accepted a second, by events in each",
        unit,
        across: "events per POST",
        groups: names(&sizes),
        series: vec![series("s0", "accepted", values)],
        wanted: None,
        width: HALF,
    };
    Some(columns.draw())
}

fn latency(report: &Report) -> Option<Element> {
    let sizes = numbers(report, INGEST_P99, 0);
    let unit = report.get(&INGEST_P99.id([*sizes.first()?]))?.unit();
    let of = |kind: Kind<1>| sizes.iter().map(|size| value(report, &kind.id([*size]))).collect();
    let columns = Columns {
        title: "Time until a POST is answered at saturation, by events in it",
        unit,
        across: "events per POST",
        groups: names(&sizes),
        series: vec![series("s1", "p50", of(INGEST_P50)), series("s0", "p99", of(INGEST_P99))],
        wanted: None,
        width: HALF,
    };
    Some(columns.draw())
}
