//! Hints that a look at the queue may find something before its pause is over: from workers, by way of the database (see
//! `store::hint`), and from this process, when it has recorded what frees a slot or wakes a follower.
//!
//! Only the newest is kept, so hints take no room, however many come. What they are allowed to hurry is decided in
//! `flow::pace`. With the connection lost they do not come, and looks follow each other at intervals, as ever.

use crate::metrics;
use std::convert::Infallible;
use store::hint::{Heard, Listener};
use tokio::sync::watch;

/// Where a hint comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// Somebody else has made something due.
    Notified,
    /// This process has recorded how deliveries ended.
    Recorded,
}

impl Origin {
    pub(crate) const ALL: [Self; 2] = [Self::Notified, Self::Recorded];

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Notified => "notified",
            Self::Recorded => "recorded",
        }
    }
}

/// Where hints are given. Clones share it.
#[derive(Clone, Debug)]
pub(crate) struct Hinter(watch::Sender<Origin>);

/// Where hints are noticed. Clones each remember which one they have noticed.
#[derive(Clone, Debug)]
pub(crate) struct Hints(watch::Receiver<Origin>);

pub(crate) fn channel() -> (Hinter, Hints) {
    let (hinter, hints) = watch::channel(Origin::Recorded);
    (Hinter(hinter), Hints(hints))
}

impl Hinter {
    pub(crate) fn hint(&self, origin: Origin) {
        self.0.send_replace(origin);
    }
}

impl Hints {
    /// Whatever was hinted at before this is settled by the look that begins now.
    pub(crate) fn settle(&mut self) {
        self.0.mark_unchanged();
    }

    /// Waits for a hint that was not noticed yet.
    pub(crate) async fn next(&mut self) -> Origin {
        if self.0.changed().await.is_err() {
            // Nobody is left who could give one.
            std::future::pending().await
        }
        *self.0.borrow_and_update()
    }
}

/// Passes on what the database tells, for ever.
pub(crate) async fn listen(listener: Listener, hinter: Hinter) -> Infallible {
    let heard = move |heard| match heard {
        Heard::Hint => hinter.hint(Origin::Notified),
        Heard::Listening => {
            metrics::listening(true);
            tracing::info!("listening for hints");
            // What was hinted at meanwhile has not been heard.
            hinter.hint(Origin::Notified);
        }
        Heard::Lost(loss) => {
            metrics::listening(false);
            tracing::warn!(error = %loss, "no hints are heard, looking at intervals");
        }
    };
    listener.run(heard).await
}
