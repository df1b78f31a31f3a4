//! Transactions that wait for each other in a circle: the database ends one of them, and the worker does its work again.
//!
//! Windows are inserted sorted by one key, so two workers rarely meet like this; but events have two unique keys, and
//! nothing sorts by both.

use crate::harness::{DEADLINE, Mail, Options, Sender, World, tally, wait_for};
use futures_util::future::join_all;
use serde_json::Value;
use tokio_postgres::Client;
use uuid::Uuid;

/// The keys of everything in the ledger, lowest first; after it the ledger is empty and the rows are in `kept`.
async fn forget_everything(db: &Client) -> Vec<Uuid> {
    let forget = "CREATE TABLE kept AS SELECT * FROM events; \
                  DELETE FROM events; DELETE FROM messages; DELETE FROM notifications; DELETE FROM batches";
    db.batch_execute(forget).await.unwrap();
    let keys = db.query("SELECT natural_key FROM kept ORDER BY natural_key", &[]).await.unwrap();
    keys.iter().map(|row| row.get(0)).collect()
}

/// A transaction that holds one key as a worker would that is about to commit it.
async fn holding(db: &Client, key: Uuid) {
    // Never the one to notice a deadlock.
    db.batch_execute("SET deadlock_timeout = '1h'; BEGIN").await.unwrap();
    insert(db, key).await;
}

async fn insert(db: &Client, key: Uuid) {
    db.execute("INSERT INTO events SELECT * FROM kept WHERE natural_key = $1", &[&key]).await.unwrap();
}

async fn pid(db: &Client) -> i32 {
    db.query_one("SELECT pg_backend_pid()", &[]).await.unwrap().get(0)
}

