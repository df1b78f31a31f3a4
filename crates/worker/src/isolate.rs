//! A window that the database refuses for its data: find the culprits, set them aside, let their neighbours commit.
//!
//! Only a fault of the data ([`store::Fault::Data`]) comes here. Windows are halved down to batches, a batch is tried in
//! parts that are rolled back, down to single elements: about 2·k·log₂(n) trials for k culprits among n elements. A batch
//! that takes more than [`TRIALS_MAX`], or that is refused without any of its elements, is kept whole. So this always ends,
//! and a fault of the data never goes back to the caller, who would wait for it to pass.
//! Anything else that goes wrong on the way is returned, and the caller retries the whole window.

use crate::apply::{Applied, Intent, apply};
use crate::batch::{Batch, Content, Element};
use crate::metrics;
use jiff::Timestamp;
use store::{Fault, Pool, StoreError};

/// Reason in the quarantine.
pub(crate) const REFUSED: &str = "refused_by_database";

/// Trials of one batch before it is kept whole: a hundred culprits among the most elements a batch may have, some seconds.
const TRIALS_MAX: usize = 4_000;

/// Applies batches of which at least one is refused, in as few transactions as that takes.
///
/// # Errors
/// A fault of the environment. Batches committed before it stay; applying them again changes nothing.
pub(crate) async fn apply_around(
    pool: &Pool,
    batches: &mut [Batch],
    now: Timestamp,
) -> Result<Applied, StoreError> {
    let mut applied = Applied::default();
    // Halves still to be tried, first one last; depth is bounded by log₂ of the window.
    let mut left = vec![batches];
    while let Some(part) = left.pop() {
        let attempt = apply(pool, &part.iter().collect::<Vec<_>>(), Intent::Commit, now).await;
        match attempt {
            Ok(done) => applied = applied.plus(done),
            Err(error) if error.fault() == Fault::Environment => return Err(error),
            Err(_) if part.len() > 1 => {
                let (first, second) = part.split_at_mut(part.len() / 2);
                left.push(second);
                left.push(first);
            }
            Err(_) => {
                for batch in part {
                    applied = applied.plus(apply_alone(pool, batch, now).await?);
                }
            }
        }
    }
    Ok(applied)
}

async fn apply_alone(pool: &Pool, batch: &mut Batch, now: Timestamp) -> Result<Applied, StoreError> {
    set_culprits_aside(pool, batch, now).await?;
    match apply(pool, &[batch], Intent::Commit, now).await {
        Err(error) if error.fault() == Fault::Data => {
            tracing::error!(batch.id = %batch.claim.id, sqlstate = error.sqlstate(), "a batch is refused as a whole");
            batch.keep_whole(REFUSED, format!("the database refused it: {}", error.summary()));
            apply(pool, &[batch], Intent::Commit, now).await
        }
        outcome => outcome,
    }
}

async fn set_culprits_aside(pool: &Pool, batch: &mut Batch, now: Timestamp) -> Result<(), StoreError> {
    let ordinals: Vec<i32> = batch.events().map(|event| event.row.ordinal).collect();
    let mut refused = Vec::new();
    let mut left = vec![ordinals];
    left.retain(|part| !part.is_empty());
    let mut trials = 0;
    while let Some(mut part) = left.pop() {
        trials += 1;
        if trials > TRIALS_MAX {
            let detail =
                format!("not told apart within {TRIALS_MAX} trials; {} refused so far", refused.len());
            batch.keep_whole(REFUSED, detail);
            return Ok(());
        }
        match try_only(pool, batch, &part, now).await {
            Ok(()) => {}
            Err(error) if error.fault() == Fault::Environment => return Err(error),
            Err(error) if part.len() <= 1 => {
                metrics::refused_element();
                let detail = format!("the database refused this element: {}", error.summary());
                refused.extend(part.iter().map(|ordinal| (*ordinal, detail.clone())));
            }
            Err(_) => {
                let second = part.split_off(part.len() / 2);
                left.push(second);
                left.push(part);
            }
        }
    }
    batch.set_aside(&refused);
    Ok(())
}

/// Tries a batch with only some of its events, and takes it back.
async fn try_only(pool: &Pool, batch: &Batch, ordinals: &[i32], now: Timestamp) -> Result<(), StoreError> {
    let elements = batch
        .events()
        .filter(|event| ordinals.binary_search(&event.row.ordinal).is_ok())
        .map(|event| Element::Event(Box::new(event.clone())))
        .collect();
    let (claim, content) = (batch.claim.clone(), Content::Elements(elements));
    let part = Batch { claim, entry: batch.entry, body: batch.body.clone(), noted: false, content };
    apply(pool, &[&part], Intent::Trial, now).await.map(|_| ())
}
