//! The product's own processes in a stack: how many, where they listen, what they are told.

use super::Directory;
use crate::ports::{self, Reserved};
use crate::process::{Launch, Output, Supervisor};
use crate::servers::Daemon;
use crate::wait::{self, Seen};
use crate::{http, report};
use anyhow::{Result, bail};
use clap::Args;
use rustix::process::Signal;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::time::Duration;

/// Above the processes' own drain timeout in a stack, so that the drain is theirs to end.
const STOP_PATIENCE: Duration = Duration::from_secs(15);
const DRAIN_TIMEOUT: &str = "10s";
/// Connecting to two servers that are up; a loaded machine takes seconds.
const READY_DEADLINE: Duration = Duration::from_mins(1);

/// How many of each.
#[derive(Args, Clone, Copy, Debug)]
pub struct Counts {
    /// Processes that take SendGrid's POSTs.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=16))]
    pub ingests: u8,
    /// Processes that apply batches.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=16))]
    pub workers: u8,
    /// Processes that deliver notifications.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=16))]
    pub dispatchers: u8,
}

/// One process of the product.
#[derive(Debug)]
pub(super) struct App {
    pub(super) daemon: Daemon,
    pub(super) admin: SocketAddr,
    /// Only ingest has one.
    pub(super) public: Option<SocketAddr>,
}

/// What every process of a stack shares.
pub(super) struct Shared<'a> {
    pub(super) supervisor: &'a Supervisor,
    pub(super) directory: &'a Directory,
    pub(super) binaries: &'a Path,
    /// Settings, as environment.
    pub(super) settings: &'a [(String, String)],
}

impl Shared<'_> {
    /// Starts all of them; does not wait until they are ready.
    pub(super) fn start(&self, counts: Counts) -> Result<Vec<App>> {
        let mut apps = Vec::new();
        for (kind, count) in
            [("ingest", counts.ingests), ("worker", counts.workers), ("dispatcher", counts.dispatchers)]
        {
            for number in 1..=count {
                apps.push(self.app(kind, number)?);
            }
        }
        for app in &mut apps {
            app.daemon.start()?;
        }
        Ok(apps)
    }

    fn app(&self, kind: &str, number: u8) -> Result<App> {
        let name = format!("{kind}-{number}");
        let admin = ports::reserve()?;
        let public = (kind == "ingest").then(ports::reserve).transpose()?;
        let output = Output::Log(self.directory.logs().join(format!("{name}.log")));
        let mut launch = Launch::new(&name, self.binaries.join(format!("sendstate-{kind}")), output)
            .env("SENDSTATE_ADMIN_LISTEN", loopback(admin.port()).to_string())
            .env("SENDSTATE_DRAIN_TIMEOUT", DRAIN_TIMEOUT);
        if let Some(public) = &public {
            launch = launch
                .env("SENDSTATE_INGEST_LISTEN", loopback(public.port()).to_string())
                .env("SENDSTATE_INGEST_SNAPSHOT", self.directory.run().join(format!("{name}.snapshot")));
        }
        for (setting, value) in self.settings {
            launch = launch.env(setting, value);
        }
        let pids = self.directory.run();
        let daemon = Daemon::new(self.supervisor, launch, Some(&pids), Signal::TERM, STOP_PATIENCE);
        let public = public.map(Reserved::release).map(loopback);
        Ok(App { daemon, admin: loopback(admin.release()), public })
    }
}

const fn loopback(port: u16) -> SocketAddr {
    SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), port)
}

impl App {
    /// Waits until it says that it is ready.
    pub(super) fn wait_ready(&mut self) -> Result<()> {
        let name = self.daemon.name().to_owned();
        let ready = wait::until(&format!("{name} to be ready"), READY_DEADLINE, || {
            if self.daemon.is_down()? {
                bail!("{name} ended while starting");
            }
            Ok(match http::get(self.admin, "/readyz") {
                Ok((200, _)) => Seen::Done(()),
                Ok((status, body)) => Seen::Pending(format!("{status} {body}")),
                Err(error) => Seen::Pending(format!("{error:#}")),
            })
        });
        ready.map_err(|error| report::explain(error, self.daemon.launch().log()))
    }
}
