//! `sendstate migrate`.

use crate::failure::Failure;
use crate::settings::Global;
use crate::{database, output};
use serde::Serialize;
use std::time::Duration;
use store::Role;
use store::migrate::MigrateError;

/// A migration may rightly take long; this only bounds what the pool itself waits for.
const PATIENCE: Duration = Duration::from_secs(60 * 60);

#[derive(Serialize)]
struct Document<'a> {
    applied: &'a [String],
    version: i32,
}

pub(crate) async fn run(global: &Global) -> Result<(), Failure> {
    let pool = database::pool(global, Role::Owner, PATIENCE)?;
    // Asked first, so that a server that is away is told apart from a migration that fails.
    pool.ping().await?;
    let report = store::migrate::run(&pool, database::now()).await.map_err(failure)?;
    let document = Document { applied: &report.applied, version: report.version };
    output::print(global.json, &document, || match report.applied.as_slice() {
        [] => format!("The schema is at version {}; nothing to do.", report.version),
        applied => {
            format!("The schema is now at version {}. Applied:\n  {}", report.version, applied.join("\n  "))
        }
    })
}

fn failure(error: MigrateError) -> Failure {
    match error {
        MigrateError::Store(error) => error.into(),
        MigrateError::Failed { name, source } => {
            Failure::failed(format!("migration {name} failed and was rolled back: {}", source.summary()))
                .next("mend the cause and run it again; what was applied before stays applied")
        }
        MigrateError::Divergent { .. } | MigrateError::Newer { .. } | MigrateError::Locked => {
            Failure::failed(error.to_string())
        }
    }
}
