//! What an event costs as the database grows.

use super::{HALF, figure, numbers};
use crate::id::{GROWTH_CPU, GROWTH_WAL, Kind};
use crate::report::Report;
use crate::report::figure::round;
use crate::report::html::lines::{Curve, Dots, Lines, Wanted};
use crate::report::html::markup::Element;

pub(super) fn plot(report: &Report) -> Option<Element> {
    let drawings = [
        drawing(report, GROWTH_CPU, "CPU per event, by events stored"),
        drawing(report, GROWTH_WAL, "WAL per event, by events stored"),
    ];
    let drawings: Vec<_> = drawings.into_iter().flatten().collect();
    if drawings.is_empty() {
        return None;
    }
    let caption = "What one event costs in CPU (left) and in write-ahead log (right), by how many are stored already. A \
        flat line is good; the dashes are what is allowed above an empty database.";
    Some(figure("Growth", caption, drawings))
}

fn drawing(report: &Report, kind: Kind<1>, title: &str) -> Option<Element> {
    let sizes = numbers(report, kind, 0);
    // One size is no line.
    let greatest = *sizes.last().filter(|_| sizes.len() > 1)? as f64;
    let results: Vec<_> =
        sizes.iter().filter_map(|size| Some((*size as f64, report.get(&kind.id([*size]))?))).collect();
    let (_, last) = results.last()?;
    let allowed = last.floor().zip(last.target()).map(|(floor, target)| Wanted {
        across: None,
        figure: floor.value * target.value,
        shown: format!("{} {} × empty", target.op.sign(), round(target.value)),
    });
    let quarters = [0.0, 0.25, 0.5, 0.75, 1.0];
    let lines = Lines {
        title,
        unit: last.unit(),
        across: "events stored",
        marks: quarters.map(|share| (share, round(share * greatest))).into(),
        curves: vec![Curve {
            colour: 0,
            name: String::new(),
            points: results.iter().map(|(size, result)| (size / greatest, result.value())).collect(),
        }],
        wanted: allowed.into_iter().collect(),
        width: HALF,
        dots: Dots::Shown,
    };
    Some(lines.draw())
}
