//! Signals that ask to stop: the first asks for a drain, the second ends the process at once.

use crate::exit;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// How often the process was asked to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    Once,
    /// It ends after this was heard.
    Again,
}

/// A token that is cancelled by the first SIGTERM or SIGINT. A second one ends the process without draining:
/// whoever insists has a reason, and every promise survives being killed.
///
/// Needs a running Tokio runtime; handlers are installed before it returns.
#[must_use]
pub fn on_signal() -> CancellationToken {
    let kinds = [(SignalKind::terminate(), "SIGTERM"), (SignalKind::interrupt(), "SIGINT")];
    listen(&kinds, |signal, asked| match asked {
        Asked::Once => tracing::info!(signal, "asked to stop, draining"),
        Asked::Again => tracing::warn!(signal, "asked again, leaving without draining"),
    })
}

/// The same for a command in the middle of what it should not leave half done: also SIGHUP, the end of its terminal, only
/// asks, and `told` says what somebody who insists would leave behind.
#[must_use]
pub fn on_signal_or_hangup(told: impl Fn(Asked) + Send + 'static) -> CancellationToken {
    let kinds = [
        (SignalKind::terminate(), "SIGTERM"),
        (SignalKind::interrupt(), "SIGINT"),
        (SignalKind::hangup(), "SIGHUP"),
    ];
    listen(&kinds, move |_, asked| told(asked))
}

fn listen(
    kinds: &[(SignalKind, &'static str)],
    told: impl Fn(&'static str, Asked) + Send + 'static,
) -> CancellationToken {
    let (heard, mut signals) = mpsc::channel(1);
    for (kind, name) in kinds.iter().copied() {
        let mut signal = signal(kind).expect("handlers for these signals can always be installed");
        let heard = heard.clone();
        tokio::spawn(async move { while signal.recv().await.is_some() && heard.send(name).await.is_ok() {} });
    }
    let token = CancellationToken::new();
    let cancel = token.clone();
    tokio::spawn(async move {
        // Listening never ends by itself; if it did, nobody could ask.
        let Some(name) = signals.recv().await else { return };
        told(name, Asked::Once);
        cancel.cancel();
        let Some(name) = signals.recv().await else { return };
        told(name, Asked::Again);
        #[expect(clippy::exit, reason = "the second signal means now")]
        std::process::exit(i32::from(exit::FAILED));
    });
    token
}
