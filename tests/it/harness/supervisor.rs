//! One supervisor and one directory for the whole run. Whatever ends the run, nothing it started outlives it.

use super::environment::environment;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use xtask::Supervisor;

const PREFIX: &str = "it-";

/// Never dropped: the end of this process is what its watchdog waits for.
static SUPERVISOR: LazyLock<Supervisor> = LazyLock::new(|| {
    let helper = environment().programs.join("xtask");
    assert!(helper.is_file(), "{} is missing: run `cargo xtask test`, which builds it", helper.display());
    Supervisor::start(&helper, &directory().join("control")).unwrap()
});

static DIRECTORY: LazyLock<PathBuf> = LazyLock::new(|| {
    let parent = Path::new(env!("CARGO_TARGET_TMPDIR"));
    sweep(parent);
    let directory = parent.join(format!("{PREFIX}{}", std::process::id()));
    std::fs::create_dir_all(&directory).unwrap();
    directory
});

pub(crate) fn supervisor() -> &'static Supervisor {
    &SUPERVISOR
}

/// Of this run. What a passed test put there is gone when it ends; what a failed one put there stays for a look.
pub(crate) fn directory() -> &'static Path {
    &DIRECTORY
}

/// Removes the directories of runs that are over.
fn sweep(parent: &Path) {
    let Ok(entries) = std::fs::read_dir(parent) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let Some(pid) = name.to_str().and_then(|name| name.strip_prefix(PREFIX)) else { continue };
        if !Path::new("/proc").join(pid).exists() {
            // Another run may be sweeping too.
            drop(std::fs::remove_dir_all(entry.path()));
        }
    }
}
