//! Getting batches into the database whatever it takes, for as long as it is worth waiting in place.
//!
//! A conflict with another transaction is retried always; a fault of the data goes to `isolate`; anything else
//! is retried with growing waits until the patience ends. Then [`Away`] tells the caller to give its batches back: a
//! delivery is never held until the broker's own timeout.

use crate::apply::{Applied, Intent, apply};
use crate::batch::Batch;
use crate::hint::Owed;
use crate::metrics::{self, Retry};
use crate::{isolate, now};
use queue::Backoff;
use std::time::{Duration, Instant};
use store::{Fault, Pool, StoreError};
use tokio_util::sync::CancellationToken;

/// First wait before a retry, and the longest.
const RETRY_FIRST: Duration = Duration::from_millis(20);
const RETRY_LONGEST: Duration = Duration::from_secs(2);

/// The database did not take the batches within the patience; the last error says why.
#[derive(Debug, thiserror::Error)]
#[error("the database did not take a window in time")]
pub struct Away(#[source] pub StoreError);

/// Applies batches, waiting out what passes.
///
/// # Errors
/// [`Away`]; some of the batches may have been committed, which applying them again will find.
pub async fn persist(
    pool: &Pool,
    owed: &Owed,
    mut batches: Vec<Batch>,
    patience: &mut Patience,
) -> Result<(), Away> {
    loop {
        match attempt(pool, &mut batches).await {
            Ok(applied) => {
                owed.note(applied.deliveries);
                metrics::applied(&applied);
                return Ok(());
            }
            Err(error) => patience.after(error).await?,
        }
    }
}

async fn attempt(pool: &Pool, batches: &mut [Batch]) -> Result<Applied, StoreError> {
    let window: Vec<&Batch> = batches.iter().collect();
    match apply(pool, &window, Intent::Commit, now()).await {
        Err(error) if error.fault() == Fault::Data => {
            tracing::warn!(
                sqlstate = error.sqlstate(),
                "the database refuses a window for its data, isolating"
            );
            metrics::retried(Retry::Data);
            isolate::apply_around(pool, batches, now()).await
        }
        outcome => outcome,
    }
}

/// How long to go on trying with the database, counted from the beginning of a window.
pub struct Patience {
    began: Instant,
    limit: Duration,
    backoff: Backoff,
    /// Ends it at once: what is asked to stop does not wait for what may not come.
    shutdown: CancellationToken,
}

impl Patience {
    #[must_use]
    pub fn new(limit: Duration, shutdown: CancellationToken) -> Self {
        let backoff = Backoff::new(RETRY_FIRST, RETRY_LONGEST);
        Self { began: Instant::now(), limit, backoff, shutdown }
    }

    /// As much patience again, for what comes next.
    #[must_use]
    pub fn renewed(&self) -> Self {
        Self::new(self.limit, self.shutdown.clone())
    }

    /// Waits before the next try after a failed one.
    ///
    /// # Errors
    /// [`Away`] with the failure when there is no patience left.
    pub async fn after(&mut self, failure: StoreError) -> Result<(), Away> {
        let conflict = failure.is_conflict();
        // Whoever was in the way has ended: a conflict is retried always.
        let patient = conflict || self.began.elapsed() < self.limit;
        if !patient || self.shutdown.is_cancelled() {
            return Err(Away(failure));
        }
        // Waits grow also after conflicts: who comes back at once takes back the rows that the other still needs.
        if conflict {
            metrics::retried(Retry::Conflict);
        } else {
            metrics::retried(Retry::Environment);
            tracing::warn!(error = failure.summary(), "the database does not answer as it should, waiting");
        }
        let wait = tokio::time::sleep(self.backoff.next_wait());
        self.shutdown.run_until_cancelled(wait).await;
        Ok(())
    }
}
