//! `cargo xtask test`: every test, on servers of its own.

use super::Session;
use crate::devstack::{Directory, Platform, binaries, build, cargo};
use crate::process::Supervisor;
use crate::report;
use crate::servers::Durability;
use anyhow::Result;
use clap::Args;
use std::process::ExitCode;
use std::time::Duration;

/// Far above what all tests take, so that it only ends a command nobody waits for any more.
const DEADLINE: Duration = Duration::from_hours(1);

/// Tests over real processes mostly wait for them: four at once took 169 s where two, one for each core, took 270 s.
const INTEGRATION_THREADS: &str = "4";

/// Run every test against private servers.
#[derive(Args, Debug)]
pub struct Test {
    /// Passed on to every test program: a name to look for, `--nocapture`, `--test-threads=1`.
    #[arg(last = true)]
    arguments: Vec<String>,
}

impl Test {
    /// # Errors
    /// When the servers or the programs are not to be had, or on an interrupt. Failing tests are an exit code.
    pub fn run(&self) -> Result<ExitCode> {
        let session = Session::open(Directory::from_environment().below("test"), "test")?;
        let supervisor = &session.supervisor;
        session.directory.prepare()?;
        report::say("starting PostgreSQL and RabbitMQ, building meanwhile");
        let platform =
            Platform::start(supervisor, &session.directory.layout(), Durability::Fast, |failed| {
                build(supervisor, failed)
            })?;
        let hermetic = self.cargo_test(supervisor, &[], &[])?;
        let environment = [
            ("SENDSTATE_TEST_DATABASE_URL", platform.database_url()),
            ("SENDSTATE_TEST_AMQP_URL", platform.amqp_url()),
            ("SENDSTATE_BIN_DIR", binaries()?.display().to_string()),
            ("RUST_TEST_THREADS", INTEGRATION_THREADS.to_owned()),
        ];
        let integration = self.cargo_test(supervisor, &["-p", "tests"], &environment)?;
        Ok(ExitCode::from(if hermetic == 0 { integration } else { hermetic }))
    }

    /// Exit code of `cargo test`.
    fn cargo_test(
        &self,
        supervisor: &Supervisor,
        packages: &[&str],
        environment: &[(&str, String)],
    ) -> Result<u8> {
        let mut command = cargo(&[&["test"], packages, &["--"]].concat()).args(&self.arguments);
        for (name, value) in environment {
            command = command.env(name, value);
        }
        let status = supervisor.launch(&command)?.wait(DEADLINE)?;
        // Ended by a signal: a failure like any other.
        Ok(status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(1))
    }
}
