//! The task that reads the list: every few seconds, and sooner when a request asked for a path that is not in it.
//!
//! Owns the list, the snapshot file and the condition `sources`. It only ends when it is told to.

use super::database::{self, FetchError};
use super::list::SourceList;
use super::{Origin, Shared, snapshot};
use crate::metrics::{self, Refresh, SnapshotWrite};
use jiff::{SignedDuration, Timestamp};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use store::source::ListedSource;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

/// Shortest time from the beginning of one reading to a demanded next one: unknown paths cost the database one
/// statement a second, however many there are.
const DEMAND_PAUSE: Duration = Duration::from_secs(1);

/// An unchanged list is written again after this long, so that a start from the file knows a recent age.
const REWRITE_AFTER: SignedDuration = SignedDuration::from_mins(1);

/// See the module.
pub(crate) struct Refresher {
    shared: Arc<Shared>,
    finish: watch::Sender<u64>,
    origin: Origin,
    /// `confirmed_at` of the list in the file, as far as this process knows.
    written: Option<Timestamp>,
    /// What went wrong last time is not logged again each time.
    fetch_failing: bool,
    write_failing: bool,
}

impl Refresher {
    pub(super) fn new(shared: Arc<Shared>, finish: watch::Sender<u64>, origin: Origin) -> Self {
        Self { shared, finish, origin, written: None, fetch_failing: false, write_failing: false }
    }

    /// Reads the list again and again until `shutdown`.
    pub(crate) async fn run(mut self, shutdown: CancellationToken) {
        let refreshing = async {
            loop {
                let begun = Instant::now();
                let reading = self.shared.begun.fetch_add(1, Ordering::SeqCst) + 1;
                self.refresh().await;
                self.finish.send_replace(reading);
                let demanded = async {
                    self.shared.demanded.notified().await;
                    sleep_until(begun + DEMAND_PAUSE).await;
                };
                tokio::select! {
                    () = sleep_until(begun + self.origin.every) => {}
                    // A demand that is lost because the regular time came first is served by that reading.
                    () = demanded => {}
                }
            }
        };
        shutdown.run_until_cancelled(refreshing).await;
    }

    async fn refresh(&mut self) {
        match database::fetch(&self.origin.pool).await {
            Ok(listed) => self.take(listed).await,
            Err(error) => self.do_without(&error).await,
        }
        let now = now();
        let age = |since: Timestamp| now.duration_since(since);
        let list = self.shared.list.load();
        metrics::ages(list.as_ref().map(|list| age(list.confirmed_at())), self.written.map(age));
    }

    async fn take(&mut self, listed: Vec<ListedSource>) {
        if std::mem::take(&mut self.fetch_failing) {
            tracing::info!("the list of sources can be read again");
        }
        let before = self.shared.list.load_full();
        let list = Arc::new(SourceList::new(listed, now(), before.as_deref()));
        let same = before.is_some_and(|before| before.agrees(&list));
        self.put(Arc::clone(&list));
        metrics::refreshed(if same { Refresh::Unchanged } else { Refresh::Changed });
        if !same {
            tracing::info!(sources = list.len(), "the list of sources has changed");
        }
        self.keep(&list, same).await;
    }

    /// The database is away: the list stays, or the snapshot takes its place if there is none.
    async fn do_without(&mut self, error: &FetchError) {
        metrics::refreshed(Refresh::Failed);
        if !std::mem::replace(&mut self.fetch_failing, true) {
            tracing::warn!(%error, "the list of sources cannot be read");
        }
        if self.shared.list.load().is_some() {
            return;
        }
        let Some((listed, confirmed_at)) = self.recall().await else {
            self.origin.condition.unmet("no list of sources: the database is away and there is no snapshot");
            return;
        };
        let list = Arc::new(SourceList::new(listed, confirmed_at, None));
        self.written = Some(confirmed_at);
        tracing::warn!(sources = list.len(), %confirmed_at, "going on with the snapshot's list of sources");
        self.put(list);
    }

    fn put(&mut self, list: Arc<SourceList>) {
        metrics::sources(list.len());
        // Before the list is in force, so that nobody is told that the process is ready for it when it is not.
        self.origin.tokens.judge(list.asking());
        self.shared.list.store(Some(list));
        self.origin.condition.met();
    }

    async fn recall(&self) -> Option<(Vec<ListedSource>, Timestamp)> {
        let path = self.origin.snapshot.clone()?;
        // No answer when the process is ending: then the runtime drops what has not begun.
        match tokio::task::spawn_blocking(move || snapshot::read(&path)).await.ok()? {
            Ok(found) => found,
            Err(error) => {
                let error = &error as &dyn std::error::Error;
                tracing::error!(error, "the snapshot counts as none");
                None
            }
        }
    }

    async fn keep(&mut self, list: &Arc<SourceList>, same: bool) {
        let Some(path) = self.origin.snapshot.clone() else { return };
        let recent =
            self.written.is_some_and(|written| list.confirmed_at().duration_since(written) < REWRITE_AFTER);
        if same && recent {
            return;
        }
        let kept = Arc::clone(list);
        let write = move || snapshot::write(&path, &kept.listed(), kept.confirmed_at());
        // As above. The file of before stays, which is whole.
        let Ok(written) = tokio::task::spawn_blocking(write).await else { return };
        match written {
            Ok(()) => {
                metrics::snapshot_written(SnapshotWrite::Written);
                self.written = Some(list.confirmed_at());
                self.write_failing = false;
            }
            Err(error) => {
                metrics::snapshot_written(SnapshotWrite::Failed);
                if !std::mem::replace(&mut self.write_failing, true) {
                    tracing::error!(%error, "the snapshot cannot be written: without the database no restart");
                }
            }
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "the process's edge: when the database gave the list")]
fn now() -> Timestamp {
    Timestamp::now()
}
