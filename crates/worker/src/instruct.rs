//! Following an instruction of the `sendstate` command: release what is held aside, or work messages out again.
//!
//! Both are idempotent: what is settled or done is recognised by its row. An instruction that cannot be followed ends with
//! a note of that where people look; nothing is lost with an instruction, it can be given again.

use crate::flow::LaneContext;
use crate::metrics::{self, Replays};
use crate::now;
use crate::persist::{Away, Patience, persist};
use crate::read;
use crate::replay::{self, Part};
use crate::sources::Sources;
use store::quarantine::{self, Stored};
use store::{Fault, Pool, StoreError};
use wire::envelope::Instruction;

/// What is noted of a release that was begun again and again and never finished.
const NEVER_FINISHED: &str = "never_finished: releasing it was begun again and again and never finished";

/// Does what is asked.
///
/// # Errors
/// [`Away`]: the database did not take it within the patience.
pub(crate) async fn follow(
    context: &LaneContext,
    sources: &mut Sources,
    instruction: &Instruction,
    patience: &mut Patience,
) -> Result<(), Away> {
    loop {
        let outcome = match instruction {
            Instruction::Release { quarantine } => find(&context.pool, sources, *quarantine).await,
            Instruction::Replay { replay, part, messages } => {
                work_out(context, Part { replay: *replay, part: *part, messages }).await.map(|()| None)
            }
        };
        match outcome {
            Ok(None) => return Ok(()),
            Ok(Some(held)) => {
                let source = sources.get(held.source_id).cloned();
                let batches = vec![read::released(held, source.as_ref())];
                return persist(&context.pool, &context.owed, batches, patience).await;
            }
            Err(error) => patience.after(error).await?,
        }
    }
}

/// Notes that what is asked cannot be done.
///
/// # Errors
/// As [`follow`].
pub(crate) async fn give_up(
    context: &LaneContext,
    instruction: &Instruction,
    patience: &mut Patience,
) -> Result<(), Away> {
    while let Err(error) = note(&context.pool, instruction).await {
        patience.after(error).await?;
    }
    Ok(())
}

async fn note(pool: &Pool, instruction: &Instruction) -> Result<(), StoreError> {
    match instruction {
        Instruction::Release { quarantine } => {
            quarantine::refuse(&pool.get().await?, *quarantine, NEVER_FINISHED, now()).await
        }
        Instruction::Replay { replay, part, messages } => {
            replay::give_up(pool, Part { replay: *replay, part: *part, messages }).await
        }
    }
}

/// What is to be released, with its source made known.
async fn find(pool: &Pool, sources: &mut Sources, id: i64) -> Result<Option<Stored>, StoreError> {
    let held = quarantine::find_held(&pool.get().await?, id).await?;
    match &held {
        Some(held) => sources.refresh(pool, &[held.source_id]).await?,
        None => tracing::info!(quarantine.id = id, "nothing to release: it is settled, or was never there"),
    }
    Ok(held)
}

async fn work_out(context: &LaneContext, part: Part<'_>) -> Result<(), StoreError> {
    match replay::apply(&context.pool, part, now()).await {
        Ok(Some(done)) => {
            context.owed.note(done.deliveries);
            let replayed = done.replayed;
            metrics::replayed(Replays::Changed, replayed.changed);
            metrics::replayed(Replays::LeftAlone, replayed.left_alone);
            metrics::replayed(Replays::Unchanged, replayed.messages - replayed.changed - replayed.left_alone);
            metrics::concluded(&done.counts, done.deliveries);
            Ok(())
        }
        Ok(None) => {
            tracing::info!(
                replay = part.replay,
                part = part.part,
                "nothing to work out: done before, or nobody asks"
            );
            Ok(())
        }
        Err(error) if error.fault() == Fault::Data => {
            let sqlstate = error.sqlstate();
            tracing::error!(
                replay = part.replay,
                part = part.part,
                sqlstate,
                "the database refuses what was worked out, messages stay as they are"
            );
            replay::give_up(&context.pool, part).await
        }
        Err(error) => Err(error),
    }
}
