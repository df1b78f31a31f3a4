//! `sendstate audit`: the ledger recomputed from stored rows and compared with what the worker wrote.
//!
//! Everything is read in one REPEATABLE READ transaction, so a worker that commits meanwhile cannot make it disagree.
//! Memory is bounded by [`STEP_BATCHES`], whatever the size of the ledger. A duplicate leaves no row; its count is
//! taken from the batch, and the sum over the other rows shows a wrong one.

mod compare;
mod render;
mod walk;

use crate::failure::Failure;
use crate::settings::Global;
use crate::{database, output};
use compare::Ledger;
use render::Document;
use std::collections::BTreeMap;
use std::time::Duration;
use store::Role;
use store::audit::Finished;
use tokio_postgres::IsolationLevel;

/// Batches recomputed at a time. Each step reads the blocks that no vacuum has summarised for the BRIN index yet, so
/// few large steps are cheaper than many small ones; this many take a few megabytes.
pub(crate) const STEP_BATCHES: i64 = 20_000;

/// One statement of a step, over a ledger of any size.
const STATEMENT_TIMEOUT: Duration = Duration::from_secs(15 * 60);

/// Everything the audit found out.
#[derive(Debug, Default)]
pub(crate) struct Audit {
    pub ledger: Ledger,
    pub notifications: BTreeMap<String, i64>,
    pub finished: Finished,
    pub unfinished: i64,
    /// Bounces that wait for their message.
    pub pending: i64,
}

pub(crate) async fn run(global: &Global) -> Result<(), Failure> {
    let pool = database::pool(global, Role::Operator, STATEMENT_TIMEOUT)?;
    let mut client = pool.get().await?;
    let snapshot = client
        .build_transaction()
        .isolation_level(IsolationLevel::RepeatableRead)
        .read_only(true)
        .start()
        .await?;
    let audit = walk::everything(&snapshot).await?;
    snapshot.rollback().await?;
    let document = Document::from(&audit);
    output::print(global.json, &document, || render::text(&document))?;
    if document.ok {
        return Ok(());
    }
    Err(Failure::failed(format!("{} batches disagree with their rows", audit.ledger.mismatched))
        .next("see `mismatches` for the batches, and keep the database as it is until it is understood"))
}
