//! Files that are either the old one or the whole new one.

use anyhow::{Context as _, Result};
use std::io::Write as _;
use std::path::Path;

/// Writes beside the path and then takes its place, so that no reader sees half of it; makes the directory when there is
/// none. On failure, what was there stays.
pub(super) fn replace(path: &Path, text: &str) -> Result<()> {
    let directory = path.parent().unwrap_or(Path::new("."));
    let name = path.file_name().context("a report's path ends in no name")?.to_string_lossy();
    let beside = directory.join(format!(".{name}.{}", std::process::id()));
    let write = || -> std::io::Result<()> {
        std::fs::create_dir_all(directory)?;
        let mut file = std::fs::File::create(&beside)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        std::fs::rename(&beside, path)
    };
    write().inspect_err(|_| drop(std::fs::remove_file(&beside))).with_context(|| {
        let path = path.display();
        format!("{path} cannot be written")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_as_a_whole_and_nothing_is_left_beside_it() {
        let directory = std::env::temp_dir().join(format!("sendstate-bench-{}-replace", std::process::id()));
        let path = directory.join("deep/report.json");
        replace(&path, "a longer first text").unwrap();
        replace(&path, "second").unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "second");
        // A directory that is not empty cannot be replaced by a file.
        assert!(replace(&directory.join("deep"), "third").is_err());
        assert_eq!(std::fs::read_dir(&directory).unwrap().count(), 1);
        assert_eq!(std::fs::read_dir(directory.join("deep")).unwrap().count(), 1);
        std::fs::remove_dir_all(&directory).unwrap();
    }
}
