//! The process `sendstate-ingest`; what it does is in the library.

use ingest::{Config, Ended, Ingest, PROGRAM};
use service::command::{self, Start};
use service::{exit, shutdown, telemetry};
use std::process::ExitCode;
use tokio::time::Instant;

#[tokio::main]
async fn main() -> ExitCode {
    let (shared, config) = match command::start(&PROGRAM, Config::read) {
        Start::Run(shared, config) => (shared, config),
        Start::Exit(code) => return code,
    };
    let telemetry = telemetry::init(&shared);
    ingest::metrics::describe();
    queue::metrics::describe();
    let stop = shutdown::on_signal();

    let mut ingest = match Ingest::start(&shared, config, telemetry).await {
        Ok(ingest) => ingest,
        Err(error) => {
            tracing::error!(error = format!("{error:#}"), "cannot start");
            return ExitCode::from(exit::FAILED);
        }
    };
    tracing::info!(
        version = PROGRAM.version,
        listen = %ingest.public(),
        admin = %ingest.admin(),
        "sendstate-ingest started"
    );

    let ended = ingest.run_until(stop).await;
    if let Ended::Failed(task) = ended {
        tracing::error!(task, "a task that never ends has ended, draining");
    }

    let draining = Instant::now();
    let left = ingest.drain(shared.drain_timeout).await;
    let seconds = draining.elapsed().as_secs_f64();
    if left.is_nothing() {
        tracing::info!(seconds, "drained");
    } else {
        tracing::warn!(
            seconds,
            connections = left.connections,
            unconfirmed = left.unconfirmed,
            "not drained in time; what was left was not answered 204, so SendGrid sends it again"
        );
    }
    match ended {
        Ended::Asked if left.is_nothing() => ExitCode::from(exit::OK),
        Ended::Asked | Ended::Failed(_) => ExitCode::from(exit::FAILED),
    }
}
