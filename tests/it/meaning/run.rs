//! Plays a table: one world, one source for each case, one consumer of every type; signed bodies in, rendered lines out.
//!
//! Beside what it renders it holds every case to what is true of all: raw bytes are kept as they came, and a consumer
//! received exactly the notifications that the command line knows.

use super::case::{Case, Then};
use super::render;
use super::show::Shown;
use crate::harness::{DEADLINE, Options, Receiver, Sender, World, wait_for};
use futures_util::{StreamExt as _, stream};
use std::path::{Path, PathBuf};
use tokio_postgres::Client;
use uuid::Uuid;

/// Cases at a time: each mostly waits for a process.
const AT_ONCE: usize = 8;

const EVERY_TYPE: &str = "message.processed,message.deferred,message.delivered,message.failed,message.seen,\
                          message.clicked,message.complained,message.unsubscribed,\
                          recipient.suppressed,recipient.resubscribed,account.status_changed";

/// Where the bodies are.
pub(super) fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("it/meaning/fixtures")
}

pub(super) fn body(fixture: &str) -> Vec<u8> {
    let path = fixtures().join(fixture).with_extension("json");
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Plays every case and compares.
pub(super) async fn hold(cases: &[Case]) {
    let options = Options::new(1, 1, 1).set("worker", "SENDSTATE_WORKER_SWEEP_EVERY", "1s");
    let world = World::start(options).await;
    let (sender, receiver) = (Sender::new(), Receiver::start().await);
    let key = sender.public_key();
    world.endpoint(&receiver, &["--types", EVERY_TYPE]).await;
    // All before the first body: ingest asks for new sources at most once a second.
    let urls = in_parallel(cases, async |case| {
        let flags = [&["--public-key", key.as_str()], case.flags].concat();
        world.inbound(&world.source(&case.source(), &flags).await, 1)
    })
    .await;
    let db = world.db().await;
    let sent = in_parallel(&cases.iter().zip(&urls).collect::<Vec<_>>(), async |(case, url)| {
        post(&world, &db, &sender, case, url).await
    })
    .await;
    world.nothing_owed().await;
    let shown = Shown::now(&world, &db, &receiver).await;
    let mut wrong = Vec::new();
    for (case, sent) in cases.iter().zip(sent) {
        let (expected, found) = (case.expected(), [sent, shown.of(&case.source())].concat());
        if expected != found {
            let (expected, found) = (expected.join("\n    "), found.join("\n    "));
            wrong.push(format!(
                "{}: {}\n  expected\n    {expected}\n  found\n    {found}\n",
                case.name, case.why
            ));
        }
    }
    assert!(wrong.is_empty(), "{} of {} cases\n{}", wrong.len(), cases.len(), wrong.join("\n"));
    world.finish().await;
}

/// Results in the order of the items.
async fn in_parallel<T: Copy, R>(items: &[T], work: impl AsyncFn(T) -> R) -> Vec<R> {
    stream::iter(items.iter().map(|item| work(*item))).buffered(AT_ONCE).collect().await
}

/// Sends a case's bodies one after the other, lets happen what happens then, and looks at the batches.
async fn post(world: &World, db: &Client, sender: &Sender, case: &Case, url: &str) -> Vec<String> {
    let mut sent = Vec::new();
    for fixture in case.fixtures() {
        let body = body(fixture);
        let answer = sender.post(body.clone()).to(url).await.unwrap();
        assert_eq!(answer.status, 204, "{}", case.name);
        let id: Uuid = answer.header("sendstate-batch-id").parse().unwrap();
        recorded(db, id).await;
        sent.push((id, body));
    }
    if case.then != Then::Nothing {
        look_again(db, case).await;
    }
    let mut lines = Vec::new();
    for (id, body) in sent {
        lines.push(render::batch(&world.cli_json(&["batch", "show", &id.to_string()]).await));
        lines.extend(render::held(&kept_as_they_came(db, id, &body).await));
    }
    lines
}

async fn recorded(db: &Client, batch: Uuid) {
    wait_for("the batch to be recorded", DEADLINE, async || {
        let found = db.query_opt("SELECT FROM batches WHERE id = $1", &[&batch]).await.unwrap();
        found.map(drop).ok_or_else(|| "it is not in the ledger".to_owned())
    })
    .await;
}

/// Makes a case's pending bounces due, and waits until the worker has looked at them.
async fn look_again(db: &Client, case: &Case) {
    let of_case = "EXISTS (SELECT FROM events e JOIN sources s ON s.id = e.source_id \
                   WHERE s.name = $1 AND e.day = p.day AND e.natural_key = p.natural_key)";
    let over = if case.then == Then::LookForTheLastTime { ", expires_at = now()" } else { "" };
    let due = format!("UPDATE pending_bounces p SET next_try_at = now(){over} WHERE {of_case}");
    assert!(db.execute(&due, &[&case.source()]).await.unwrap() > 0, "{}: nothing is pending", case.name);
    let left = format!("SELECT count(*) FROM pending_bounces p WHERE {of_case} AND next_try_at <= now()");
    wait_for("the worker to look again", DEADLINE, async || {
        let left: i64 = db.query_one(&left, &[&case.source()]).await.unwrap().get(0);
        if left == 0 { Ok(()) } else { Err(format!("{left} are due")) }
    })
    .await;
}

/// What a batch left in the quarantine; every stored element is a piece of the body, byte for byte.
async fn kept_as_they_came(db: &Client, batch: Uuid, body: &[u8]) -> Vec<(i32, String)> {
    let stored = "SELECT ordinal, raw FROM events WHERE batch_id = $1";
    for row in db.query(stored, &[&batch]).await.unwrap() {
        assert!(holds(body, row.get(1)), "element {} is not a piece of the body", row.get::<_, i32>(0));
    }
    let held = "SELECT ordinal, reason, raw FROM quarantine WHERE batch_id = $1 ORDER BY ordinal";
    let rows = db.query(held, &[&batch]).await.unwrap();
    rows.iter()
        .map(|row| {
            let (ordinal, raw): (i32, &[u8]) = (row.get(0), row.get(2));
            assert!(if ordinal < 0 { raw == body } else { holds(body, raw) }, "{ordinal}: {raw:?}");
            (ordinal, row.get(1))
        })
        .collect()
}

fn holds(body: &[u8], piece: &[u8]) -> bool {
    piece.is_empty() || body.windows(piece.len()).any(|window| window == piece)
}
