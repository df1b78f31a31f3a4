//! Which plots there are, each with words that say what it shows and what would be good.

mod cpu;
mod end_to_end;
mod growth;
mod ingest;
mod latency;
mod targets;

use super::markup::Element;
use crate::id::Kind;
use crate::report::Report;
use std::collections::BTreeSet;

/// Colours there are in the page's style, as `s0`, `s1` and so on; the last is for what is left.
pub(super) const COLOURS: usize = 9;

/// The width of a drawing that stands alone, and of one of two.
const WHOLE: f64 = 760.0;
const HALF: f64 = 368.0;

/// All that the report has results for, in the order of an event's way.
pub(super) fn all(report: &Report) -> Vec<Element> {
    let plots = [
        targets::ratios(report),
        ingest::cost(report),
        ingest::speed(report),
        end_to_end::plot(report),
        latency::plot(report, "latency.", "Latency"),
        latency::plot(report, "isolation.", "Latency beside a bad endpoint"),
        growth::plot(report),
        targets::memory(report),
        cpu::plot(report),
    ];
    plots.into_iter().flatten().collect()
}

/// A colour of a series, going round; the last colour is nobody's.
const fn colour(index: usize) -> usize {
    index % (COLOURS - 1)
}

/// A colour of a curve: those that contrast come first.
const fn contrasting(index: usize) -> usize {
    colour((index % 4) * 2 + index / 4)
}

/// A plot under its heading; several drawings stand side by side where there is room.
fn figure(heading: &str, caption: &str, drawings: Vec<Element>) -> Element {
    let class = if drawings.len() > 1 { "drawings pair" } else { "drawings" };
    Element::new("figure")
        .child(Element::new("h2").text(heading))
        .child(Element::new("figcaption").text(caption))
        .child(Element::new("div").class(class).children(drawings))
}

/// The numbers that ids of this kind have in the report, at the place `which`, rising.
fn numbers<const N: usize>(report: &Report, kind: Kind<N>, which: usize) -> Vec<u64> {
    let found = report.results().iter().filter_map(|result| kind.numbers(result.id()));
    let distinct: BTreeSet<_> = found.filter_map(|numbers| numbers.get(which).copied()).collect();
    distinct.into_iter().collect()
}

/// The figure of a result; no number where there is none.
fn value(report: &Report, id: &str) -> f64 {
    report.get(id).map_or(f64::NAN, |result| result.value())
}
