//! What accepting POSTs costs, and how many a second are accepted, by their size.

use super::{HALF, WHOLE, figure, numbers, value};
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
    let caption = "How many POSTs a second were accepted, and how long one waited for its answer, by events in each. The \
        rate should fall slowly as they grow, and p99 stay close to p50.";
    (!drawings.is_empty()).then(|| figure("Accepting POSTs", caption, drawings))
}

fn names(sizes: &[u64]) -> Vec<String> {
    sizes.iter().map(|size| round(*size as f64)).collect()
}

fn series(class: &str, name: &str, values: Vec<f64>) -> Series {
    Series { class: class.to_owned(), name: name.to_owned(), values }
}

fn cpu(report: &Report) -> Option<Element> {
    let sizes = numbers::<1>(report, "ingest.cpu.*", 0);
    let results: Vec<_> = sizes.iter().map(|size| report.get(&format!("ingest.cpu.{size}"))).collect();
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
    let sizes = numbers::<1>(report, "ingest.rate.*", 0);
    let unit = report.get(&format!("ingest.rate.{}", sizes.first()?))?.unit();
    let values = sizes.iter().map(|size| value(report, &format!("ingest.rate.{size}"))).collect();
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
    let sizes = numbers::<1>(report, "ingest.p99.*", 0);
    let unit = report.get(&format!("ingest.p99.{}", sizes.first()?))?.unit();
    let of = |word: &str| sizes.iter().map(|size| value(report, &format!("ingest.{word}.{size}"))).collect();
    let columns = Columns {
        title: "Time until a POST is answered, by events in it",
        unit,
        across: "events per POST",
        groups: names(&sizes),
        series: vec![series("s1", "p50", of("p50")), series("s0", "p99", of("p99"))],
        wanted: None,
        width: HALF,
    };
    Some(columns.draw())
}
