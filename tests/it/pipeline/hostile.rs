//! Bodies made to hurt whoever reads them, correctly signed: each is recorded or kept, whatever is behind it goes on,
//! and memory stays within what the settings allow.

use crate::harness::{Mail, Options, Receiver, Sender, World, tally};
use rand::RngExt as _;
use serde_json::json;

/// What one worker may ever hold while it works through everything here: two windows of one body of 5 MiB each, what is read
/// of them, and the statements they become; beside the other bodies, of which few are as large, that the broker has
/// handed out.
const WORKER_MEMORY_MAX: u64 = 320 << 20;

/// Fills a body of almost 5 MiB, the most that ingest takes.
const LARGE: usize = 5_000_000;
const ELEMENTS_MAX: usize = 50_000;

/// How a body must end.
#[derive(Clone, Copy, Debug)]
enum End {
    /// As one element, for this reason.
    Whole(&'static str),
    /// All of so many elements kept, for this reason.
    Kept(usize, &'static str),
    /// All of so many elements applied.
    Applied(usize),
    /// Kept, as whatever it may look like.
    Garbage,
}

fn list(count: usize, element: impl Fn(usize) -> String) -> Vec<u8> {
    let elements: Vec<_> = (0..count).map(element).collect();
    format!("[{}]", elements.join(",")).into_bytes()
}

/// As small as an event of a message can be.
fn small(number: usize) -> String {
    let (at, id) = (1_750_000_000, "one-message");
    format!(r#"{{"event":"open","timestamp":{at},"sg_message_id":"{id}","ip":"{number}"}}"#)
}

fn bounce(member: &str, value: serde_json::Value) -> Vec<u8> {
    let mut event = Mail::new().event("bounce", 1);
    event[member] = value;
    event.to_string().into_bytes()
}

fn garbage() -> Vec<u8> {
    (0..LARGE).map(|_| rand::rng().random()).collect()
}

fn bodies() -> Vec<(&'static str, Vec<u8>, End)> {
    let repeated = |count: usize, text: &str| text.repeat(count).into_bytes();
    let nested = [repeated(LARGE / 2, "["), repeated(LARGE / 2, "]")].concat();
    let arguments: serde_json::Map<_, _> =
        (0..LARGE / 16).map(|key| (format!("{key:08}"), json!(1))).collect();
    let flat = bounce("unique_args", arguments.into());
    vec![
        ("millions of elements", list(LARGE / 2, |_| "1".to_owned()), End::Whole("too_many_elements")),
        ("one small event too many", list(ELEMENTS_MAX + 1, small), End::Whole("too_many_elements")),
        ("as many small events as may be", list(ELEMENTS_MAX, small), End::Applied(ELEMENTS_MAX)),
        ("as much of nothing", list(ELEMENTS_MAX, |_| String::new()), End::Kept(ELEMENTS_MAX, "not_json")),
        ("no end of beginnings", repeated(LARGE, "["), End::Whole("not_json")),
        ("beginnings and ends", nested, End::Kept(1, "too_deep")),
        ("a text without end", [b"[\"", &repeated(LARGE, "x")[..]].concat(), End::Whole("not_json")),
        ("an endless reason", bounce("reason", "no ".repeat(LARGE / 3).into()), End::Applied(1)),
        ("an endless name", bounce("event", "x".repeat(LARGE).into()), End::Garbage),
        ("hundreds of thousands of arguments", flat, End::Kept(1, "too_many_fields")),
        ("noise", garbage(), End::Garbage),
        ("noise in a list", [b"[", &garbage()[..], b"]"].concat(), End::Garbage),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_made_to_hurt_are_kept_and_what_is_behind_them_goes_on() {
    let mut world = World::start(Options::new(1, 1, 1).not_started()).await;
    for process in ["ingest-1", "dispatcher-1"] {
        world.start_process(process).await;
    }
    let (sender, receiver, mail) = (Sender::new(), Receiver::start().await, Mail::new());
    let url = world.signed_source("main", &sender).await;
    world.endpoint(&receiver, &[]).await;
    // All of it lies there when the worker begins.
    let mut answers = Vec::new();
    for (name, body, end) in bodies() {
        answers.push((name, sender.post(body).to(&url).await.unwrap(), end));
    }
    let behind = sender.batch(&[mail.event("delivered", 2)]).to(&url).await.unwrap();
    world.start_process("worker-1").await;
    assert_eq!(tally(&world.batch(&behind).await), [1, 1, 0, 0, 0, 0]);
    assert_eq!(world.message(&mail).await["status"], "delivered");
    let db = world.db().await;
    for (name, answer, end) in answers {
        let batch = world.batch(&answer).await;
        let id: uuid::Uuid = answer.header("sendstate-batch-id").parse().unwrap();
        let reasons = "SELECT DISTINCT reason, ordinal < 0 FROM quarantine WHERE batch_id = $1";
        let rows = db.query(reasons, &[&id]).await.unwrap();
        let held: Vec<(&str, bool)> = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
        let [elements, applied, _, ignored, duplicate, quarantined] = tally(&batch);
        let numbers = (elements as usize, applied as usize, quarantined as usize);
        match end {
            End::Whole(reason) => {
                assert_eq!((numbers, &held[..]), ((1, 0, 1), &[(reason, true)][..]), "{name}")
            }
            End::Kept(all, reason) => {
                assert_eq!((numbers, &held[..]), ((all, 0, all), &[(reason, false)][..]), "{name}");
            }
            End::Applied(all) => assert_eq!((numbers, held.len()), ((all, all, 0), 0), "{name}"),
            End::Garbage => {
                assert_eq!((elements, applied, duplicate), (ignored + quarantined, 0, 0), "{name}")
            }
        }
    }
    let peak = world.peak_memory("worker-1");
    assert!(peak < WORKER_MEMORY_MAX, "the worker held {} MiB", peak >> 20);
    world.nothing_owed().await;
    world.finish().await;
}
