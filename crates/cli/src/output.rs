//! What people and scripts read: one JSON document, or a table; and progress for whoever watches.

use crate::failure::Failure;
use comfy_table::{ContentArrangement, LineStyle, Table, TableStyle};
use jiff::Timestamp;
use serde::Serialize;
use std::io::{ErrorKind, IsTerminal as _, Write as _};

/// Prints a result: the document with `--json`, else the text.
pub(crate) fn print(
    json: bool,
    document: &impl Serialize,
    text: impl FnOnce() -> String,
) -> Result<(), Failure> {
    if json {
        let document = serde_json::to_string(document).map_err(|error| Failure::failed(error.to_string()))?;
        line(&document)
    } else {
        line(text().trim_end())
    }
}

/// Writes a line to stdout. A reader that has left (`| head`) has what it wanted.
pub(crate) fn line(text: &str) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    match writeln!(out, "{text}").and_then(|()| out.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(Failure::failed(format!("the result cannot be written to stdout: {error}")))
        }
        _ => Ok(()),
    }
}

/// Writes a line to stderr. A terminal that is gone is no reason to stop.
pub(crate) fn note(text: &str) {
    drop(writeln!(std::io::stderr().lock(), "{text}"));
}

/// One line under the header: narrow, and easy to copy from.
const STYLE: TableStyle = TableStyle::new().header_separator(LineStyle::none().fill('─').junction('─'));

/// A table with these columns.
pub(crate) fn table(columns: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(STYLE).set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(columns.to_vec());
    table
}

/// Text from elsewhere made safe for a terminal: control characters could move the cursor or rename the window.
pub(crate) fn plain(text: &str) -> String {
    text.chars().map(|letter| if letter.is_control() { '\u{FFFD}' } else { letter }).collect()
}

/// RFC 3339 in UTC.
pub(crate) fn time(at: Timestamp) -> String {
    at.to_string()
}

/// A line on stderr that is written over and over, only when somebody watches.
pub(crate) struct Progress {
    watched: bool,
    shown: bool,
}

impl Progress {
    pub(crate) fn new() -> Self {
        Self { watched: std::io::stderr().is_terminal(), shown: false }
    }

    pub(crate) fn show(&mut self, text: &str) {
        if self.watched {
            // Back to the first column, and clear what was there.
            drop(write!(std::io::stderr().lock(), "\r\x1b[2K{text}"));
            self.shown = true;
        }
    }

    /// Takes the line away, so that what follows stands alone.
    pub(crate) fn clear(&mut self) {
        if std::mem::take(&mut self.shown) {
            drop(write!(std::io::stderr().lock(), "\r\x1b[2K"));
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn remote_text_cannot_steer_the_terminal() {
        assert_eq!(plain("550 \u{1b}]0;x\u{7}\n no"), "550 \u{FFFD}]0;x\u{FFFD}\u{FFFD} no");
    }

    #[test]
    fn times_are_rfc_3339_in_utc() {
        assert_eq!(time(Timestamp::from_second(1_700_000_000).unwrap()), "2023-11-14T22:13:20Z");
    }
}
