//! Releasing: one instruction to the workers for each row, then a look at what came of it.

use super::choose::{self, SettledDocument};
use super::document::{ordinal, place};
use super::settle::{self, Settled};
use crate::args::QuarantineRelease;
use crate::broker::Broker;
use crate::database;
use crate::failure::Failure;
use crate::output::{self, Progress, plain};
use crate::settings::Global;
use serde::Serialize;
use std::time::Duration;
use store::look::{QuarantineFilter, Quarantined};
use store::quarantine::WHOLE_BATCH;
use uuid::Uuid;
use wire::envelope::Instruction;

/// Most elements of one batch that are named; `quarantine list --batch` has them all.
const HELD_ANEW_MAX: i64 = 1_000;

#[derive(Serialize)]
struct Document<'a> {
    released: Vec<Released<'a>>,
    /// A worker tried, and they stay held.
    held: Vec<Held<'a>>,
    settled_before: Vec<SettledDocument<'a>>,
    /// Elements of released batches that cannot be applied by themselves: rows of their own now.
    held_anew: &'a [i64],
    /// No worker has come to them yet.
    unsettled: Vec<i64>,
}

#[derive(Serialize)]
struct Released<'a> {
    id: i64,
    batch: Uuid,
    /// Null: the batch as a whole.
    ordinal: Option<i32>,
    /// Null for a whole batch, whose elements end in many ways.
    became: Option<&'a str>,
}

#[derive(Serialize)]
struct Held<'a> {
    id: i64,
    batch: Uuid,
    ordinal: Option<i32>,
    /// Why it was held in the first place.
    reason: &'a str,
    detail: &'a str,
    /// Why it still is, as `reason: detail`.
    last_refusal: Option<&'a str>,
}

pub(crate) async fn release(global: &Global, args: &QuarantineRelease) -> Result<(), Failure> {
    let queue = global.queue()?;
    let client = database::operator(global).await?;
    let chosen = choose::rows(&client, &args.which).await?;
    if !chosen.held.is_empty() {
        give(Broker::connect(queue).await?, &chosen.held).await?;
    }
    let settled = settle::wait(&client, chosen.held, args.wait).await?;
    // What somebody discarded meanwhile was settled before a worker came to it.
    let mut before = chosen.settled;
    before.extend_from_slice(&settled.discarded);
    let anew = held_anew(&client, &settled.released).await?;
    output::print(global.json, &document(&settled, &before, &anew), || text(&settled, &before, &anew))?;
    verdict(&settled, &before, args.wait)
}

/// What the released batches hold that is held now by itself.
async fn held_anew(client: &store::Client, released: &[Quarantined]) -> Result<Vec<i64>, Failure> {
    let mut anew = Vec::new();
    for row in released.iter().filter(|row| row.ordinal == WHOLE_BATCH) {
        let of_batch = QuarantineFilter {
            state: Some("held"),
            batch: Some(row.batch_id),
            ..QuarantineFilter::default()
        };
        let held = store::look::quarantine(client, of_batch, i64::MAX, HELD_ANEW_MAX).await?;
        anew.extend(held.iter().map(|row| row.id));
    }
    anew.sort_unstable();
    Ok(anew)
}

async fn give(mut broker: Broker, rows: &[Quarantined]) -> Result<(), Failure> {
    let mut progress = Progress::new();
    for row in rows {
        broker.give(&Instruction::Release { quarantine: row.id }).await?;
        progress.show(&format!("{} of {} given to the workers", broker.confirmed(), rows.len()));
    }
    broker.finish().await
}

fn document<'a>(settled: &'a Settled, before: &'a [Quarantined], held_anew: &'a [i64]) -> Document<'a> {
    let released = settled.released.iter().map(|row| Released {
        id: row.id,
        batch: row.batch_id,
        ordinal: ordinal(row),
        became: row.became.as_deref(),
    });
    let held = settled.refused.iter().map(|row| Held {
        id: row.id,
        batch: row.batch_id,
        ordinal: ordinal(row),
        reason: &row.reason,
        detail: &row.detail,
        last_refusal: row.last_refusal.as_deref(),
    });
    Document {
        released: released.collect(),
        held: held.collect(),
        settled_before: before.iter().map(SettledDocument::from).collect(),
        held_anew,
        unsettled: settled.open.iter().map(|row| row.id).collect(),
    }
}

fn text(settled: &Settled, before: &[Quarantined], held_anew: &[i64]) -> String {
    let mut table = output::table(&["id", "batch", "element", "now", "detail"]);
    let mut add = |row: &Quarantined, now: String, detail: String| {
        table.add_row([row.id.to_string(), row.batch_id.to_string(), place(row), now, detail]);
    };
    for row in &settled.released {
        let became = row.became.as_deref().map(|became| format!(": {became}")).unwrap_or_default();
        add(row, format!("released{became}"), String::new());
    }
    for row in &settled.refused {
        add(row, "held".to_owned(), plain(row.last_refusal.as_deref().unwrap_or(&row.detail)));
    }
    for row in &settled.open {
        add(row, "given to the workers".to_owned(), String::new());
    }
    let rows = settled.released.len() + settled.refused.len() + settled.open.len();
    let mut parts = choose::settled_lines(before);
    if rows > 0 {
        parts.insert(0, table.trim_fmt());
    } else if before.is_empty() {
        parts.push("Nothing that is held matches.".to_owned());
    }
    if !held_anew.is_empty() {
        let ids: Vec<String> = held_anew.iter().map(ToString::to_string).collect();
        parts.push(format!("Held by themselves now, because they cannot be read: {}", ids.join(", ")));
    }
    parts.join("\n")
}

