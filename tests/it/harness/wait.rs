//! Waiting on a condition, with a deadline and the last state seen.

use std::time::Duration;
use tokio::time::{Instant, sleep, timeout_at};

/// Longer than anything takes on a slow and busy machine; reaching it is a failure.
pub(crate) const DEADLINE: Duration = Duration::from_secs(60);

const INTERVAL: Duration = Duration::from_millis(25);

/// Looks until the condition holds, and returns what it found.
///
/// # Panics
/// When the deadline passes; says what was seen last.
pub(crate) async fn wait_for<T>(
    what: &str,
    deadline: Duration,
    mut look: impl AsyncFnMut() -> Result<T, String>,
) -> T {
    let end = Instant::now() + deadline;
    let mut last = "nothing".to_owned();
    loop {
        match timeout_at(end, look()).await {
            Ok(Ok(found)) => return found,
            Ok(Err(seen)) => last = seen,
            Err(_) => panic!("waited {deadline:?} for {what}; a look did not end; last seen: {last}"),
        }
        assert!(Instant::now() < end, "waited {deadline:?} for {what}; last seen: {last}");
        sleep(INTERVAL).await;
    }
}
