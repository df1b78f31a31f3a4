//! What every process shares: flags and settings, logs and metrics, the accept loop, the admin port, signals.
//!
//! Nothing here knows what a process is for. A process brings its [`Program`], its own settings and its handler,
//! and its `main` reads: [`command::start`], [`telemetry::init`], connect, [`http::serve`] and [`admin::serve`]
//! until [`shutdown::on_signal`] fires or a [`task`] that never ends has ended, then drain inside a deadline.

pub mod admin;
pub mod command;
pub mod config;
pub mod exit;
pub mod health;
pub mod http;
pub mod metrics;
pub mod shutdown;
pub mod task;
pub mod telemetry;

/// What a process says about itself: in `--help`, in `--version` and on its admin port.
#[derive(Clone, Copy, Debug)]
pub struct Program {
    /// Name of the binary.
    pub name: &'static str,
    pub version: &'static str,
    /// One or two sentences for `--help`.
    pub about: &'static str,
    /// The process's own settings; [`config::Shared::SETTINGS`] are added to them.
    pub settings: &'static [config::Setting],
}

impl Program {
    /// Every setting the process reads: its own, then the shared ones.
    pub fn settings(&self) -> impl Iterator<Item = &'static config::Setting> {
        self.settings.iter().chain(&config::Shared::SETTINGS)
    }
}
