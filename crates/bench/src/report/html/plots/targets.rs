//! What is held against a target: ratios, and memory.

use super::figure;
use crate::report::Report;
use crate::report::figure::{plain, target};
use crate::report::html::bars::{Bar, Outcome, horizontal, room};
use crate::report::html::markup::Element;
use crate::result::Measurement;
use crate::target::{Of, Op};

/// Every judged ratio, in one drawing for each side that can be good.
pub(super) fn ratios(report: &Report) -> Option<Element> {
    let side = |op: Op| -> Vec<Bar> {
        let wanted = |result: &&Measurement| {
            result.target().is_some_and(|target| target.of == Of::Ratio && target.op == op)
        };
        report.results().iter().filter(wanted).map(ratio).collect()
    };
    let (costs, rates) = (side(Op::AtMost), side(Op::AtLeast));
    let left = room(&costs).max(room(&rates));
    let drawing = |title, unit, bars: &[Bar]| (!bars.is_empty()).then(|| horizontal(title, unit, bars, left));
    let cost = drawing("Costs as multiples of their floors", "× floor; less is good", &costs);
    let rate = drawing("Rates as shares of their floors", "× floor; more is good", &rates);
    let drawings: Vec<_> = [cost, rate].into_iter().flatten().collect();
    if drawings.is_empty() {
        return None;
    }
    let caption = "Each figure divided by what it is held against, measured in the same run: a bare form of the same work, \
        or the same work without what is in question (trouble, a full database). The upright mark is the target; the thin \
        line spans the single rounds. In the upper drawing a bar should end before \
        its mark, in the lower one it should reach it. These ratios are what a check of the run judges.";
    let stacked = Element::new("div").class("stacked").children(drawings);
    Some(figure("Ratios against their targets", caption, vec![stacked]))
}

fn ratio(result: &Measurement) -> Bar {
    let ratio = result.ratio();
    let value = ratio.map_or(f64::NAN, |ratio| ratio.value);
    Bar {
        label: result.id().to_owned(),
        value,
        spread: ratio.and_then(|ratio| ratio.spread),
        target: result.target().map(|target| target.value),
        outcome: outcome(result),
        shown: shown(result, value),
    }
}

fn outcome(result: &Measurement) -> Outcome {
    match result.is_met() {
        Some(true) => Outcome::Met,
        Some(false) => Outcome::Missed,
        None => Outcome::Plain,
    }
}

/// The figure and what is wanted of it.
fn shown(result: &Measurement, value: f64) -> (String, String) {
    let wanted = result.target().map(|wanted| target(wanted, ""));
    (plain(value), wanted.unwrap_or_default())
}

/// Resident memory of each process against its limit.
pub(super) fn memory(report: &Report) -> Option<Element> {
    let results: Vec<_> = report.results().iter().filter(|result| result.id().starts_with("rss.")).collect();
    let unit = results.first()?.unit();
    let bars: Vec<_> = results
        .into_iter()
        .map(|result| Bar {
            label: result.id().trim_start_matches("rss.").to_owned(),
            value: result.value(),
            spread: None,
            target: result.target().map(|target| target.value),
            outcome: outcome(result),
            shown: shown(result, result.value()),
        })
        .collect();
    let caption = "The most that each process held in memory during the run, and the upright mark it should stay below. \
        It is a figure of this machine: reported, not judged.";
    Some(figure(
        "Resident memory",
        caption,
        vec![horizontal("Resident memory by process", unit, &bars, room(&bars))],
    ))
}
