//! `sendstate replay inbound`: choosing messages by when their events were received, and asking the workers to work them
//! out again.
//!
//! The choice is made in one REPEATABLE READ transaction: what arrives meanwhile is applied as it should be anyway. Whoever
//! changes messages are the workers; here only a replay's number and its instructions are made.

mod parts;
mod select;

use crate::args::ReplayInbound;
use crate::broker::Broker;
use crate::failure::Failure;
use crate::output::Progress;
use crate::settings::Global;
use crate::{database, output, source};
use domain::SourceId;
use parts::Parts;
use select::Selection;
use serde::Serialize;
use std::time::Duration;
use store::replay::Replayed;
use store::{Pool, Role};
use tokio::time::{Instant, sleep};
use tokio_postgres::IsolationLevel;

/// One statement over a step of a ledger of any size; also how long a step's instructions may take to be confirmed.
const STATEMENT_TIMEOUT: Duration = Duration::from_secs(15 * 60);
/// How often the parts that are done are counted.
const POLL: Duration = Duration::from_millis(200);

#[derive(Debug, Default, PartialEq, Eq, Serialize)]
struct Document {
    /// Null: there was nothing to replay.
    replay: Option<i64>,
    /// Instructions given to the workers, and how many of them are done.
    parts: i32,
    parts_done: i64,
    /// Chosen.
    messages: u64,
    /// Of those in parts that are done.
    changed: i64,
    left_alone: i64,
    /// Notifications that became due.
    told: i64,
    done: bool,
}

pub(crate) async fn inbound(global: &Global, args: &ReplayInbound) -> Result<(), Failure> {
    if args.from >= args.to {
        return Err(Failure::usage(format!("--from ({}) is not before --to ({})", args.from, args.to))
            .next("give the earlier time first"));
    }
    let queue = global.queue()?;
    let pool = database::pool(global, Role::Operator, STATEMENT_TIMEOUT)?;
    let source = SourceId(source::named(&pool.get().await?, &args.source).await?.id);
    let selection = Selection { source, from: args.from, to: args.to };
    let parts = give(&pool, Broker::connect(queue).await?, selection).await?;
    let document = follow(&pool, &parts, args.wait).await?;
    output::print(global.json, &document, || text(&document))?;
    verdict(&document, args.wait)
}

/// Chooses the messages and gives them to the workers, part by part.
async fn give(pool: &Pool, broker: Broker, selection: Selection) -> Result<parts::Given, Failure> {
    let mut client = pool.get().await?;
    let snapshot = client
        .build_transaction()
        .isolation_level(IsolationLevel::RepeatableRead)
        .read_only(true)
        .start()
        .await?;
    let mut parts = Parts::new(pool.get().await?, broker, selection);
    let mut progress = Progress::new();
    let mut walk = select::Walk::begin(&snapshot, selection).await?;
    while let Some(step) = walk.step(&snapshot).await? {
        let messages =
            store::replay::messages(&snapshot, selection.source, step, selection.from, selection.to).await?;
        parts.add(messages).await?;
        progress.show(&format!("{}: {} messages chosen so far", step.day, parts.messages()));
    }
    snapshot.rollback().await?;
    parts.finish().await
}

/// Waits until the workers are done with every part, at most as long as given.
async fn follow(pool: &Pool, given: &parts::Given, wait: Duration) -> Result<Document, Failure> {
    let Some(replay) = given.replay else {
        return Ok(Document { done: true, ..Document::default() });
    };
    let deadline = Instant::now() + wait;
    let client = pool.get().await?;
    let mut progress = Progress::new();
    loop {
        let (parts_done, replayed) = store::replay::progress(&client, replay).await?;
        let done = parts_done >= i64::from(given.parts);
        if done || Instant::now() >= deadline {
            let Replayed { changed, left_alone, told, .. } = replayed;
            let (parts, messages) = (given.parts, given.messages);
            let replay = Some(replay);
            return Ok(Document { replay, parts, parts_done, messages, changed, left_alone, told, done });
        }
        progress.show(&format!("{parts_done} of {} parts worked out again", given.parts));
        sleep(POLL.min(deadline.saturating_duration_since(Instant::now()))).await;
    }
}

fn text(document: &Document) -> String {
    let Some(replay) = document.replay else {
        return "No message of this source has an event that was received in this time.".to_owned();
    };
    let mut table = output::table(&["replay", &replay.to_string()]);
    for (name, count) in [
        ("messages", document.messages.to_string()),
        ("  changed", document.changed.to_string()),
        ("  left alone: their events are partly gone", document.left_alone.to_string()),
        ("notifications told", document.told.to_string()),
        ("parts done", format!("{} of {}", document.parts_done, document.parts)),
    ] {
        table.add_row([name, &count]);
    }
    table.trim_fmt()
}

fn verdict(document: &Document, wait: Duration) -> Result<(), Failure> {
    // Who does not wait has not asked for more than the broker's confirm.
    if document.done || wait.is_zero() {
        return Ok(());
    }
    let left = i64::from(document.parts) - document.parts_done;
    Err(Failure::failed(format!(
        "{left} of {} parts are not done after {}",
        document.parts,
        humantime::format_duration(wait)
    ))
    .next("the workers go on with them; see whether one runs, with the same SENDSTATE_QUEUE_PREFIX. Replaying again is harmless"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_done_in_time_is_a_failure_unless_nobody_waits() {
        let wait = Duration::from_secs(600);
        let document =
            Document { replay: Some(3), parts: 5, parts_done: 2, messages: 2_300, ..Document::default() };
        let failure = verdict(&document, wait).unwrap_err();
        assert_eq!(failure.code, 1);
        assert!(failure.to_string().starts_with("3 of 5 parts are not done after 10m"), "{failure}");
        assert_eq!(verdict(&document, Duration::ZERO), Ok(()));
        assert_eq!(verdict(&Document { done: true, parts_done: 5, ..document }, wait), Ok(()));
    }

    #[test]
    fn an_empty_choice_is_done_and_has_no_number() {
        let nothing = Document { done: true, ..Document::default() };
        assert_eq!(verdict(&nothing, Duration::from_secs(1)), Ok(()));
        let json = serde_json::to_value(&nothing).unwrap();
        assert!(json["replay"].is_null() && json["done"] == true && json["parts"] == 0, "{json}");
        assert!(text(&nothing).starts_with("No message"));
    }
}
