//! The audit as a document and as text.

use super::Audit;
use super::compare::Mismatch;
use crate::output;
use serde::Serialize;
use std::collections::BTreeMap;

#[derive(Serialize)]
pub(crate) struct Document<'a> {
    pub ok: bool,
    batches: i64,
    elements: i64,
    applied: i64,
    stale: i64,
    ignored: i64,
    duplicate: i64,
    quarantined: i64,
    /// Of the quarantined, those that came through the broker's parking queue.
    parked: i64,
    too_old: i64,
    /// Bounces that name no message and wait for the one that they may be of. They are counted as applied.
    pending: i64,
    /// How many batches disagree; the list may be shorter.
    mismatched: usize,
    mismatches: &'a [Mismatch],
    notifications: &'a BTreeMap<String, i64>,
    deliveries: Deliveries,
}

#[derive(Serialize)]
struct Deliveries {
    unfinished: i64,
    delivered: i64,
    exhausted: i64,
}

impl<'a> From<&'a Audit> for Document<'a> {
    fn from(audit: &'a Audit) -> Self {
        let ledger = &audit.ledger;
        Self {
            ok: ledger.adds_up(),
            batches: ledger.batches,
            elements: ledger.elements,
            applied: ledger.ended.applied,
            stale: ledger.ended.stale,
            ignored: ledger.ended.ignored,
            duplicate: ledger.ended.duplicate,
            quarantined: ledger.ended.quarantined,
            parked: ledger.parked,
            too_old: ledger.too_old,
            pending: audit.pending,
            mismatched: ledger.mismatched,
            mismatches: &ledger.mismatches,
            notifications: &audit.notifications,
            deliveries: Deliveries {
                unfinished: audit.unfinished,
                delivered: audit.finished.delivered,
                exhausted: audit.finished.exhausted,
            },
        }
    }
}

pub(crate) fn text(document: &Document<'_>) -> String {
    let verdict = if document.ok { "adds up" } else { "DOES NOT ADD UP" };
    let mut table = output::table(&["ledger", verdict]);
    for (name, count) in [
        ("batches", document.batches),
        ("  too old to recompute", document.too_old),
        ("elements", document.elements),
        ("  applied", document.applied),
        ("  stale", document.stale),
        ("  ignored", document.ignored),
        ("  duplicate", document.duplicate),
        ("  quarantined", document.quarantined),
        ("    of them parked", document.parked),
        ("bounces that wait for their message", document.pending),
        ("deliveries unfinished", document.deliveries.unfinished),
        ("deliveries delivered", document.deliveries.delivered),
        ("deliveries exhausted", document.deliveries.exhausted),
    ] {
        table.add_row([name, &count.to_string()]);
    }
    for (kind, count) in document.notifications {
        table.add_row([format!("told {kind}"), count.to_string()]);
    }
    let mut text = table.trim_fmt();
    if document.mismatched > 0 {
        let mut table = output::table(&["batch", "elements expected", "found"]);
        for mismatch in document.mismatches {
            table.add_row([
                mismatch.batch.to_string(),
                mismatch.expected.to_string(),
                mismatch.found.to_string(),
            ]);
        }
        text.push_str(&format!("\n\n{} batches disagree:\n{}", document.mismatched, table.trim_fmt()));
    }
    text
}
