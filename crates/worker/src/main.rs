//! The process `sendstate-worker`; what it does is in the library.

use service::command::{self, Start};
use service::{exit, shutdown, telemetry};
use std::process::ExitCode;
use tokio::time::Instant;
use worker::{Config, Ended, PROGRAM, Worker};

#[tokio::main]
async fn main() -> ExitCode {
    let (shared, config) = match command::start(&PROGRAM, Config::read) {
        Start::Run(shared, config) => (shared, config),
        Start::Exit(code) => return code,
    };
    let telemetry = telemetry::init(&shared);
    worker::metrics::describe();
    queue::metrics::describe();
    let stop = shutdown::on_signal();

    let mut worker = match Worker::start(&shared, &config, telemetry).await {
        Ok(worker) => worker,
        Err(error) => {
            tracing::error!(error = format!("{error:#}"), "cannot start");
            return ExitCode::from(exit::FAILED);
        }
    };
    tracing::info!(version = PROGRAM.version, admin = %worker.admin(), "sendstate-worker started");

    let ended = worker.run_until(stop).await;
    if let Ended::Failed(task) = ended {
        tracing::error!(task, "a task that never ends has ended, draining");
    }

    let draining = Instant::now();
    let drained = worker.drain(shared.drain_timeout).await;
    let seconds = draining.elapsed().as_secs_f64();
    if drained {
        tracing::info!(seconds, "drained");
    } else {
        tracing::warn!(seconds, "not drained in time; what was not acked is delivered again");
    }
    match ended {
        Ended::Asked if drained => ExitCode::from(exit::OK),
        Ended::Asked | Ended::Failed(_) => ExitCode::from(exit::FAILED),
    }
}
