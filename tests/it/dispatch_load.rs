//! Deliveries in numbers: order, a death in the middle of a thousand requests, and what a mountain of blocked ones costs.

use crate::harness::{DEADLINE, Options, Reaction, Receiver, World, wait_for};
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio_postgres::Client;

/// Long enough for a hundred thousand requests of unoptimised programs on a busy machine.
const LOAD_DEADLINE: Duration = Duration::from_secs(600);

/// Owes an endpoint `subjects` messages of `sequences` notifications each, as a worker does: the body says which.
async fn owe(db: &Client, endpoint: i32, subjects: i32, sequences: i32) {
    let notifications = "
        INSERT INTO notifications (created_on, subject_key, type, source_id, webhook_id, sequence, implied, status,
                                   occurred_at, created_at, body)
        SELECT current_date, md5(m::text)::uuid, 'type-' || s, 1, md5(m || '-' || s)::uuid, s, false, 'opened', now(), now(),
               convert_to(format('{\"m\":%s,\"s\":%s}', m, s), 'UTF8')
        FROM generate_series(1, $1::int) AS m, generate_series(1, $2::int) AS s";
    db.execute(notifications, &[&subjects, &sequences]).await.unwrap();
    let owed = "
        INSERT INTO delivery_queue (endpoint_id, subject_key, type, notification_on, sequence, due_at, created_at)
        SELECT $3, md5(m::text)::uuid, 'type-' || s, current_date, s, now(), now()
        FROM generate_series(1, $1::int) AS m, generate_series(1, $2::int) AS s
        ORDER BY s, m";
    db.execute(owed, &[&subjects, &sequences, &endpoint]).await.unwrap();
}

fn place(body: &[u8]) -> (i64, i64) {
    let body: serde_json::Value = serde_json::from_slice(body).unwrap();
    (body["m"].as_i64().unwrap(), body["s"].as_i64().unwrap())
}

async fn endpoint(world: &World, receiver: &Receiver, flags: &[&str]) -> i32 {
    let endpoint = world.endpoint(receiver, flags).await;
    endpoint["id"].as_i64().unwrap().try_into().unwrap()
}

async fn nothing_owed(db: &Client) {
    wait_for("everything to be told", LOAD_DEADLINE, async || {
        let left: i64 = db.query_one("SELECT count(*) FROM delivery_queue", &[]).await.unwrap().get(0);
        if left == 0 { Ok(()) } else { Err(format!("{left} left")) }
    })
    .await;
}

