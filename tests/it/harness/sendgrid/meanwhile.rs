//! What happens in the main account while it is being asked, when a test orders it.

use super::account::Book;
use serde_json::Value;

/// Something that nobody asked for.
#[derive(Clone, Debug)]
pub(crate) enum Change {
    /// The records know these events from now on.
    Record(Vec<Value>),
    /// The first so many rows of a list are taken off it.
    Unsuppress(&'static str, usize),
}

/// A change and when it comes.
#[derive(Clone, Debug)]
pub(super) struct Meanwhile {
    /// The whole line of a request, e.g. `GET /v3/messages`.
    line: String,
    /// Such requests that are answered first.
    skip: usize,
    change: Change,
}

impl Meanwhile {
    pub(super) fn new(line: &str, skip: usize, change: Change) -> Self {
        Self { line: line.to_owned(), skip, change }
    }
}

/// A request is about to be answered: whatever is due comes before the answer, and once.
pub(super) fn due(ordered: &mut Vec<Meanwhile>, line: &str) -> Vec<Change> {
    let (due, rest): (Vec<_>, Vec<_>) = ordered.drain(..).partition(|one| one.line == line && one.skip == 0);
    *ordered = rest;
    for one in ordered.iter_mut().filter(|one| one.line == line) {
        one.skip -= 1;
    }
    due.into_iter().map(|one| one.change).collect()
}

impl Book {
    pub(super) fn change(&mut self, change: Change) {
        match change {
            Change::Record(events) => self.record(&events),
            Change::Unsuppress(list, rows) => {
                self.suppressed.entry(list.to_owned()).or_default().drain(..rows);
            }
        }
    }
}
