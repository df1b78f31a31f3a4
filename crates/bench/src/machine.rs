//! What a run was measured on: the machine as `/proc` tells it, and the sources as git does.
//!
//! Whatever cannot be learned is absent from the report and no reason to fail: figures are worth having without it.

use serde::Serialize;
use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Absent fields could not be learned.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Machine {
    pub cpu: Option<String>,
    /// Those that this process may use.
    pub cores: Option<usize>,
    pub memory_mib: Option<u64>,
    pub kernel: Option<String>,
    /// Of the directory the servers keep their data in: it decides what an fsync costs.
    pub filesystem: Option<String>,
    /// By program: those the run used.
    pub versions: BTreeMap<String, String>,
}

impl Machine {
    /// Reads what the kernel tells; the caller adds what its servers told of themselves. `data` is the directory the
    /// servers keep their data in.
    #[must_use]
    pub fn read(data: &Path, versions: BTreeMap<String, String>) -> Self {
        let text = |path: &str| std::fs::read_to_string(path).ok();
        Self {
            cpu: text("/proc/cpuinfo").and_then(|text| cpu_model(&text)),
            cores: std::thread::available_parallelism().ok().map(usize::from),
            memory_mib: text("/proc/meminfo").and_then(|text| memory_mib(&text)),
            kernel: text("/proc/sys/kernel/osrelease").map(|text| text.trim().to_owned()),
            filesystem: data
                .canonicalize()
                .ok()
                .zip(text("/proc/self/mountinfo"))
                .and_then(|(data, mounts)| filesystem(&mounts, &data)),
            versions,
        }
    }
}

/// The value of the first line `name : value`.
fn field<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let mut fields = text.lines().filter_map(|line| line.split_once(':'));
    fields.find(|(found, _)| found.trim() == name).map(|(_, value)| value.trim())
}

/// Some architectures name no model, only the maker's numbers.
fn cpu_model(cpuinfo: &str) -> Option<String> {
    let model = field(cpuinfo, "model name").or_else(|| field(cpuinfo, "Model"))?;
    (!model.is_empty()).then(|| model.to_owned())
}

fn memory_mib(meminfo: &str) -> Option<u64> {
    let kib = field(meminfo, "MemTotal")?.strip_suffix("kB")?.trim().parse::<u64>().ok()?;
    Some(kib / 1024)
}

/// The type of the mount that the path is on: the one with the longest mount point above it, and of equal ones the last,
/// which covers the others. Points with spaces are written escaped and match nothing here.
fn filesystem(mountinfo: &str, path: &Path) -> Option<String> {
    let mounts = mountinfo.lines().filter_map(|line| {
        let (mount, source) = line.split_once(" - ")?;
        let point = Path::new(mount.split(' ').nth(4)?);
        path.starts_with(point).then(|| (point.components().count(), source.split(' ').next()))
    });
    mounts.max_by_key(|(depth, _)| *depth)?.1.map(str::to_owned)
}

/// The sources a run was built from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Commit {
    pub hash: String,
    /// Whether a file that git knows has changed since. One it does not know is compiled only when one it knows says so.
    pub dirty: bool,
}

impl Commit {
    /// `None` when the directory is not the top of a checkout, or git is missing or does not answer.
    #[must_use]
    pub fn read(root: &Path) -> Option<Self> {
        let (status, text) = git(root, &["rev-parse", "--show-toplevel", "HEAD"])?;
        let (top, hash) = text.trim_end().split_once('\n')?;
        // Sources unpacked within somebody else's checkout are not of its commit.
        let is_top = Path::new(top).canonicalize().ok()? == root.canonicalize().ok()?;
        if status != 0 || !is_top {
            return None;
        }
        let (changed, _) = git(root, &["diff", "--quiet", "HEAD", "--"])?;
        Some(Self { hash: hash.to_owned(), dirty: changed != 0 })
    }
}

/// Its exit code and what it said. Waits at most ten seconds, then ends it. Only for commands that say little: what does
/// not fit into a pipe would keep it waiting.
fn git(root: &Path, arguments: &[&str]) -> Option<(i32, String)> {
    let mut command = Command::new("git");
    command.arg("-C").arg(root).args(arguments).env("GIT_OPTIONAL_LOCKS", "0");
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().ok()?;
    let deadline = Instant::now() + Duration::from_secs(10);
    let status = loop {
        match child.try_wait() {
            Ok(Some(status)) => break status,
            Ok(None) if Instant::now() < deadline => std::thread::sleep(Duration::from_millis(2)),
            Ok(None) | Err(_) => {
                drop(child.kill());
                drop(child.wait());
                return None;
            }
        }
    };
    let mut text = String::new();
    child.stdout.take()?.take(16 * 1024).read_to_string(&mut text).ok()?;
    Some((status.code()?, text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_processor_names_the_model() {
        let text = "processor\t: 0\nmodel name\t: AMD EPYC 7B13 : x\n\nprocessor\t: 1\nmodel name\t: other\n";
        assert_eq!(cpu_model(text).as_deref(), Some("AMD EPYC 7B13 : x"));
        assert_eq!(cpu_model("processor : 0\nmodel name :\n"), None);
    }

    #[test]
    fn memory_is_the_total_in_mebibytes() {
        assert_eq!(memory_mib("MemTotal:        8039936 kB\nMemFree: 12 kB\n"), Some(7_851));
        assert_eq!(memory_mib("MemTotal: lots\n"), None);
    }

    #[test]
    fn a_path_is_on_its_nearest_mount_and_of_two_on_the_later() {
        let mounts = "1 0 0:1 / / rw - overlay overlay rw\n\
            2 1 0:2 / /data rw,relatime shared:1 - xfs /dev/a rw\n\
            3 1 0:3 / /data rw,relatime - ext4 /dev/b rw\n\
            4 1 0:4 / /data2 rw - tmpfs tmpfs rw\n";
        assert_eq!(filesystem(mounts, Path::new("/data/pg")).as_deref(), Some("ext4"));
        assert_eq!(filesystem(mounts, Path::new("/home")).as_deref(), Some("overlay"));
        assert_eq!(filesystem("", Path::new("/home")), None);
    }

    #[test]
    fn a_directory_within_a_checkout_is_not_the_checkout() {
        assert_eq!(Commit::read(Path::new(env!("CARGO_MANIFEST_DIR"))), None);
        assert_eq!(Commit::read(Path::new("/")), None);
        assert_eq!(Commit::read(Path::new("/nonexistent")), None);
    }

    #[test]
    fn this_machine_has_cores_and_a_kernel() {
        let machine = Machine::read(Path::new("/"), BTreeMap::new());
        assert!(machine.cores.is_some_and(|cores| cores > 0));
        assert!(machine.kernel.is_some_and(|kernel| !kernel.contains('\n')));
    }
}