fn verdict(settled: &Settled, before: &[Quarantined], wait: Duration) -> Result<(), Failure> {
    let mut wrong = Vec::new();
    let discarded = before.iter().filter(|row| row.state == "discarded").count();
    if discarded > 0 {
        wrong.push(format!("{discarded} were discarded and cannot be released"));
    }
    if !settled.refused.is_empty() {
        wrong.push(format!("{} could still not be applied and stay held", settled.refused.len()));
    }
    // Who does not wait has not asked for more than the broker's confirm.
    let late = !settled.open.is_empty() && !wait.is_zero();
    if late {
        wrong.push(format!(
            "{} were not settled within {}",
            settled.open.len(),
            humantime::format_duration(wait)
        ));
    }
    if wrong.is_empty() {
        return Ok(());
    }
    let failure = Failure::failed(wrong.join("; "));
    Err(if late {
        failure.next("see whether a worker runs, with the same SENDSTATE_QUEUE_PREFIX, and what its log says; releasing again is harmless")
    } else if settled.refused.is_empty() {
        failure.next("discarding is final; `sendstate quarantine show ID --raw` still has the bytes")
    } else {
        failure.next("look at one with `sendstate quarantine show ID`, mend the cause or discard it")
    })
}

#[cfg(test)]
mod tests {
    use super::super::document::tests::held;
    use super::*;

    const WAIT: Duration = Duration::from_secs(30);

    fn released(id: i64, became: Option<&str>) -> Quarantined {
        let ordinal = if became.is_some() { 3 } else { WHOLE_BATCH };
        Quarantined { state: "released".to_owned(), became: became.map(str::to_owned), ordinal, ..held(id) }
    }

    fn refused(id: i64) -> Quarantined {
        Quarantined { last_refusal: Some("not_an_object: found a number".to_owned()), ..held(id) }
    }

    #[test]
    fn scripts_see_each_row_once_by_what_came_of_it() {
        let settled = Settled {
            released: vec![released(1, Some("applied")), released(2, None)],
            refused: vec![refused(3)],
            open: vec![held(4)],
            ..Settled::default()
        };
        let before = [released(5, Some("stale"))];
        let json = serde_json::to_value(document(&settled, &before, &[7])).unwrap();
        assert_eq!(
            (json["released"][0]["became"].as_str(), json["released"][0]["ordinal"].as_i64()),
            (Some("applied"), Some(3))
        );
        assert!(json["released"][1]["became"].is_null() && json["released"][1]["ordinal"].is_null());
        assert_eq!(json["held"][0]["reason"], "bad_timestamp", "the first cause");
        assert_eq!(json["held"][0]["last_refusal"], "not_an_object: found a number");
        assert_eq!(
            (&json["settled_before"][0]["state"], json["unsettled"][0].as_i64()),
            (&"released".into(), Some(4))
        );
        assert_eq!(json["held_anew"][0], 7);
        assert!(text(&settled, &before, &[7, 8]).ends_with("cannot be read: 7, 8"));
    }

    #[test]
    fn people_see_why_a_release_was_in_vain() {
        let shown = text(&Settled { refused: vec![refused(3)], ..Settled::default() }, &[], &[]);
        assert!(shown.contains("not_an_object: found a number"), "{shown}");
    }

    #[test]
    fn only_what_is_released_now_or_before_is_a_success() {
        let done = Settled { released: vec![released(1, Some("applied"))], ..Settled::default() };
        assert_eq!(verdict(&done, &[released(2, None)], WAIT), Ok(()));
        assert_eq!(verdict(&Settled::default(), &[], WAIT), Ok(()));
        let discarded = Quarantined { state: "discarded".to_owned(), ..held(9) };
        let refused = Settled { refused: vec![held(1)], ..Settled::default() };
        let open = Settled { open: vec![held(1)], ..Settled::default() };
        for (settled, before, next) in
            [(&done, &[discarded][..], "final"), (&refused, &[], "quarantine show"), (&open, &[], "harmless")]
        {
            let failure = verdict(settled, before, WAIT).unwrap_err();
            assert_eq!(failure.code, 1);
            assert!(failure.to_string().contains(next), "{failure}");
        }
        assert_eq!(verdict(&open, &[], Duration::ZERO), Ok(()), "nobody asked to wait");
    }

    #[test]
    fn people_are_told_when_there_was_nothing_to_do() {
        assert_eq!(text(&Settled::default(), &[], &[]), "Nothing that is held matches.");
        let before = [released(5, Some("stale"))];
        assert_eq!(text(&Settled::default(), &before, &[]), "5 was released (stale) before");
    }
}
