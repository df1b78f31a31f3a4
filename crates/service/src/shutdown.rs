//! SIGTERM and SIGINT ask for a drain; asked twice, the process leaves at once.

use crate::exit;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// A token that is cancelled by the first SIGTERM or SIGINT. A second one ends the process without draining:
/// whoever insists has a reason, and every promise survives being killed.
///
/// Needs a running Tokio runtime; handlers are installed before it returns.
#[must_use]
pub fn on_signal() -> CancellationToken {
    let (mut terminate, mut interrupt) = (listen(SignalKind::terminate()), listen(SignalKind::interrupt()));
    let token = CancellationToken::new();
    let cancel = token.clone();
    tokio::spawn(async move {
        let name = either(&mut terminate, &mut interrupt).await;
        tracing::info!(signal = name, "asked to stop, draining");
        cancel.cancel();
        let name = either(&mut terminate, &mut interrupt).await;
        tracing::warn!(signal = name, "asked again, leaving without draining");
        #[expect(clippy::exit, reason = "the second signal means now")]
        std::process::exit(i32::from(exit::FAILED));
    });
    token
}

fn listen(kind: SignalKind) -> Signal {
    signal(kind).expect("handlers for SIGTERM and SIGINT can always be installed")
}

async fn either(terminate: &mut Signal, interrupt: &mut Signal) -> &'static str {
    tokio::select! {
        _ = terminate.recv() => "SIGTERM",
        _ = interrupt.recv() => "SIGINT",
    }
}
