//! The process `sendstate-dispatcher`; what it does is in the library.

use dispatcher::PROGRAM;
use dispatcher::config::Config;
use dispatcher::flow::{Cause, Left};
use dispatcher::process::Dispatcher;
use service::command::{self, Start};
use service::{exit, shutdown, telemetry};
use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    rustls::crypto::ring::default_provider()
        .install_default()
        .expect("nothing has installed another one before");
    let (shared, config) = match command::start(&PROGRAM, Config::read) {
        Start::Run(shared, config) => (shared, config),
        Start::Exit(code) => return code,
    };
    let telemetry = telemetry::init(&shared);
    dispatcher::metrics::describe();
    let stop = shutdown::on_signal();

    let dispatcher = match Dispatcher::start(&shared, config, telemetry).await {
        Ok(dispatcher) => dispatcher,
        Err(error) => {
            tracing::error!(error = format!("{error:#}"), "cannot start");
            return ExitCode::from(exit::FAILED);
        }
    };
    tracing::info!(version = PROGRAM.version, admin = %dispatcher.admin(), "sendstate-dispatcher started");

    let ended = dispatcher.run(stop, shared.drain_timeout).await;
    if ended.left == Left::default() {
        tracing::info!(seconds = ended.drained_in.as_secs_f64(), "drained");
    } else {
        tracing::warn!(
            seconds = ended.drained_in.as_secs_f64(),
            abandoned = ended.left.abandoned,
            unrecorded = ended.left.unrecorded,
            "not drained in time; what was left will be sent again"
        );
    }
    match ended.cause {
        Cause::Asked if ended.left == Left::default() => ExitCode::from(exit::OK),
        Cause::Asked => ExitCode::from(exit::FAILED),
        Cause::Failed(task) => {
            tracing::error!(task, "a task that never ends has ended");
            ExitCode::from(exit::FAILED)
        }
    }
}
