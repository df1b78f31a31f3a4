//! `sendstate quarantine`: looking at what could not be applied, and settling it.
//!
//! Looking and discarding happen here; what is released is applied by the workers, who are told over the queue.

mod choose;
mod discard;
mod document;
mod release;
mod settle;
mod show;

pub(crate) use discard::discard;
pub(crate) use release::release;
pub(crate) use show::show;

use crate::args::{Filters, QuarantineList};
use crate::failure::Failure;
use crate::settings::Global;
use crate::{database, output, source};
use document::RowDocument;
use store::look::{self, QuarantineFilter, Quarantined};

/// Rows fetched together.
const PAGE: i64 = 1_000;

pub(crate) async fn list(global: &Global, args: &QuarantineList) -> Result<(), Failure> {
    let client = database::operator(global).await?;
    let found = matching(&client, &args.filters, args.state.stored(), args.limit).await?;
    if found.more {
        output::note(&format!("sendstate: only the newest {} are shown; --limit shows more", args.limit));
    }
    let documents: Vec<RowDocument<'_>> = found.rows.iter().map(RowDocument::from).collect();
    output::print(global.json, &documents, || document::table(&found.rows))
}

/// Rows, the newest first, and whether the limit kept others out.
struct Matching {
    rows: Vec<Quarantined>,
    more: bool,
}

async fn matching(
    client: &store::Client,
    filters: &Filters,
    state: Option<&str>,
    limit: u32,
) -> Result<Matching, Failure> {
    let source_id = match &filters.source {
        Some(name) => Some(source::named(client, name).await?.id),
        None => None,
    };
    let filter =
        QuarantineFilter { state, source_id, reason: filters.reason.as_deref(), batch: filters.batch };
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let (mut rows, mut before) = (Vec::new(), i64::MAX);
    // One more than is wanted, to know whether there is more.
    while rows.len() <= limit {
        let page = look::quarantine(client, filter, before, PAGE).await?;
        let last_page = (page.len() as i64) < PAGE;
        rows.extend(page);
        match rows.last() {
            Some(last) if !last_page => before = last.id,
            _ => break,
        }
    }
    let more = rows.len() > limit;
    rows.truncate(limit);
    Ok(Matching { rows, more })
}
