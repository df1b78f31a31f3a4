//! How long a replay goes on: until its time is over, or somebody stops it.

use std::time::Duration;
use tokio::time::{Instant, sleep_until, timeout};
use tokio_util::sync::CancellationToken;

/// Why it ended before it was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Over {
    /// After this long.
    TimedOut(Duration),
    /// By Ctrl-C or SIGTERM.
    Stopped,
}

pub(super) struct Until {
    wait: Duration,
    deadline: Instant,
    stop: CancellationToken,
}

impl Until {
    pub(super) fn new(wait: Duration, stop: CancellationToken) -> Self {
        Self { wait, deadline: Instant::now() + wait, stop }
    }

    pub(super) fn passed(&self) -> Option<Over> {
        if self.stop.is_cancelled() {
            return Some(Over::Stopped);
        }
        (Instant::now() >= self.deadline).then_some(Over::TimedOut(self.wait))
    }

    /// Waits until it is over.
    pub(super) async fn over(&self) -> Over {
        tokio::select! {
            biased;
            () = self.stop.cancelled() => Over::Stopped,
            () = sleep_until(self.deadline) => Over::TimedOut(self.wait),
        }
    }

    /// Waits this long, unless it is over before.
    pub(super) async fn over_within(&self, longest: Duration) -> Option<Over> {
        timeout(longest, self.over()).await.ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn it_is_over_when_the_time_is_or_somebody_stops_it() {
        let (hour, stop) = (Duration::from_secs(3_600), CancellationToken::new());
        let until = Until::new(hour, stop.clone());
        assert_eq!((until.passed(), until.over_within(Duration::ZERO).await), (None, None));
        stop.cancel();
        assert_eq!((until.passed(), until.over().await), (Some(Over::Stopped), Over::Stopped));
        let until = Until::new(Duration::ZERO, CancellationToken::new());
        assert_eq!(until.passed(), Some(Over::TimedOut(Duration::ZERO)));
        assert_eq!(until.over().await, Over::TimedOut(Duration::ZERO));
    }
}
