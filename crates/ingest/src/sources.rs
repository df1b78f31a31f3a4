//! The list of sources: read from the database beside the requests, kept in a file for the next start.
//!
//! A request only ever looks at the list in memory. Asking for a path that is not in it waits for one reading that
//! began after the request did, shared by everybody who waits, at most one per second: a source that was added before
//! its first POST is found by it. Whoever asks for random paths so keeps a connection waiting and nothing else: no
//! body is read, no room is held, and those who wait are as many as the listener lets connect. With the database away
//! the last list stays in force, however old; its age is a metric. Without any list nothing is answered but 503.

mod database;
mod list;
mod refresh;
mod snapshot;

pub(crate) use list::{Source, Verification};

use crate::answer::Refusal;
use crate::oauth::TokensCondition;
use arc_swap::ArcSwapOption;
use list::SourceList;
use refresh::Refresher;
use service::health::Condition;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use store::Pool;
use tokio::sync::{Notify, watch};
use tokio::time::timeout;

/// Longest wait of a request for a reading. With a healthy database the pause between two readings is all of it. With
/// a silent one the reading under way and the next may each take longer than half of this, a connection and a
/// statement to wait for; then the list in memory decides.
const RENEWAL_PATIENCE: Duration = Duration::from_secs(8);

/// The list as requests see it. Cheap to clone, shares all of it.
#[derive(Clone)]
pub(crate) struct Sources {
    shared: Arc<Shared>,
    finished: watch::Receiver<u64>,
}

/// Between requests and the task that refreshes.
struct Shared {
    list: ArcSwapOption<SourceList>,
    /// Readings begun so far. A reading is known by the value it raised this to.
    begun: AtomicU64,
    /// Somebody waits for a reading that has not begun yet.
    demanded: Notify,
}

/// Where the list comes from and how often.
pub(crate) struct Origin {
    pub(crate) pool: Pool,
    pub(crate) snapshot: Option<PathBuf>,
    pub(crate) every: Duration,
    /// Met as long as there is a list.
    pub(crate) condition: Condition,
    /// Judged by each list.
    pub(crate) tokens: TokensCondition,
}

impl Sources {
    /// The list, empty-handed until the refresher runs.
    pub(crate) fn new(origin: Origin) -> (Self, Refresher) {
        let list = ArcSwapOption::empty();
        let shared = Arc::new(Shared { list, begun: AtomicU64::new(0), demanded: Notify::new() });
        let (finish, finished) = watch::channel(0);
        (Self { shared: Arc::clone(&shared), finished }, Refresher::new(shared, finish, origin))
    }

    /// The source with this path.
    ///
    /// # Errors
    ///
    /// [`Refusal::NoSources`] without a list; [`Refusal::UnknownSource`] if it is not there after a fresh reading,
    /// or if none could be had.
    pub(crate) async fn find(&self, path: &str) -> Result<Arc<Source>, Refusal> {
        if let Some(source) = self.listed(path)? {
            return Ok(source);
        }
        self.find_renewed(path).await
    }

    /// The source as it is after a fresh reading, or as it was if none could be had.
    ///
    /// # Errors
    ///
    /// As [`Self::find`].
    pub(crate) async fn find_renewed(&self, path: &str) -> Result<Arc<Source>, Refusal> {
        self.renewed().await;
        self.listed(path)?.ok_or(Refusal::UnknownSource)
    }

    /// The source whose OAuth client has this id, as far as the list in memory knows.
    ///
    /// # Errors
    ///
    /// [`Refusal::NoSources`] without a list.
    pub(crate) fn client(&self, id: &str) -> Result<Option<Arc<Source>>, Refusal> {
        let list = self.shared.list.load();
        Ok(list.as_ref().ok_or(Refusal::NoSources)?.client(id))
    }

    /// Whether any source asks for tokens.
    pub(crate) fn ask_for_tokens(&self) -> bool {
        self.shared.list.load().as_ref().is_some_and(|list| list.asking() > 0)
    }

    fn listed(&self, path: &str) -> Result<Option<Arc<Source>>, Refusal> {
        let list = self.shared.list.load();
        Ok(list.as_ref().ok_or(Refusal::NoSources)?.find(path))
    }

    /// Waits for a reading that begins after now, or gives up.
    pub(crate) async fn renewed(&self) {
        let before = self.shared.begun.load(Ordering::SeqCst);
        self.shared.demanded.notify_one();
        let mut finished = self.finished.clone();
        // Whether it was in time, failed or never came is seen by looking again.
        drop(timeout(RENEWAL_PATIENCE, finished.wait_for(|reading| *reading > before)).await);
    }
}

/// Writes a snapshot of one source, for tests of whatever starts from it.
#[cfg(test)]
pub(crate) fn keep_for_test(path: &std::path::Path, source: &Source) {
    let list = SourceList::new(vec![source.listed().clone()], jiff::Timestamp::UNIX_EPOCH, None);
    snapshot::write(path, &list.listed(), list.confirmed_at()).unwrap();
}

/// A list that nobody reads again as long as the sender is held: whoever waits for a fresh one waits all of its patience.
#[cfg(test)]
pub(crate) fn stuck_for_test(source: &Source) -> (Sources, watch::Sender<u64>) {
    let list = SourceList::new(vec![source.listed().clone()], jiff::Timestamp::UNIX_EPOCH, None);
    let list = ArcSwapOption::from_pointee(list);
    let (finish, finished) = watch::channel(0);
    let shared = Arc::new(Shared { list, begun: AtomicU64::new(0), demanded: Notify::new() });
    (Sources { shared, finished }, finish)
}

#[cfg(test)]
mod tests;
