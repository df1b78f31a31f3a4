//! Commands as pages show them, held against what the programs say of themselves.

use std::path::Path;
use std::process::Command;

/// Every command of ours in a page: lines of code blocks and whole code spans.
pub(super) fn shown(page: &str) -> Vec<String> {
    let mut commands = Vec::new();
    let mut in_block = false;
    for line in page.lines() {
        if line.trim_start().starts_with("```") {
            in_block = !in_block;
        } else if in_block {
            // What a shell would take: up to a comment, a pipe or another command.
            let code = line.split(['#', '|', ';']).next().unwrap_or_default();
            commands.extend(ours(code));
        } else {
            commands.extend(line.split('`').skip(1).step_by(2).filter_map(ours));
        }
    }
    commands
}

fn ours(code: &str) -> Option<String> {
    let code = code.trim();
    let first = code.split(' ').next()?;
    let is_ours = code.starts_with("cargo xtask ")
        || matches!(first, "sendstate" | "sendstate-ingest" | "sendstate-worker" | "sendstate-dispatcher");
    (is_ours && code.contains(' ')).then(|| code.to_owned())
}

/// Follows the command's words down the help of its program, then looks for its flags there.
pub(super) fn check(programs: &Path, command: &str) -> Result<(), String> {
    let words: Vec<_> = command.trim_start_matches("cargo ").split_ascii_whitespace().collect();
    let (program, words) = words.split_first().ok_or("no program")?;
    let mut path = Vec::new();
    let mut help = help(programs, program, &path)?;
    for word in words.iter().take_while(|word| !word.starts_with('-')) {
        let commands = commands_in(&help);
        if commands.is_empty() {
            break;
        }
        if !commands.contains(word) {
            return Err(format!("`{word}` is none of {commands:?}"));
        }
        path.push(*word);
        help = self::help(programs, program, &path)?;
    }
    for flag in words.iter().filter(|word| word.starts_with("--") && word.len() > 2) {
        let name = flag.split('=').next().unwrap_or(flag);
        let known = help.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-')).any(|word| word == name);
        if !known {
            return Err(format!("{name} is no flag of it"));
        }
    }
    Ok(())
}

fn help(programs: &Path, program: &str, path: &[&str]) -> Result<String, String> {
    let output = Command::new(programs.join(program)).args(path).arg("--help").output();
    let output = output.map_err(|error| format!("{program}: {error}"))?;
    if !output.status.success() {
        return Err(format!("its --help fails: {}", String::from_utf8_lossy(&output.stderr)));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// The names under "Commands:".
fn commands_in(help: &str) -> Vec<&str> {
    let section = help.lines().skip_while(|line| *line != "Commands:").skip(1);
    let entries = section.take_while(|line| line.is_empty() || line.starts_with("  "));
    // Deeper lines are the rest of a description.
    let entries = entries.filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    entries.filter_map(|line| line.split_ascii_whitespace().next()).collect()
}
