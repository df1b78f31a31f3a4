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
    written(writeln!(out, "{text}").and_then(|()| out.flush())).map(drop)
}

/// Writes bytes to stdout exactly as they are.
pub(crate) fn bytes(bytes: &[u8]) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    written(out.write_all(bytes).and_then(|()| out.flush())).map(drop)
}

/// Whether anybody still reads what is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reader {
    Listening,
    /// It has what it wanted.
    Gone,
}

/// What a write to stdout means for the command.
pub(crate) fn written(result: std::io::Result<()>) -> Result<Reader, Failure> {
    match result {
        Ok(()) => Ok(Reader::Listening),
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(Reader::Gone),
        Err(error) => Err(Failure::failed(format!("the result cannot be written to stdout: {error}"))),
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

/// Text from elsewhere made safe for a terminal: control characters could move the cursor or rename the window, and
/// marks of direction could show what is not there.
pub(crate) fn plain(text: &str) -> String {
    text.chars().map(|letter| if steers(letter) { '\u{FFFD}' } else { letter }).collect()
}

/// Like [`plain`], for text of several lines: those stay lines.
pub(crate) fn plain_lines(text: &str) -> String {
    text.lines().map(plain).collect::<Vec<_>>().join("\n")
}

fn steers(letter: char) -> bool {
    letter.is_control()
        || matches!(letter, '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
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
    fn remote_text_cannot_reorder_what_is_shown() {
        assert_eq!(plain("a\u{202E}b\u{2066}c\u{200F}d"), "a\u{FFFD}b\u{FFFD}c\u{FFFD}d");
    }

    #[test]
    fn remote_lines_stay_lines_and_are_as_safe() {
        assert_eq!(plain_lines("<p>\r\n\u{1b}[2J\rx</p>\n"), "<p>\n\u{FFFD}[2J\u{FFFD}x</p>");
    }

    #[test]
    fn a_reader_that_has_left_is_no_failure() {
        assert_eq!(written(Err(ErrorKind::BrokenPipe.into())), Ok(Reader::Gone));
        assert_eq!(written(Err(ErrorKind::StorageFull.into())).unwrap_err().code, 1);
    }

    #[test]
    fn times_are_rfc_3339_in_utc() {
        assert_eq!(time(Timestamp::from_second(1_700_000_000).unwrap()), "2023-11-14T22:13:20Z");
    }
}
