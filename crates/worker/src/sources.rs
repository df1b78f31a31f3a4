//! Policies of sources by id, for a few seconds.
//!
//! An id that is not known is asked for at once, so a source may be used the moment it was added; one that the database
//! does not know either is told to the caller, which quarantines.

use crate::batch::Source;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};
use store::{Pool, StoreError, source};

/// How long a changed policy may take to be followed: short enough for whoever changes it to see the effect, long enough
/// to cost nothing.
const FRESH_FOR: Duration = Duration::from_secs(5);

#[derive(Default)]
pub(crate) struct Sources {
    known: HashMap<i32, Arc<Source>>,
    asked_at: Option<Instant>,
}

impl Sources {
    /// Makes sure that what can be known of `ids` is known and fresh.
    ///
    /// # Errors
    /// The database could not be asked.
    pub(crate) async fn refresh(&mut self, pool: &Pool, ids: &[i32]) -> Result<(), StoreError> {
        let stale = self.asked_at.is_none_or(|at| at.elapsed() > FRESH_FOR);
        if !stale && ids.iter().all(|id| self.known.contains_key(id)) {
            return Ok(());
        }
        let mut asked: Vec<i32> = self.known.keys().copied().chain(ids.iter().copied()).collect();
        asked.sort_unstable();
        asked.dedup();
        let policies = source::policies(&pool.get().await?, &asked).await?;
        self.known = policies
            .into_iter()
            .map(|(id, policy)| {
                (id, Arc::new(Source { name: policy.name, machine_opens: policy.machine_opens }))
            })
            .collect();
        self.asked_at = Some(Instant::now());
        Ok(())
    }

    pub(crate) fn get(&self, id: i32) -> Option<&Arc<Source>> {
        self.known.get(&id)
    }
}
