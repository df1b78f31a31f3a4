//! Promise 2: an ack means that PostgreSQL has committed.

use crate::harness::{Cut, DEADLINE, Mail, Options, Receiver, Sender, Server, Side, World, tally, wait_for};
use tokio_postgres::Client;

/// Waits until a worker waits inside its transaction.
async fn held_up(db: &Client) {
    wait_for("the worker to wait for the lock", DEADLINE, async || {
        let waiting = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() \
                       AND application_name = 'sendstate_worker' AND wait_event_type = 'Lock'";
        let waiting: i64 = db.query_one(waiting, &[]).await.unwrap().get(0);
        if waiting > 0 { Ok(()) } else { Err("it does not".to_owned()) }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_whose_worker_dies_in_its_transaction_is_applied_by_the_next() {
    let mut world = World::start(Options::new(1, 1, 1)).await;
    let (sender, receiver, mail) = (Sender::new(), Receiver::start().await, Mail::new());
    let url = world.signed_source("main", &sender).await;
    world.endpoint(&receiver, &[]).await;
    let (db, mut locker) = (world.db().await, world.db().await);
    // The batch is claimed and its events are written, its message is not.
    let lock = locker.transaction().await.unwrap();
    lock.batch_execute("LOCK TABLE messages IN ACCESS EXCLUSIVE MODE").await.unwrap();
    let answer = sender.batch(&[mail.event("delivered", 1), mail.event("open", 2)]).to(&url).await.unwrap();
    held_up(&db).await;
    world.kill("worker-1");
    lock.rollback().await.unwrap();
    let id: uuid::Uuid = answer.header("sendstate-batch-id").parse().unwrap();
    let left = db.query_one("SELECT count(*) FROM batches WHERE id = $1", &[&id]).await.unwrap();
    assert_eq!(left.get::<_, i64>(0), 0, "half of it was committed");
    world.start_process("worker-1").await;
    assert_eq!(tally(&world.batch(&answer).await), [2, 2, 0, 0, 0, 0]);
    world.nothing_owed().await;
    assert_eq!(receiver.told().len(), 2);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_whose_worker_dies_between_commit_and_ack_is_recognised_by_the_next() {
    let mut world = World::start(Options::new(1, 1, 1).through_proxies()).await;
    let (sender, receiver, mail) = (Sender::new(), Receiver::start().await, Mail::new());
    let url = world.signed_source("main", &sender).await;
    world.endpoint(&receiver, &[]).await;
    world.proxy("worker-1", Server::Broker).stall_only(Side::ToServer);
    let answer = sender.batch(&[mail.event("delivered", 1), mail.event("open", 2)]).to(&url).await.unwrap();
    let committed = world.batch(&answer).await;
    world.kill("worker-1");
    world.proxy("worker-1", Server::Broker).cut(Cut::Reset);
    world.proxy("worker-1", Server::Broker).pass();
    world.start_process("worker-1").await;
    wait_for("the batch to come again", DEADLINE, async || {
        let known = world.metric("worker-1", "sendstate_worker_batches_total{outcome=\"known\"}").await;
        if known >= 1.0 { Ok(()) } else { Err(format!("{known} known")) }
    })
    .await;
    assert_eq!(world.batch(&answer).await, committed);
    assert_eq!(tally(&committed), [2, 2, 0, 0, 0, 0]);
    world.nothing_owed().await;
    assert_eq!(receiver.told().len(), 2);
    world.finish().await;
}
