//! The files of the repository, as text.

use std::path::{Path, PathBuf};

/// One file.
#[derive(Debug)]
pub(super) struct File {
    /// Relative to the root, with slashes.
    pub(super) name: String,
    pub(super) text: String,
}

impl File {
    pub(super) fn lines(&self) -> usize {
        self.text.lines().count()
    }

    pub(super) fn is_test(&self) -> bool {
        self.name.contains("tests/") || self.name.ends_with("/tests.rs")
    }
}

pub(super) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the package is one level below the root")
}

pub(super) fn rust_sources() -> Vec<File> {
    texts().into_iter().filter(|file| file.name.ends_with(".rs")).collect()
}

/// Every text file that is ours. Recorded payloads are others' words.
pub(super) fn texts() -> Vec<File> {
    const NOT_OURS: [&str; 4] = ["target", ".git", "testdata", "corpus"];
    let mut files = Vec::new();
    let mut directories = vec![root().to_owned()];
    while let Some(directory) = directories.pop() {
        for entry in std::fs::read_dir(&directory).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            if path.is_dir() && !NOT_OURS.contains(&name) {
                directories.push(path);
            } else if path.is_file() && name != "Cargo.lock" {
                files.extend(read(path));
            }
        }
    }
    files.sort_by(|one, other| one.name.cmp(&other.name));
    files
}

/// `None` for what is not text, or gone meanwhile.
fn read(path: PathBuf) -> Option<File> {
    let text = std::fs::read_to_string(&path).ok()?;
    let name = path.strip_prefix(root()).ok()?.to_str()?.to_owned();
    Some(File { name, text })
}
