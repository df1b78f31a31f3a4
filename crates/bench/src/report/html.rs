//! The report as one page that needs nothing else: no network, no script, no font. It reads in light and in dark, and on
//! paper.
//!
//! Elements are a tree (`markup`), so that nothing in the page is unescaped or unbalanced whatever a server called
//! itself. A plot whose results are absent is left out.

mod bars;
mod columns;
mod lines;
mod markup;
mod page;
mod plots;
mod scale;
mod stacks;
mod text;

use super::{Report, file};
use anyhow::Result;
use std::path::Path;

/// The whole page.
#[must_use]
pub fn render(report: &Report) -> String {
    page::render(report)
}

/// Writes the page in place of the one of the last run.
///
/// # Errors
/// When the file cannot be written.
pub fn write(report: &Report, path: &Path) -> Result<()> {
    file::replace(path, &render(report))
}
