//! Hints to dispatchers that deliveries have become due: `store::hint` tells the protocol.
//!
//! Whoever has committed deliveries notes it; one task sends, at once and then at most one hint in each [`APART`] for whatever
//! was committed meanwhile, and one more at the process's end. Nobody waits for it. A hint that cannot be sent is let go:
//! dispatchers look at intervals.

use crate::metrics::{self, Hinted};
use queue::Backoff;
use std::sync::Arc;
use std::time::Duration;
use store::hint::APART;
use store::{Pool, StoreError};
use tokio::sync::Notify;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

/// Least time before another one after one that could not be sent, and the longest.
const FAILING: Duration = Duration::from_millis(100);
const FAILING_MAX: Duration = Duration::from_secs(5);
/// Longest time that the process's end waits for the last hint.
const LAST: Duration = Duration::from_secs(1);

/// Where it is noted that deliveries were committed. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct Owed(Arc<Notify>);

impl Owed {
    /// To be called after the commit: a dispatcher that looks before it finds nothing.
    pub fn note(&self, deliveries: u64) {
        if deliveries > 0 {
            self.0.notify_one();
        }
    }
}

/// Sends hints until `ending`, and then a last one: nobody may have been told of what the lanes committed while they drained.
pub(crate) async fn run(pool: Pool, owed: Owed, ending: CancellationToken) {
    let send = || {
        let pool = pool.clone();
        async move { store::hint::send(&pool.get().await?).await }
    };
    ending.run_until_cancelled(tell(&owed, send)).await;
    let sent = timeout(LAST, send()).await;
    metrics::hinted(if matches!(sent, Ok(Ok(()))) { Hinted::Sent } else { Hinted::Failed });
}

async fn tell<S>(owed: &Owed, mut send: impl FnMut() -> S)
where
    S: Future<Output = Result<(), StoreError>>,
{
    let mut backoff = Backoff::new(FAILING, FAILING_MAX);
    let mut failing = false;
    loop {
        owed.0.notified().await;
        let pause = match send().await {
            Ok(()) => {
                metrics::hinted(Hinted::Sent);
                if std::mem::take(&mut failing) {
                    tracing::info!("hints to dispatchers can be sent again");
                }
                backoff.reset();
                APART
            }
            Err(error) => {
                metrics::hinted(Hinted::Failed);
                if !std::mem::replace(&mut failing, true) {
                    let error = error.summary();
                    tracing::warn!(error, "no hint can be sent to dispatchers, they look at intervals");
                }
                backoff.next_wait()
            }
        };
        sleep(pause).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;
    use tokio::time::Instant;

    /// Commits deliveries at these times and returns when hints were sent, in milliseconds.
    async fn sent_at(commits: &[u64], sends: impl Fn() -> Result<(), StoreError>) -> Vec<u128> {
        let (owed, began, sent) = (Owed::default(), Instant::now(), Mutex::new(Vec::new()));
        let telling = tell(&owed, || {
            sent.lock().unwrap().push(began.elapsed().as_millis());
            let sends = sends();
            async { sends }
        });
        let committing = async {
            for at in commits {
                tokio::time::sleep_until(began + Duration::from_millis(*at)).await;
                owed.note(3);
            }
            std::future::pending::<()>().await;
        };
        let both = async { tokio::join!(telling, committing) };
        assert!(timeout(Duration::from_secs(60), both).await.is_err(), "it ends only with the process");
        sent.into_inner().unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn the_first_hint_is_sent_at_once_and_what_comes_meanwhile_shares_the_next() {
        assert_eq!(sent_at(&[10, 11, 12, 14, 40], || Ok(())).await, [10, 15, 40]);
    }

    #[tokio::test(start_paused = true)]
    async fn commits_without_end_send_no_more_than_one_hint_in_each_interval() {
        let commits: Vec<u64> = (0..1_000).collect();
        let sent = sent_at(&commits, || Ok(())).await;
        assert_eq!(sent.len(), 1_000 / 5 + 1);
        assert!(sent.windows(2).all(|two| two[1] - two[0] >= 5), "{sent:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_database_that_takes_no_hint_is_asked_ever_more_rarely() {
        let commits: Vec<u64> = (0..59_000).step_by(10).collect();
        let sent = sent_at(&commits, || Err(StoreError::Contradiction("as the test wants"))).await;
        let waits: Vec<u128> = sent.windows(2).map(|two| two[1] - two[0]).collect();
        assert!(waits.iter().all(|wait| *wait >= FAILING.as_millis() / 2), "{waits:?}");
        // Between half and all of 5 s from the seventh on.
        assert!((17..=35).contains(&sent.len()), "{}", sent.len());
    }

    #[tokio::test(start_paused = true)]
    async fn a_commit_that_owes_nothing_sends_nothing() {
        let owed = Owed::default();
        owed.note(0);
        let telling = tell(&owed, || async { panic!("nothing is due") });
        assert!(timeout(Duration::from_secs(60), telling).await.is_err());
    }
}
