//! Following an instruction of the `sendstate` command: release what is held aside, or work messages out again.
//!
//! Both are idempotent: what is settled or done is recognised by its row. An instruction that the database refuses for
//! its data ends with a note of that where people look; nothing is lost with an instruction, it can be given again.

use crate::flow::LaneContext;
use crate::metrics::{self, Replays};
use crate::now;
use crate::persist::{Away, Patience, persist};
use crate::read;
use crate::replay::{self, Part};
use crate::sources::Sources;
use domain::SourceId;
use store::{Fault, Pool, StoreError, quarantine};
use wire::envelope::Instruction;

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
    match instruction {
        Instruction::Release { quarantine } => release(&context.pool, sources, *quarantine, patience).await,
        Instruction::Replay { replay, part, messages } => {
            let part = Part { replay: *replay, part: *part, messages };
            loop {
                match work_out(&context.pool, sources, part).await {
                    Ok(()) => return Ok(()),
                    Err(error) => patience.after(error).await?,
                }
            }
        }
    }
}

async fn release(pool: &Pool, sources: &mut Sources, id: i64, patience: &mut Patience) -> Result<(), Away> {
    let taken = loop {
        match find(pool, sources, id).await {
            Ok(taken) => break taken,
            Err(error) => patience.after(error).await?,
        }
    };
    let Some(taken) = taken else {
        tracing::info!(quarantine.id = id, "nothing to release: it is settled, or was never there");
        return Ok(());
    };
    let source = sources.get(taken.source_id).cloned();
    persist(pool, vec![read::released(taken, source.as_ref())], patience).await
}

/// What is held, with its source made known.
async fn find(pool: &Pool, sources: &mut Sources, id: i64) -> Result<Option<quarantine::Taken>, StoreError> {
    let taken = quarantine::find_held(&pool.get().await?, id).await?;
    if let Some(taken) = &taken {
        sources.refresh(pool, &[taken.source_id]).await?;
    }
    Ok(taken)
}

async fn work_out(pool: &Pool, sources: &mut Sources, part: Part<'_>) -> Result<(), StoreError> {
    let Some(SourceId(id)) = store::replay::source(&pool.get().await?, part.replay).await? else {
        tracing::warn!(replay = part.replay, "nobody has asked for this replay, passed over");
        return Ok(());
    };
    sources.refresh(pool, &[id]).await?;
    let Some(source) = sources.get(id) else {
        tracing::warn!(
            replay = part.replay,
            "the source of this replay is gone, its messages stay as they are"
        );
        return replay::give_up(pool, part).await;
    };
    match replay::apply(pool, part, (SourceId(id), source), now()).await {
        Ok(Some(done)) => {
            metrics::replayed(Replays::Changed, done.changed);
            metrics::replayed(Replays::LeftAlone, done.left_alone);
            metrics::replayed(Replays::Unchanged, done.messages - done.changed - done.left_alone);
            Ok(())
        }
        Ok(None) => Ok(()),
        Err(error) if error.fault() == Fault::Data => {
            let (replay, number) = (part.replay, part.part);
            let sqlstate = error.sqlstate();
            tracing::error!(
                replay,
                part = number,
                sqlstate,
                "the database refuses what was worked out, messages stay as they are"
            );
            replay::give_up(pool, part).await
        }
        Err(error) => Err(error),
    }
}
