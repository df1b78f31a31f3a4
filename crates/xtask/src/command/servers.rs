//! `cargo xtask servers`: makes sure that the server programs are there, and says where.

use super::Session;
use crate::devstack::Directory;
use crate::report;
use crate::servers::install::{Wanted, provide};
use crate::servers::{PostgresPrograms, RabbitMqPrograms, Search};
use anyhow::Result;
use clap::Args;
use std::process::ExitCode;

/// Find PostgreSQL and RabbitMQ, or install them (Debian, Ubuntu; as root or with sudo).
#[derive(Args, Debug)]
pub struct Servers {}

impl Servers {
    /// # Errors
    /// When they are missing and cannot be installed; the message says what to do.
    pub fn run(&self) -> Result<ExitCode> {
        let session = Session::open(Directory::from_environment().below("servers"), "servers")?;
        session.directory.prepare()?;
        let search = Search::from_environment();
        provide(
            &session.supervisor,
            &search,
            &[Wanted::Postgres, Wanted::RabbitMq],
            &session.directory.logs(),
        )?;
        if let Some(programs) = PostgresPrograms::find(&search) {
            report::print(format_args!("postgres         {}", programs.postgres.display()))?;
        }
        if let Some(programs) = RabbitMqPrograms::find(&search) {
            report::print(format_args!("rabbitmq-server  {}", programs.server.display()))?;
        }
        Ok(ExitCode::SUCCESS)
    }
}
