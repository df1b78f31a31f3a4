//! From what was typed to the rows that are to be settled.

use super::document::{ordinal, state};
use super::{PAGE, matching};
use crate::args::Which;
use crate::failure::Failure;
use crate::output;
use serde::Serialize;
use store::look::{self, Quarantined};
use uuid::Uuid;

/// What a change is about.
pub(super) struct Chosen {
    /// Still held, in the order of their ids.
    pub held: Vec<Quarantined>,
    /// Settled before; only of rows that were named.
    pub settled: Vec<Quarantined>,
}

/// A row that was settled before.
#[derive(Serialize)]
pub(super) struct SettledDocument<'a> {
    id: i64,
    batch: Uuid,
    ordinal: Option<i32>,
    state: &'a str,
    became: Option<&'a str>,
}

impl<'a> From<&'a Quarantined> for SettledDocument<'a> {
    fn from(row: &'a Quarantined) -> Self {
        Self {
            id: row.id,
            batch: row.batch_id,
            ordinal: ordinal(row),
            state: &row.state,
            became: row.became.as_deref(),
        }
    }
}

pub(super) async fn rows(client: &store::Client, which: &Which) -> Result<Chosen, Failure> {
    if !which.ids.is_empty() {
        return named(client, &which.ids).await;
    }
    let mut found = matching(client, &which.filters, Some("held"), which.limit).await?;
    if found.more {
        output::note(&format!(
            "sendstate: more than {} match; this is about the newest of them, run it again for the others",
            which.limit
        ));
    }
    found.rows.reverse();
    Ok(Chosen { held: found.rows, settled: Vec::new() })
}

async fn named(client: &store::Client, ids: &[i64]) -> Result<Chosen, Failure> {
    let mut ids = ids.to_vec();
    ids.sort_unstable();
    ids.dedup();
    let rows = of(client, &ids).await?;
    let missing: Vec<String> = ids
        .iter()
        .filter(|id| rows.binary_search_by_key(*id, |row| row.id).is_err())
        .map(ToString::to_string)
        .collect();
    if !missing.is_empty() {
        return Err(Failure::not_found(format!("nothing was ever quarantined as {}", missing.join(", ")))
            .next("see `sendstate quarantine list --state any`; nothing was changed"));
    }
    let (held, settled) = rows.into_iter().partition(|row| row.state == "held");
    Ok(Chosen { held, settled })
}

/// Those of these rows that exist, in the order of their ids, which have to be sorted.
pub(super) async fn of(client: &store::Client, ids: &[i64]) -> Result<Vec<Quarantined>, Failure> {
    let mut rows = Vec::with_capacity(ids.len());
    for some in ids.chunks(PAGE.unsigned_abs() as usize) {
        rows.extend(look::quarantine_of(client, some).await?);
    }
    Ok(rows)
}

/// A line for each row that was settled before.
pub(super) fn settled_lines(settled: &[Quarantined]) -> Vec<String> {
    settled.iter().map(|row| format!("{} was {} before", row.id, state(row))).collect()
}
