//! At a rate that answers do not set: every POST has its time, and what is late counts from that time.
//!
//! A closed loop would send less while the system stalls and so leave out the very moments it should show (coordinated
//! omission). Here a stall delays what follows it, and that delay is measured.

use super::{Connection, Posts, Target};
use anyhow::{Result, ensure};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use tokio::task::JoinSet;
use tokio::time::{sleep_until, timeout_at};

/// Enough that POSTs wait for ingest and not for a connection.
const CONNECTIONS: usize = 32;
/// Longest time that a run may be behind its schedule.
const PATIENCE: Duration = Duration::from_secs(60);

/// Sends POST number `i` at `first` plus `i` times `gap`; returns when all are answered.
///
/// # Errors
/// When one is not answered 204, or the run falls behind by a minute.
pub(crate) async fn open(target: &Target, posts: &Arc<Posts>, first: Instant, gap: Duration) -> Result<()> {
    let next = Arc::new(AtomicUsize::new(0));
    let end = first + gap * u32::try_from(posts.len())? + PATIENCE;
    let mut tasks = JoinSet::new();
    for _ in 0..CONNECTIONS {
        let mut connection = Connection::open(target).await?;
        let (next, posts) = (Arc::clone(&next), Arc::clone(posts));
        tasks.spawn(async move {
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                let Some(post) = posts.get(number) else { return anyhow::Ok(()) };
                sleep_until((first + gap * u32::try_from(number)?).into()).await;
                connection.post(post).await?;
            }
        });
    }
    let all = async {
        while let Some(ended) = tasks.join_next().await {
            ended??;
        }
        anyhow::Ok(())
    };
    let ended = timeout_at(end.into(), all).await;
    ensure!(ended.is_ok(), "the load could not be sent at its rate");
    ended?
}
