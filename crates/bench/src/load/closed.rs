//! As fast as answers come: each connection sends its next POST when the one before is answered.

use super::histogram::note;
use super::{Connection, Histogram, Posts, Target, histogram};
use anyhow::Result;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

/// What a load came to.
pub(crate) struct Sent {
    pub(crate) elapsed: Duration,
    /// From sending to the answer.
    pub(crate) latencies: Histogram,
}

/// Sends every POST once, over so many connections.
///
/// # Errors
/// When one is not answered 204.
pub(crate) async fn closed(target: &Target, posts: &Arc<Posts>, connections: usize) -> Result<Sent> {
    let next = Arc::new(AtomicUsize::new(0));
    let mut tasks = JoinSet::new();
    let mut opened = Vec::new();
    for _ in 0..connections {
        opened.push(Connection::open(target).await?);
    }
    let began = Instant::now();
    for mut connection in opened {
        let (next, posts) = (Arc::clone(&next), Arc::clone(posts));
        tasks.spawn(async move {
            let mut latencies = histogram();
            while let Some(post) = posts.get(next.fetch_add(1, Ordering::Relaxed)) {
                let sent = Instant::now();
                connection.post(post).await?;
                note(&mut latencies, sent.elapsed());
            }
            anyhow::Ok(latencies)
        });
    }
    let mut latencies = histogram();
    while let Some(ended) = tasks.join_next().await {
        latencies.add(ended??)?;
    }
    Ok(Sent { elapsed: began.elapsed(), latencies })
}
