//! The one place where ingest reads the database: public data of sources, through one view, as its own role.

use std::time::Duration;
use store::source::{ListedSource, listed};
use store::{Client, Pool, StoreError};
use tokio::time::timeout;

/// Longest wait for the answer. The server's own statement timeout is shorter; this one is for a peer that fell silent.
pub(super) const PATIENCE: Duration = Duration::from_secs(3);

/// The list could not be read; the one in memory stays.
#[derive(Debug, thiserror::Error)]
pub(super) enum FetchError {
    #[error("{}", .0.summary())]
    Store(#[from] StoreError),
    #[error("the database did not answer in time")]
    Silent,
}

/// Every source, in the view's own words.
pub(super) async fn fetch(pool: &Pool) -> Result<Vec<ListedSource>, FetchError> {
    let client = pool.get().await?;
    if let Ok(sources) = timeout(PATIENCE, listed(&client)).await {
        return Ok(sources?);
    }
    // A connection whose answer is still owed must not go back to the pool: the next statement would wait behind it.
    drop(Client::take(client));
    Err(FetchError::Silent)
}
