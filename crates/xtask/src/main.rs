//! `cargo xtask`: the development commands. stdout is for results, stderr for progress.

use anyhow::Result;
use clap::{Parser, Subcommand};
use std::path::PathBuf;
use std::process::ExitCode;
use xtask::command::{Bench, Demo, Down, Fuzz, Servers, Test, Up};
use xtask::interrupt::{self, Interrupted};
use xtask::process::{launch, watchdog};
use xtask::report;
use xtask::servers::install::{self, Missing};

/// Everything needed to develop Sendstate, with nothing installed but Rust and a C compiler.
#[derive(Parser, Debug)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand, Debug)]
enum Command {
    Demo(Demo),
    Test(Test),
    Up(Up),
    Down(Down),
    Servers(Servers),
    Fuzz(Fuzz),
    Bench(Bench),
    /// A child's first moments.
    #[command(hide = true)]
    Launch(launch::Becoming),
    /// What sweeps up when its supervisor is gone.
    #[command(hide = true)]
    Watchdog {
        #[arg(long)]
        journal: PathBuf,
    },
}

fn run(command: &Command) -> Result<ExitCode> {
    match command {
        Command::Demo(demo) => demo.run(),
        Command::Test(test) => test.run(),
        Command::Up(up) => up.run(),
        Command::Down(down) => down.run(),
        Command::Servers(servers) => servers.run(),
        Command::Fuzz(fuzz) => fuzz.run(),
        Command::Bench(bench) => bench.run(),
        Command::Launch(becoming) => match becoming.run()? {},
        Command::Watchdog { journal } => watchdog::serve(journal).map(|()| ExitCode::SUCCESS),
    }
}

fn main() -> ExitCode {
    let error = match run(&Cli::parse().command) {
        Ok(code) => return code,
        Err(error) => error,
    };
    if error.chain().any(|cause| cause.is::<Interrupted>()) {
        report::say("interrupted; nothing is left running");
        return ExitCode::from(interrupt::EXIT_CODE);
    }
    report::say(format_args!("error: {error:#}"));
    let missing = error.chain().any(|cause| cause.is::<Missing>());
    ExitCode::from(if missing { install::EXIT_CODE } else { 1 })
}
