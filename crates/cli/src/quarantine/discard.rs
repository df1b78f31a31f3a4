//! Discarding: what was looked at and is not wanted. Nothing is deleted, and the ledger counts it as before.

use super::PAGE;
use super::choose::{self, SettledDocument};
use super::document::{ordinal, place};
use crate::args::QuarantineDiscard;
use crate::database;
use crate::failure::Failure;
use crate::output::{self, Progress, plain};
use crate::settings::Global;
use serde::Serialize;
use std::collections::BTreeSet;
use store::look::Quarantined;
use uuid::Uuid;

#[derive(Serialize)]
struct Document<'a> {
    discarded: Vec<Discarded<'a>>,
    settled_before: Vec<SettledDocument<'a>>,
}

#[derive(Serialize)]
struct Discarded<'a> {
    id: i64,
    batch: Uuid,
    /// Null: the batch as a whole.
    ordinal: Option<i32>,
    reason: &'a str,
}

pub(crate) async fn discard(global: &Global, args: &QuarantineDiscard) -> Result<(), Failure> {
    let client = database::operator(global).await?;
    let chosen = choose::rows(&client, &args.which).await?;
    let ids: Vec<i64> = chosen.held.iter().map(|row| row.id).collect();
    let mut progress = Progress::new();
    let mut done = BTreeSet::new();
    for some in ids.chunks(PAGE.unsigned_abs() as usize) {
        done.extend(store::quarantine::discard(&client, some, database::now()).await?);
        progress.show(&format!("{} of {} discarded", done.len(), ids.len()));
    }
    progress.clear();
    let (discarded, others): (Vec<_>, Vec<_>) =
        chosen.held.into_iter().partition(|row| done.contains(&row.id));
    // Somebody came first.
    let others: Vec<i64> = others.iter().map(|row| row.id).collect();
    let mut before = chosen.settled;
    before.extend(choose::of(&client, &others).await?);
    output::print(global.json, &document(&discarded, &before), || text(&discarded, &before))?;
    verdict(&before)
}

fn document<'a>(discarded: &'a [Quarantined], before: &'a [Quarantined]) -> Document<'a> {
    let discarded = discarded.iter().map(|row| Discarded {
        id: row.id,
        batch: row.batch_id,
        ordinal: ordinal(row),
        reason: &row.reason,
    });
    Document {
        discarded: discarded.collect(),
        settled_before: before.iter().map(SettledDocument::from).collect(),
    }
}

fn text(discarded: &[Quarantined], before: &[Quarantined]) -> String {
    let mut parts = Vec::new();
    if !discarded.is_empty() {
        let mut table = output::table(&["id", "batch", "element", "now", "was held for"]);
        for row in discarded {
            table.add_row([
                row.id.to_string(),
                row.batch_id.to_string(),
                place(row),
                "discarded".to_owned(),
                plain(&row.reason),
            ]);
        }
        parts.push(table.trim_fmt());
    } else if before.is_empty() {
        parts.push("Nothing that is held matches.".to_owned());
    }
    parts.extend(choose::settled_lines(before));
    parts.join("\n")
}

fn verdict(before: &[Quarantined]) -> Result<(), Failure> {
    match before.iter().filter(|row| row.state != "discarded").count() {
        0 => Ok(()),
        released => Err(Failure::failed(format!("{released} were released before and cannot be discarded"))
            .next("their elements are in the ledger as what they became")),
    }
}

#[cfg(test)]
mod tests {
    use super::super::document::tests::held;
    use super::*;

    #[test]
    fn discarding_twice_is_fine_and_discarding_what_was_applied_is_not() {
        let state = |state: &str| Quarantined { state: state.to_owned(), ..held(1) };
        assert_eq!(verdict(&[]), Ok(()));
        assert_eq!(verdict(&[state("discarded")]), Ok(()));
        assert_eq!(verdict(&[state("discarded"), state("released")]).unwrap_err().code, 1);
    }

    #[test]
    fn what_was_discarded_and_what_was_settled_before_are_told_apart() {
        let before = [Quarantined { state: "discarded".to_owned(), ..held(2) }];
        let json = serde_json::to_value(document(&[held(1)], &before)).unwrap();
        assert_eq!(
            (json["discarded"][0]["id"].as_i64(), json["settled_before"][0]["id"].as_i64()),
            (Some(1), Some(2))
        );
        assert!(text(&[], &before).ends_with("2 was discarded before"));
    }
}