/// What the consumer has taken of each message, in the order of arrival, and how often it was asked in all.
#[derive(Default)]
struct Book {
    taken: HashMap<i64, Vec<i64>>,
    requests: u64,
    early: u64,
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_thousand_deliveries_keep_the_order_of_their_messages_whatever_fails() {
    const SUBJECTS: i32 = 25_000;
    const SEQUENCES: i32 = 4;
    let world = World::start(Options::new(0, 0, 2).set(
        "dispatcher",
        "SENDSTATE_DISPATCHER_ENDPOINT_IN_FLIGHT",
        "64",
    ))
    .await;
    let receiver = Receiver::start().await;
    let schedule = ["0s"; 20].join(",");
    let endpoint = endpoint(&world, &receiver, &["--schedule", &schedule]).await;
    let book = Arc::new(Mutex::new(Book::default()));
    let keeping = Arc::clone(&book);
    receiver.keep_nothing();
    receiver.react(move |arrived| {
        let (message, sequence) = place(&arrived.body);
        let mut book = keeping.lock().unwrap();
        book.requests += 1;
        // One in twenty fails, now this way and now that.
        match rand::random::<u32>() % 40 {
            0 => return Reaction::Status(404),
            1 => return Reaction::Close,
            _ => {}
        }
        let taken = book.taken.entry(message).or_default();
        let expected = i64::try_from(taken.len()).unwrap() + 1;
        // The same again, because an answer was lost, is no step forward.
        if sequence == expected {
            taken.push(sequence);
        } else if sequence > expected {
            book.early += 1;
        }
        Reaction::Status(200)
    });
    let db = world.db().await;
    owe(&db, endpoint, SUBJECTS, SEQUENCES).await;
    nothing_owed(&db).await;
    let finished = "SELECT count(*) FROM deliveries_finished WHERE state = 'delivered'";
    let finished: i64 = db.query_one(finished, &[]).await.unwrap().get(0);
    assert_eq!(finished, i64::from(SUBJECTS * SEQUENCES));
    let book = std::mem::take(&mut *book.lock().unwrap());
    assert_eq!(book.early, 0, "deliveries overtook earlier ones of their message");
    assert_eq!(book.taken.len(), usize::try_from(SUBJECTS).unwrap());
    assert!(book.taken.values().all(|taken| taken.len() == usize::try_from(SEQUENCES).unwrap()));
    assert!(book.requests > 104_000, "{} requests: too few have failed", book.requests);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dispatcher_killed_with_a_thousand_requests_under_way_loses_none_and_makes_no_attempt_up() {
    const REQUESTS: i32 = 1_000;
    let options = Options::new(0, 0, 1).set("dispatcher", "SENDSTATE_DISPATCHER_IN_FLIGHT", "1200").set(
        "dispatcher",
        "SENDSTATE_DISPATCHER_ENDPOINT_IN_FLIGHT",
        "1000",
    );
    let mut world = World::start(options).await;
    let receiver = Receiver::start().await;
    let endpoint = endpoint(&world, &receiver, &["--timeout", "60s"]).await;
    receiver.react(|_| Reaction::HangBeforeHeaders);
    let db = world.db().await;
    owe(&db, endpoint, REQUESTS, 1).await;
    wait_for("a thousand requests to be under way", DEADLINE, async || {
        let arrived = receiver.arrived().len();
        if arrived == 1_000 { Ok(()) } else { Err(format!("{arrived} arrived")) }
    })
    .await;
    world.kill("dispatcher-1");
    let attempts: i64 = db.query_one("SELECT count(*) FROM attempts", &[]).await.unwrap().get(0);
    assert_eq!(attempts, 0, "nothing had ended");
    receiver.react(|_| Reaction::Status(200));
    // The leases' end, which is all that the passing of time brings.
    db.execute("UPDATE delivery_queue SET due_at = now() WHERE lease IS NOT NULL", &[]).await.unwrap();
    world.start_process("dispatcher-1").await;
    nothing_owed(&db).await;
    let mut ids: BTreeMap<String, usize> = BTreeMap::new();
    for arrived in receiver.arrived() {
        *ids.entry(arrived.headers["webhook-id"].to_str().unwrap().to_owned()).or_default() += 1;
    }
    assert!(ids.len() == 1_000 && ids.values().all(|times| *times == 2), "{} ids", ids.len());
    let honest = "SELECT count(*) FROM attempts WHERE number = 2 AND outcome = 'delivered'";
    assert_eq!(db.query_one(honest, &[]).await.unwrap().get::<_, i64>(0), 1_000);
    receiver.forget();
    world.finish().await;
}

/// Blocks that a look reads, by the server's own account.
async fn blocks_read(db: &Client) -> i64 {
    let ready = include_str!("../../crates/store/sql/delivery_ready.sql");
    db.execute("DEALLOCATE ALL", &[]).await.unwrap();
    db.batch_execute(&format!("PREPARE ready AS {ready}")).await.unwrap();
    let explain = "EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) EXECUTE ready(now(), '{}')";
    let row = db.query_one(explain, &[]).await.unwrap();
    let plan: serde_json::Value = row.get(0);
    let plan = &plan[0]["Plan"];
    plan["Shared Hit Blocks"].as_i64().unwrap() + plan["Shared Read Blocks"].as_i64().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn half_a_million_blocked_followers_cost_a_look_no_more_than_an_empty_queue_does() {
    let world = World::start(Options::new(0, 0, 0)).await;
    let receiver = Receiver::start().await;
    let endpoint = endpoint(&world, &receiver, &[]).await;
    let db = world.db().await;
    let one = "INSERT INTO delivery_queue (endpoint_id, subject_key, type, notification_on, sequence, due_at, created_at)
               VALUES ($1, gen_random_uuid(), 'type-0', current_date, 1, now() + interval '1 hour', now())";
    db.execute(one, &[&endpoint]).await.unwrap();
    db.batch_execute("VACUUM ANALYZE delivery_queue").await.unwrap();
    let empty = blocks_read(&db).await;
    // Heads wait an hour for their retry; what follows waits behind them.
    let many = "INSERT INTO delivery_queue (endpoint_id, subject_key, type, notification_on, sequence, lane, attempts, due_at, created_at)
                SELECT $1, md5(m::text)::uuid, 'type-' || s, current_date, s, (s = 1)::int, (s = 1)::int,
                       now() + interval '1 hour' + (s > 1)::int * interval '1 microsecond', now()
                FROM generate_series(1, 1000) AS m, generate_series(1, 501) AS s";
    db.execute(many, &[&endpoint]).await.unwrap();
    db.batch_execute("VACUUM ANALYZE delivery_queue").await.unwrap();
    let blocked = blocks_read(&db).await;
    // An index two levels higher, for two lanes instead of one.
    assert!(blocked <= empty + 24, "a look reads {blocked} blocks, {empty} of an empty queue");
    db.batch_execute("TRUNCATE delivery_queue").await.unwrap();
    world.finish().await;
}
