//! What the processes wrote.

use serde_json::Value;
use std::path::Path;

const TAIL_LINES: usize = 40;

fn lines(log: &Path) -> Vec<String> {
    // A process that never ran has written nothing.
    let bytes = std::fs::read(log).unwrap_or_default();
    String::from_utf8_lossy(&bytes).lines().map(str::to_owned).collect()
}

/// The last lines.
pub(crate) fn tail(log: &Path) -> String {
    let lines = lines(log);
    lines[lines.len().saturating_sub(TAIL_LINES)..].join("\n")
}

/// Lines at ERROR, and whatever is no log line at all, that contain none of `allowed`.
pub(crate) fn unexpected(log: &Path, allowed: &[String]) -> Vec<String> {
    let harmless =
        |line: &str| serde_json::from_str::<Value>(line).is_ok_and(|entry| entry["level"] != "ERROR");
    let excused = |line: &str| allowed.iter().any(|part| line.contains(part.as_str()));
    lines(log).into_iter().filter(|line| !harmless(line) && !excused(line)).collect()
}
