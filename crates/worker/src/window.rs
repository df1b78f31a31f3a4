//! One window of deliveries into the database.
//!
//! A batch that comes again may be the one that killed its worker. It is processed alone, after a committed note that it
//! was begun; after [`STARTS_MAX`] beginnings without an end its bytes go to quarantine unread. An instruction that comes
//! again is noted likewise, and given up where people see it: nothing is lost with it.

use crate::batch::Batch;
use crate::flow::{Lane, LaneContext};
use crate::open::{self, Opened, OpenedBatch, OpenedInstruction};
use crate::persist::{Away, Patience, persist};
use crate::sources::Sources;
use crate::{instruct, metrics, now};
use queue::Window;
use store::{Pool, StoreError};
use uuid::Uuid;

/// How often a batch may be begun without an end before it is no longer read.
const STARTS_MAX: i32 = 3;

/// What is in a window, looked at and not read yet.
pub(crate) struct Contents<'w> {
    first: Vec<OpenedBatch<'w>>,
    /// What came before.
    again: Vec<OpenedBatch<'w>>,
    /// What the `sendstate` command asks for.
    instructions: Vec<OpenedInstruction>,
}

impl<'w> Contents<'w> {
    pub(crate) fn of(window: &'w Window, lane: Lane) -> Self {
        let received = now();
        let mut contents = Self { first: Vec::new(), again: Vec::new(), instructions: Vec::new() };
        for delivery in window.deliveries() {
            match open::open(delivery, received) {
                Opened::Batch(batch) if batch.redelivered && lane == Lane::Batches => {
                    contents.again.push(batch)
                }
                Opened::Batch(batch) => contents.first.push(batch),
                Opened::Instruction(instruction) => contents.instructions.push(instruction),
            }
        }
        contents
    }

    /// Whether it is nothing but batches that come for the first time.
    pub(crate) fn is_ordinary(&self) -> bool {
        self.again.is_empty() && self.instructions.is_empty()
    }

    /// Reads what comes for the first time.
    ///
    /// # Errors
    /// [`Away`]: the database could not be asked for sources.
    pub(crate) async fn read(
        self,
        context: &LaneContext,
        sources: &mut Sources,
        patience: &mut Patience,
    ) -> Result<Vec<Batch>, Away> {
        refresh(context, sources, &self.first, patience).await?;
        Ok(self.first.into_iter().map(|one| one.read(context.lane, sources)).collect())
    }

    /// Brings everything into the database: what comes for the first time together, what comes again one by one, and then
    /// what the `sendstate` command asks for.
    ///
    /// # Errors
    /// [`Away`]: the database did not take all of it. `begun` names the batches whose beginning was noted.
    pub(crate) async fn settle(
        mut self,
        context: &LaneContext,
        sources: &mut Sources,
        mut patience: Patience,
        begun: &mut Vec<Uuid>,
    ) -> Result<(), Away> {
        let (again, instructions) = (std::mem::take(&mut self.again), std::mem::take(&mut self.instructions));
        let _timer = metrics::window(self.first.len() + again.len() + instructions.len());
        let first = self.read(context, sources, &mut patience).await?;
        if !first.is_empty() {
            persist(&context.pool, &context.owed, first, &mut patience).await?;
        }
        for one in again {
            refresh(context, sources, std::slice::from_ref(&one), &mut patience).await?;
            let batch = begin(context, sources, one, &mut patience, begun).await?;
            persist(&context.pool, &context.owed, vec![batch], &mut patience).await?;
        }
        for one in instructions {
            // Each is work of its own, and may rightly take long.
            follow(context, sources, one, &mut patience.renewed(), begun).await?;
        }
        Ok(())
    }
}

async fn refresh(
    context: &LaneContext,
    sources: &mut Sources,
    opened: &[OpenedBatch<'_>],
    patience: &mut Patience,
) -> Result<(), Away> {
    let ids: Vec<i32> = opened.iter().filter_map(OpenedBatch::source).collect();
    while let Err(error) = sources.refresh(&context.pool, &ids).await {
        patience.after(error).await?;
    }
    Ok(())
}

/// Notes the beginning of a batch that came again, and reads it, or not any more.
async fn begin(
    context: &LaneContext,
    sources: &Sources,
    opened: OpenedBatch<'_>,
    patience: &mut Patience,
    begun: &mut Vec<Uuid>,
) -> Result<Batch, Away> {
    let id = opened.claim.id;
    let starts = note_beginning(context, id, patience, begun).await?;
    let batch = if starts <= STARTS_MAX {
        opened.read(context.lane, sources)
    } else {
        tracing::error!(batch.id = %id, starts, "batch was begun and never finished, its bytes go to quarantine");
        let detail = format!("processing it was begun {STARTS_MAX} times and never finished");
        opened.unread("never_finished", detail)
    };
    Ok(Batch { noted: true, ..batch })
}

/// Follows an instruction; one that came again after a beginning is noted, and after too many given up.
async fn follow(
    context: &LaneContext,
    sources: &mut Sources,
    opened: OpenedInstruction,
    patience: &mut Patience,
    begun: &mut Vec<Uuid>,
) -> Result<(), Away> {
    let OpenedInstruction { id, instruction, redelivered } = opened;
    if !redelivered {
        return instruct::follow(context, sources, &instruction, patience).await;
    }
    let starts = note_beginning(context, id, patience, begun).await?;
    if starts > STARTS_MAX {
        tracing::error!(instruction.id = %id, starts, "instruction was begun and never finished, given up");
        instruct::give_up(context, &instruction, patience).await?;
    } else {
        instruct::follow(context, sources, &instruction, patience).await?;
    }
    while let Err(error) = forget_start(&context.pool, id).await {
        patience.after(error).await?;
    }
    Ok(())
}

async fn note_beginning(
    context: &LaneContext,
    id: Uuid,
    patience: &mut Patience,
    begun: &mut Vec<Uuid>,
) -> Result<i32, Away> {
    let starts = loop {
        match note_start(&context.pool, id).await {
            Ok(starts) => break starts,
            Err(error) => patience.after(error).await?,
        }
    };
    begun.push(id);
    Ok(starts)
}

async fn note_start(pool: &Pool, id: Uuid) -> Result<i32, StoreError> {
    store::batch::note_start(&pool.get().await?, id, now()).await
}

async fn forget_start(pool: &Pool, id: Uuid) -> Result<(), StoreError> {
    store::batch::forget_starts(&pool.get().await?, &[id]).await
}
