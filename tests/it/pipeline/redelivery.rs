//! Batches that the broker hands out again.

use crate::harness::{Cut, DEADLINE, Mail, Options, Receiver, Sender, Server, Side, World, tally, wait_for};
use tokio_postgres::Client;

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_that_comes_again_after_its_commit_changes_nothing() {
    let mut world = World::start(Options::new(1, 1, 1).through_proxies()).await;
    let (sender, receiver, mail) = (Sender::new(), Receiver::start().await, Mail::new());
    let url = world.signed_source("main", &sender).await;
    world.endpoint(&receiver, &[]).await;
    // Deliveries come through, acknowledgements do not.
    let broker = world.proxy("worker-1", Server::Broker);
    broker.stall_only(Side::ToServer);
    let answer = sender.batch(&[mail.event("delivered", 1), mail.event("open", 2)]).to(&url).await.unwrap();
    let before = world.batch(&answer).await;
    assert_eq!(tally(&before), [2, 2, 0, 0, 0, 0]);
    broker.cut(Cut::Reset);
    broker.pass();
    wait_for("the batch to come again", DEADLINE, async || {
        let known = world.metric("worker-1", "sendstate_worker_batches_total{outcome=\"known\"}").await;
        if known >= 1.0 { Ok(()) } else { Err(format!("{known} known")) }
    })
    .await;
    assert_eq!(world.batch(&answer).await, before);
    world.nothing_owed().await;
    assert_eq!(receiver.told().len(), 2);
    world.finish().await;
}

/// Waits until a worker waits for a lock of somebody else's.
async fn someone_waits(db: &Client) {
    wait_for("a worker to wait for a lock", DEADLINE, async || {
        let waiting = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() \
                       AND application_name = 'sendstate_worker' AND wait_event_type = 'Lock'";
        match db.query_one(waiting, &[]).await.unwrap().get::<_, i64>(0) {
            0 => Err("nobody waits".to_owned()),
            _ => Ok(()),
        }
    })
    .await;
}

/// The server notices a dead client only when it has something to say; this is its noticing.
async fn forget_the_dead(db: &Client) {
    let forget = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = current_database() \
                  AND application_name = 'sendstate_worker'";
    db.execute(forget, &[]).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_that_kills_its_worker_three_times_is_no_longer_read() {
    let mut world = World::start(Options::new(1, 1, 0)).await;
    world.allow_error("never finished");
    let (sender, killer, bystander) = (Sender::new(), Mail::new(), Mail::new());
    let url = world.signed_source("main", &sender).await;
    let (db, mut locker) = (world.db().await, world.db().await);
    // Whoever applies events waits; the worker is killed each time it does.
    let lock = locker.transaction().await.unwrap();
    lock.batch_execute("LOCK TABLE events IN ACCESS EXCLUSIVE MODE").await.unwrap();
    let answer = sender.batch(&[killer.event("delivered", 1)]).to(&url).await.unwrap();
    let id: uuid::Uuid = answer.header("sendstate-batch-id").parse().unwrap();
    for starts in 0..=3 {
        someone_waits(&db).await;
        let noted =
            db.query_opt("SELECT starts FROM batch_starts WHERE batch_id = $1", &[&id]).await.unwrap();
        assert_eq!(noted.map_or(0, |row| row.get::<_, i32>(0)), starts);
        world.kill("worker-1");
        forget_the_dead(&db).await;
        world.start_process("worker-1").await;
    }
    let batch = world.batch(&answer).await;
    assert_eq!((batch["state"].as_str(), tally(&batch)), (Some("quarantined"), [1, 0, 0, 0, 0, 1]));
    let held = db.query_one("SELECT reason FROM quarantine WHERE batch_id = $1", &[&id]).await.unwrap();
    assert_eq!(held.get::<_, &str>(0), "never_finished");
    lock.rollback().await.unwrap();
    let after = sender.batch(&[bystander.event("delivered", 1)]).to(&url).await.unwrap();
    assert_eq!(tally(&world.batch(&after).await), [1, 1, 0, 0, 0, 0]);
    let notes: i64 = db.query_one("SELECT count(*) FROM batch_starts", &[]).await.unwrap().get(0);
    assert_eq!(notes, 0, "notes are forgotten at the end");
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_window_that_is_done_early_is_acked_only_after_those_before_it() {
    let mut world = World::start(Options::new(1, 1, 0)).await;
    let (sender, slow, quick) = (Sender::new(), Mail::new(), Mail::new());
    let url = world.signed_source("main", &sender).await;
    world.batch(&sender.batch(&[slow.event("processed", 1)]).to(&url).await.unwrap()).await;
    let (db, mut locker) = (world.db().await, world.db().await);
    let lock = locker.transaction().await.unwrap();
    lock.execute("SELECT FROM messages FOR UPDATE", &[]).await.unwrap();
    let first = sender.batch(&[slow.event("delivered", 2)]).to(&url).await.unwrap();
    someone_waits(&db).await;
    let second = sender.batch(&[quick.event("delivered", 3)]).to(&url).await.unwrap();
    // Committed while the first one waits, and not acked: a kill brings back both.
    assert_eq!(tally(&world.batch(&second).await), [1, 1, 0, 0, 0, 0]);
    world.kill("worker-1");
    forget_the_dead(&db).await;
    lock.rollback().await.unwrap();
    world.start_process("worker-1").await;
    assert_eq!(tally(&world.batch(&first).await), [1, 1, 0, 0, 0, 0]);
    wait_for("the second batch to come again", DEADLINE, async || {
        let known = world.metric("worker-1", "sendstate_worker_batches_total{outcome=\"known\"}").await;
        if known >= 1.0 { Ok(()) } else { Err(format!("{known} known")) }
    })
    .await;
    assert_eq!(tally(&world.batch(&second).await), [1, 1, 0, 0, 0, 0]);
    world.finish().await;
}
