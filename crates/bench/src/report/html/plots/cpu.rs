//! Which process took the CPU of each run.

use super::{COLOURS, figure};
use crate::report::figure::plain;
use crate::report::html::markup::Element;
use crate::report::html::stacks::{Stack, stacked};
use crate::report::{CpuRun, Report};

/// What is left when there are more processes than colours.
const OTHERS: &str = "others";

pub(super) fn plot(report: &Report) -> Option<Element> {
    let runs: Vec<_> = report.cpu.iter().filter(|run| capacity(run) > 0.0).collect();
    if runs.is_empty() {
        return None;
    }
    let mut names: Vec<&str> = Vec::new();
    for share in runs.iter().flat_map(|run| &run.shares) {
        if !names.contains(&share.process.as_str()) {
            names.push(&share.process);
        }
    }
    // Processes that have a colour of their own: one colour is for what is left.
    let own = if names.len() > COLOURS { COLOURS - 1 } else { names.len() };
    let place =
        |process: &str| names.iter().position(|name| *name == process).map_or(own, |index| index.min(own));
    let stacks: Vec<_> = runs.iter().map(|run| stack(run, place)).collect();
    let mut entries: Vec<_> = names.iter().take(own).map(|name| (*name).to_owned()).collect();
    if names.len() > own {
        entries.push(OTHERS.to_owned());
    }
    let entries: Vec<_> =
        entries.into_iter().enumerate().map(|(index, name)| (format!("s{index}"), name)).collect();
    let caption = "Of all the CPU time that a run could have used, what each process took; what is empty was idle. A full \
        bar says that the CPU binds, and its largest part where to look; an empty one that something else is waited for.";
    let drawing = stacked("Share of the CPU time by process", &entries, &stacks);
    Some(figure("Where the CPU went", caption, vec![drawing]))
}

/// CPU seconds that the run could have used.
fn capacity(run: &CpuRun) -> f64 {
    let cores = f64::from(u32::try_from(run.cores).unwrap_or(u32::MAX));
    if run.seconds.is_finite() { run.seconds * cores } else { 0.0 }
}

fn stack(run: &CpuRun, place: impl Fn(&str) -> usize) -> Stack {
    let capacity = capacity(run);
    let used: f64 = run.shares.iter().map(|share| share.cpu_s).filter(|used| used.is_finite()).sum();
    let mut shares: Vec<_> =
        run.shares.iter().map(|share| (place(&share.process), share.cpu_s / capacity)).collect();
    // Colours in one order in all rows, so that rows can be compared.
    shares.sort_by_key(|(name, _)| *name);
    Stack { label: run.run.clone(), shares, shown: format!("{} of {} s", plain(used), plain(capacity)) }
}
