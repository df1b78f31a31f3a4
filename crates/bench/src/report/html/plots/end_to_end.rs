//! Events committed a second, from the POST to the database.

use super::{WHOLE, colour, figure, numbers, value};
use crate::id::END_TO_END;
use crate::report::Report;
use crate::report::figure::{round, target};
use crate::report::html::columns::{Columns, Series};
use crate::report::html::markup::Element;
use std::collections::BTreeSet;

pub(super) fn plot(report: &Report) -> Option<Element> {
    let results = report.results().iter();
    let found: Vec<_> = results
        .filter_map(|result| END_TO_END.numbers(result.id()).map(|numbers| (result, numbers)))
        .collect();
    let unit = found.first()?.0.unit();
    let sizes = numbers(report, END_TO_END, 0);
    let kinds: BTreeSet<_> = found.iter().map(|(_, [_, workers, dup])| (*workers, *dup)).collect();
    let floor_of = |size: &u64| {
        let of_size = found.iter().filter(|(_, [found, ..])| found == size);
        of_size.filter_map(|(result, _)| result.floor()).map(|floor| floor.value).next().unwrap_or(f64::NAN)
    };
    let mut series = vec![Series {
        class: "floor".to_owned(),
        name: "floor".to_owned(),
        values: sizes.iter().map(floor_of).collect(),
    }];
    series.extend(kinds.into_iter().enumerate().map(|(index, (workers, dup))| Series {
        class: format!("s{}", colour(index)),
        name: named(workers, dup),
        values: sizes.iter().map(|size| value(report, &END_TO_END.id([*size, workers, dup]))).collect(),
    }));
    let goal = found.iter().find_map(|(result, _)| result.goal());
    let columns = Columns {
        title: "Events committed a second, by events per POST",
        unit,
        across: "events per POST",
        groups: sizes.iter().map(|size| round(*size as f64)).collect(),
        series,
        wanted: goal.map(|(goal, _)| (goal.value, target(goal, ""))),
        width: WHOLE,
    };
    let caption = "Events that were posted, queued, folded and committed in a second, by events in each POST, by workers \
        and by how many of the events are repeats. Grey is the floor of the columns without repeats: one connection that \
        inserts the same rows and does nothing else; several can be faster. High columns are good; the dashed line is the \
        goal on the machine it was set on.";
    Some(figure("End to end", caption, vec![columns.draw()]))
}

fn named(workers: u64, dup: u64) -> String {
    let workers = if workers == 1 { "1 worker".to_owned() } else { format!("{workers} workers") };
    if dup == 0 { workers } else { format!("{workers}, {dup} % repeats") }
}
