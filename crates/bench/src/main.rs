//! `sendstate-bench`: started by `cargo xtask bench`.

use clap::Parser;
use std::process::ExitCode;
use xtask::command::Choice;

#[derive(Parser, Debug)]
#[command(name = "sendstate-bench", about = "Measures; started by `cargo xtask bench`.")]
struct Arguments {
    #[command(flatten)]
    choice: Choice,
}

#[tokio::main]
async fn main() -> ExitCode {
    match bench::run(&Arguments::parse().choice).await {
        Ok(code) => code,
        Err(error) => {
            xtask::report::say(format_args!("error: {error:#}"));
            ExitCode::from(1)
        }
    }
}
