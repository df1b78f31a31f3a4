//! Progress for the person at the terminal, on stderr; stdout is kept for results.

use crate::interrupt::Interrupted;
use std::fmt::Display;
use std::io::Write;
use std::path::Path;

/// Says one line on stderr. A closed stderr is no reason to stop tearing down, so its failure is dropped.
pub fn say(line: impl Display) {
    drop(writeln!(std::io::stderr(), "{line}"));
}

/// Prints a result on stdout.
///
/// # Errors
/// When stdout is closed.
pub fn print(result: impl Display) -> std::io::Result<()> {
    let mut stdout = std::io::stdout().lock();
    writeln!(stdout, "{result}")?;
    stdout.flush()
}

/// The last lines of a log, indented, for an error message. Reads at most the last 16 KiB.
#[must_use]
pub fn tail(log: &Path, lines: usize) -> String {
    let text = match std::fs::read(log) {
        Ok(bytes) => {
            let start = bytes.len().saturating_sub(16 * 1024);
            String::from_utf8_lossy(bytes.get(start..).unwrap_or_default()).into_owned()
        }
        Err(error) => return format!("  ({}: {error})", log.display()),
    };
    let all: Vec<_> = text.lines().collect();
    let shown = all.get(all.len().saturating_sub(lines)..).unwrap_or_default();
    let mut out = format!("  last lines of {}:", log.display());
    for line in shown {
        out.push_str("\n    ");
        out.push_str(line);
    }
    out
}

/// The error with the last lines of the log that says more about it. An interrupt explains itself.
#[must_use]
pub fn explain(error: anyhow::Error, log: Option<&Path>) -> anyhow::Error {
    match log {
        Some(log) if !error.is::<Interrupted>() => anyhow::anyhow!("{error:#}\n{}", tail(log, 20)),
        _ => error,
    }
}