/// Waits until a session of the worker waits for this one, and returns it.
async fn worker_waiting_for(db: &Client, holder: i32) -> i32 {
    let blocked = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() \
                   AND application_name = 'sendstate_worker' AND $1 = ANY (pg_blocking_pids(pid))";
    wait_for("a worker to wait", DEADLINE, async || match db.query_opt(blocked, &[&holder]).await {
        Ok(Some(row)) => Ok(row.get(0)),
        other => Err(format!("{other:?}")),
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_victim_of_a_deadlock_applies_its_window_again() {
    let mut world = World::start(Options::new(1, 1, 0)).await;
    let (sender, mail) = (Sender::new(), Mail::new());
    let url = world.signed_source("main", &sender).await;
    let db = world.db().await;
    let events = [1, 2, 3].map(|second| mail.event("open", second));
    world.batch(&sender.batch(&events).to(&url).await.unwrap()).await;
    let [low, middle, high] = forget_everything(&db).await.try_into().unwrap();

    // The worker takes `low` and stops before `middle`. Meanwhile somebody who has `high` comes to wait for `low`. When
    // `middle` is free, the worker closes the circle, and is the only one who looks.
    let (gate, other) = (world.db().await, world.db().await);
    holding(&gate, middle).await;
    holding(&other, high).await;
    let answer = sender.batch(&events).to(&url).await.unwrap();
    let worker = worker_waiting_for(&db, pid(&gate).await).await;
    let others = pid(&other).await;
    let waits = async {
        let blocked = "SELECT $1 = ANY (pg_blocking_pids($2))";
        wait_for("the other to wait for the worker", DEADLINE, async || {
            let row = db.query_one(blocked, &[&worker, &others]).await.map_err(|error| error.to_string())?;
            if row.get(0) { Ok(()) } else { Err("it does not".to_owned()) }
        })
        .await;
        gate.batch_execute("ROLLBACK").await.unwrap();
    };
    // Its insert ends when the worker has been rolled back.
    tokio::join!(insert(&other, low), waits);
    other.batch_execute("ROLLBACK").await.unwrap();

    let batch = world.batch(&answer).await;
    nothing_was_set_aside(&db).await;
    assert_eq!(tally(&batch), [3, 3, 0, 0, 0, 0]);
    assert_eq!(world.message(&mail).await["counts"]["opens"], 3);
    let conflicts = world.metric("worker-1", "sendstate_worker_retries_total{cause=\"conflict\"}").await;
    assert!(conflicts >= 1.0, "{conflicts} conflicts");
    world.finish().await;
}

async fn nothing_was_set_aside(db: &Client) {
    let held = db.query("SELECT reason, detail FROM quarantine", &[]).await.unwrap();
    let held: Vec<(&str, &str)> = held.iter().map(|row| (row.get(0), row.get(1))).collect();
    assert!(held.is_empty(), "{held:?}");
}

/// For sessions that begin after it. A second is the default, and here are dozens of deadlocks.
const NOTICE_SOON: &str = "DO $$ BEGIN \
    EXECUTE format('ALTER DATABASE %I SET deadlock_timeout = ''20ms''', current_database()); END $$";

const WORKERS: usize = 4;
const ROUNDS: usize = 3;
/// So many that two insertions overlap for long.
const IDS: usize = 2_000;

/// Opens of one mail in one second, under the same ids whatever the browser. Windows are sorted by a key that the browser
/// is part of, so each browser's batch holds the ids in an order of its own.
fn opens(mail: &Mail, browser: &str) -> Vec<Value> {
    let open = |number: usize| {
        let mut event = mail.event("open", 0);
        event["sg_event_id"] = format!("{}-{number}", mail.sg_message_id).into();
        event["useragent"] = format!("{browser} {number}").into();
        event
    };
    (0..IDS).map(open).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn workers_that_cross_each_other_lose_nothing_and_count_nothing_twice() {
    // One batch in a window, so that every batch is a transaction of its own.
    let options = Options::new(1, WORKERS, 0).set("worker", "SENDSTATE_WORKER_PREFETCH", "1");
    let mut world = World::start(options.not_started()).await;
    let (db, gate) = (world.db().await, world.db().await);
    db.batch_execute(NOTICE_SOON).await.unwrap();
    world.start_process("ingest-1").await;
    for worker in 1..=WORKERS {
        world.start_process(&format!("worker-{worker}")).await;
    }
    let sender = Sender::new();
    let url = world.signed_source("main", &sender).await;
    let mails: Vec<_> = (0..ROUNDS).map(|_| Mail::new()).collect();
    // Until every worker stands at the gate.
    gate.batch_execute("BEGIN; LOCK TABLE events IN SHARE MODE").await.unwrap();
    let posts: Vec<_> = mails
        .iter()
        .flat_map(|mail| ["one", "two", "three", "four"].map(|browser| sender.batch(&opens(mail, browser))))
        .collect();
    let answers = join_all(posts.iter().map(|post| post.to(&url))).await;
    let holder = pid(&gate).await;
    let waiting = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() \
                   AND application_name = 'sendstate_worker' AND $1 = ANY (pg_blocking_pids(pid))";
    wait_for("all workers to wait", DEADLINE, async || {
        match db.query_one(waiting, &[&holder]).await.unwrap().get::<_, i64>(0) {
            waiting if waiting == WORKERS as i64 => Ok(()),
            waiting => Err(format!("{waiting} of {WORKERS}")),
        }
    })
    .await;
    gate.batch_execute("ROLLBACK").await.unwrap();
    let mut sum = [0; 6];
    for answer in answers {
        let numbers = tally(&world.batch(&answer.unwrap()).await);
        sum.iter_mut().zip(numbers).for_each(|(sum, number)| *sum += number);
    }
    let (all, new) = ((posts.len() * IDS) as i64, (ROUNDS * IDS) as i64);
    assert_eq!(sum, [all, new, 0, 0, all - new, 0]);
    for mail in &mails {
        assert_eq!(world.message(mail).await["counts"]["opens"], IDS);
    }
    nothing_was_set_aside(&db).await;
    world.finish().await;
}
