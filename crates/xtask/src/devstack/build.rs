//! Building with the cargo that runs us, into the directory we run from.

use crate::process::{Launch, Output, Supervisor};
use crate::wait::{self, Seen};
use anyhow::{Context, Result};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// A cold build of everything on a small machine.
const BUILD_DEADLINE: Duration = Duration::from_hours(1);

/// The checkout this program was built from.
#[must_use]
pub fn workspace() -> &'static Path {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().and_then(Path::parent).unwrap_or(here)
}

/// Where cargo puts programs: beside this one.
///
/// # Errors
/// When the path of this program is unknown.
pub fn binaries() -> Result<PathBuf> {
    let own = std::env::current_exe().context("cannot find the directory of this program")?;
    Ok(own.parent().context("this program has no directory")?.to_owned())
}

/// Where cargo puts released programs: in the directory beside the one of this program.
///
/// # Errors
/// When the path of this program is unknown.
pub fn released_binaries() -> Result<PathBuf> {
    Ok(binaries()?.parent().context("the directory of this program has no parent")?.join("release"))
}

/// A cargo command in the checkout, its output ours.
#[must_use]
pub fn cargo(arguments: &[&str]) -> Launch {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let name = format!("cargo {}", arguments.first().unwrap_or(&""));
    let launch = Launch::new(name, cargo, Output::Inherit).args(arguments.iter().copied());
    Launch { directory: Some(workspace().to_owned()), ..launch }
}

/// Builds the three processes and the command line, unless it turns out to be in vain.
///
/// # Errors
/// When the build fails, is given up or is interrupted.
pub fn build(supervisor: &Supervisor, in_vain: &AtomicBool) -> Result<()> {
    run_build(
        supervisor,
        in_vain,
        &["build", "-p", "ingest", "-p", "worker", "-p", "dispatcher", "-p", "cli"],
    )
}

/// Builds what people run, and what measures it, with every optimisation.
///
/// # Errors
/// When the build fails, is given up or is interrupted.
pub fn build_release(supervisor: &Supervisor, in_vain: &AtomicBool) -> Result<()> {
    let packages = ["-p", "ingest", "-p", "worker", "-p", "dispatcher", "-p", "cli", "-p", "bench"];
    run_build(supervisor, in_vain, &[&["build", "--release"][..], &packages].concat())
}

fn run_build(supervisor: &Supervisor, in_vain: &AtomicBool, arguments: &[&str]) -> Result<()> {
    let launch = cargo(arguments);
    let mut build = supervisor.launch(&launch)?;
    let status = wait::until("the build", BUILD_DEADLINE, || {
        anyhow::ensure!(!in_vain.load(Ordering::SeqCst), "the build was given up");
        Ok(build.ended()?.map_or_else(|| Seen::Pending("building".to_owned()), Seen::Done))
    })?;
    anyhow::ensure!(status.success(), "the build failed ({status})");
    Ok(())
}
