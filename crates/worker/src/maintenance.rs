//! Upkeep that must go on while anybody works: day partitions ready ahead of time, and old notes of beginnings gone.
//!
//! Every worker tries; the database lets one at a time through. With nobody trying for days nothing is lost: rows go to
//! the DEFAULT partitions.

use crate::now;
use jiff::SignedDuration;
use std::time::Duration;
use store::batch::{day, forget_starts_before};
use store::{Pool, StoreError, partition};
use tokio_util::sync::CancellationToken;

/// Partitions are ready three days ahead, so an hour is soon enough.
const EVERY: Duration = Duration::from_secs(3600);
/// After a failure, e.g. a lock that could not be had in time.
const AGAIN: Duration = Duration::from_secs(60);

/// A note of a beginning that is older concerns a batch that will not come again.
const NOTES_KEPT: SignedDuration = SignedDuration::from_hours(24 * 30);

/// Keeps partitions ready until `shutdown`.
pub(crate) async fn run(pool: Pool, shutdown: CancellationToken) {
    loop {
        let pause = match keep(&pool).await {
            Ok(made) => {
                if made > 0 {
                    tracing::info!(made, "made day partitions");
                }
                EVERY
            }
            Err(error) => {
                tracing::warn!(error = error.summary(), "day partitions could not be looked after");
                AGAIN
            }
        };
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = tokio::time::sleep(pause) => {}
        }
    }
}

async fn keep(pool: &Pool) -> Result<i32, StoreError> {
    let client = pool.get().await?;
    forget_starts_before(&client, now() - NOTES_KEPT).await?;
    partition::keep(&client, day(now())).await
}
