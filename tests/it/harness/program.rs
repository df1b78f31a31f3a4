//! One process of the product: how it is started, where it is asked, and how it is hurt.

use super::http::get;
use super::logs;
use super::supervisor::supervisor;
use super::wait::{DEADLINE, wait_for};
use rustix::process::Signal;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use xtask::{Launch, Output, Process};

#[derive(Debug)]
pub(crate) struct Program {
    pub(crate) launch: Launch,
    pub(crate) admin: SocketAddr,
    /// Only ingest has one.
    pub(crate) public: Option<SocketAddr>,
    process: Option<Process>,
}

impl Program {
    /// `log` takes both of its streams.
    pub(crate) fn new(name: &str, path: PathBuf, log: PathBuf, admin: SocketAddr) -> Self {
        let launch = Launch::new(name, path, Output::Log(log)).without_our_environment();
        Self { launch, admin, public: None, process: None }
    }

    pub(crate) fn set(&mut self, setting: &str, value: &str) {
        self.launch.environment.retain(|(name, _)| name != setting);
        self.launch.environment.push((setting.into(), value.into()));
    }

    pub(crate) fn unset(&mut self, setting: &str) {
        self.launch.environment.retain(|(name, _)| name != setting);
    }

    pub(crate) fn name(&self) -> &str {
        &self.launch.name
    }

    pub(crate) fn log(&self) -> &Path {
        self.launch.log().expect("programs are launched with a log")
    }

    /// Starts it; does not wait until it is ready.
    pub(crate) fn start(&mut self) {
        assert!(!self.is_running(), "{} runs already", self.name());
        self.process = Some(supervisor().launch(&self.launch).unwrap());
    }

    pub(crate) fn is_running(&mut self) -> bool {
        self.process.as_mut().is_some_and(|process| process.ended().unwrap().is_none())
    }

    /// Waits until it says that it is ready.
    pub(crate) async fn ready(&mut self) {
        let (name, admin) = (self.name().to_owned(), self.admin);
        wait_for(&format!("{name} to be ready"), DEADLINE, async || {
            assert!(self.is_running(), "{name} ended while starting:\n{}", logs::tail(self.log()));
            match get(admin, "/readyz").await {
                Ok(answer) if answer.status == 200 => Ok(()),
                Ok(answer) => Err(format!("{} {}", answer.status, answer.text())),
                Err(error) => Err(error.to_string()),
            }
        })
        .await;
    }

    pub(crate) fn signal(&mut self, signal: Signal) {
        let process = self.process.as_mut().expect("it was started");
        process.signal(signal).unwrap();
    }

    /// As by a power cut.
    pub(crate) fn kill(&mut self) {
        self.process.as_mut().expect("it was started").kill().unwrap();
    }

    /// Waits until it has ended by itself.
    pub(crate) async fn ended(&mut self) -> ExitStatus {
        let what = format!("the end of {}", self.name());
        let process = self.process.as_mut().expect("it was started");
        wait_for(&what, DEADLINE, async || process.ended().unwrap().ok_or_else(|| "it runs".to_owned())).await
    }

    /// Asks it to end, and returns how it ended.
    pub(crate) async fn terminate(&mut self) -> ExitStatus {
        self.signal(Signal::TERM);
        self.ended().await
    }
}
