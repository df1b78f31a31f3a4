//! `cargo xtask fuzz`: the reader of SendGrid's bodies, fed by libFuzzer.
//!
//! Needs a C++ compiler, which nothing else here does, and no nightly compiler: LLVM's coverage instrumentation is
//! switched on through codegen options that a stable one has, too. What is found is kept in `target/fuzz`.

use super::Session;
use crate::devstack::{Directory, cargo, workspace};
use crate::process::{Launch, Output};
use crate::report;
use anyhow::{Context, Result};
use clap::Args;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

/// The package of the fuzz target, with its seeds and its dictionary.
const PACKAGE: &str = "crates/wire/fuzz";

/// What libFuzzer needs the compiler to put into the code: counters of edges, where they are, and what is compared.
const RUST_FLAGS: [&str; 6] = [
    "--cfg=fuzzing",
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
];

/// Longer bodies find nothing that shorter ones do not, and take longer. Sizes have tests of their own.
const BODY_BYTES_MAX: &str = "-max_len=16384";
/// Far above what a body of that size may take, far below what would hurt the machine.
const MEMORY_MIB_MAX: &str = "-rss_limit_mb=1024";
/// A body of that size is read in less than a millisecond.
const SECONDS_MAX: &str = "-timeout=5";

const BUILD_DEADLINE: Duration = Duration::from_hours(1);
/// Beyond the time that the fuzzer is given, for its start and its end.
const GRACE: Duration = Duration::from_mins(5);

/// Feed the reader of SendGrid's bodies with whatever leads it somewhere new. Needs a C++ compiler.
#[derive(Args, Debug)]
pub struct Fuzz {
    /// How long.
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..=86_400))]
    seconds: u32,
    /// Read this one file instead, as one that was found before.
    #[arg(long)]
    input: Option<PathBuf>,
}

impl Fuzz {
    /// # Errors
    /// When there is no C++ compiler, the build fails, or on an interrupt. A finding is an exit code.
    pub fn run(&self) -> Result<ExitCode> {
        let session = Session::open(Directory::from_environment().below("fuzz"), "fuzz")?;
        session.directory.prepare()?;
        compiler(&session)?;
        let directory = workspace().join("target/fuzz");
        report::say("building the fuzz target");
        let build = instrumented("build", &directory, Vec::new());
        let status = session.supervisor.launch(&build)?.wait(BUILD_DEADLINE)?;
        anyhow::ensure!(status.success(), "the build failed ({status})");

        let arguments = self.arguments(&directory)?;
        let fuzz = instrumented("run", &directory, arguments);
        let deadline = Duration::from_secs(self.seconds.into()) + GRACE;
        let status = session.supervisor.launch(&fuzz)?.wait(deadline)?;
        if status.success() {
            report::say("no law was broken");
            return Ok(ExitCode::SUCCESS);
        }
        report::say(format_args!(
            "a law was broken; read the input again with `cargo xtask fuzz --input FILE`, of {}",
            directory.join("artifacts").display()
        ));
        Ok(ExitCode::FAILURE)
    }

    /// What libFuzzer is told: one input, or where it finds inputs and puts them, and its limits.
    fn arguments(&self, directory: &Path) -> Result<Vec<OsString>> {
        let limits = [BODY_BYTES_MAX, MEMORY_MIB_MAX, SECONDS_MAX];
        let mut arguments: Vec<OsString> = limits.map(Into::into).into();
        if let Some(input) = &self.input {
            let input = std::path::absolute(input)?;
            anyhow::ensure!(input.is_file(), "{} is no file", input.display());
            arguments.push(input.into());
            return Ok(arguments);
        }
        let (corpus, artifacts) = (directory.join("corpus"), directory.join("artifacts"));
        for directory in [&corpus, &artifacts] {
            std::fs::create_dir_all(directory)
                .with_context(|| format!("cannot create {}", directory.display()))?;
        }
        let package = workspace().join(PACKAGE);
        arguments.extend([
            format!("-max_total_time={}", self.seconds).into(),
            "-print_final_stats=1".into(),
            // The last slash makes it a directory rather than the beginning of a name.
            format!("-artifact_prefix={}/", artifacts.display()).into(),
            format!("-dict={}", package.join("json.dict").display()).into(),
            corpus.into(),
            package.join("seeds").into(),
        ]);
        Ok(arguments)
    }
}

/// A cargo command on the fuzz target. With a target named, the flags concern neither build scripts nor macros.
fn instrumented(command: &str, directory: &Path, arguments: Vec<OsString>) -> Launch {
    let manifest = format!("{PACKAGE}/Cargo.toml");
    let options = ["--manifest-path", &manifest, "--release", "--target", "host-tuple"];
    let build: [OsString; 2] = ["--target-dir".into(), directory.join("build").into()];
    let launch = cargo(&[&[command][..], &options].concat()).args(build);
    // Unlike RUSTFLAGS it may hold any character, and it wins over RUSTFLAGS.
    let launch = launch.env("CARGO_ENCODED_RUSTFLAGS", RUST_FLAGS.join("\u{1f}"));
    if arguments.is_empty() { launch } else { launch.args(["--"]).args(arguments) }
}

/// libFuzzer comes as C++ source. The compiler is looked for as its build script looks for it.
fn compiler(session: &Session) -> Result<()> {
    let name = std::env::var_os("CXX").unwrap_or_else(|| "c++".into());
    let log = session.directory.logs().join("compiler.log");
    let launch = Launch::new("the C++ compiler", &name, Output::Log(log)).args(["--version"]);
    let status = session.supervisor.launch(&launch)?.wait(Duration::from_mins(1))?;
    anyhow::ensure!(
        status.success(),
        "fuzzing needs a C++ compiler, because libFuzzer is C++, and {name:?} does not run\n\
         install one, or name it in CXX, then run this again:\n  \
         Debian, Ubuntu:  sudo apt-get install --no-install-recommends g++\n  \
         Fedora:          sudo dnf install gcc-c++"
    );
    Ok(())
}
