//! SIGTERM: work in hand is ended, the rest given back, and the exit code is 0.

use crate::harness::{DEADLINE, Load, Mail, Options, Receiver, Sender, Server, Side, World, tally, wait_for};

#[tokio::test(flavor = "multi_thread")]
async fn every_process_drains_under_load_and_exits_0() {
    let mut world = World::start(Options::new(2, 2, 2)).await;
    let (sender, receiver) = (Sender::new(), Receiver::start().await);
    let source = world.source("main", &["--public-key", &sender.public_key()]).await;
    world.endpoint(&receiver, &[]).await;
    let load = Load::start(&sender, &[world.inbound(&source, 1), world.inbound(&source, 2)]);
    for name in ["ingest-1", "worker-1", "dispatcher-1", "ingest-2", "worker-2", "dispatcher-2"] {
        load.goes_on(5).await;
        assert_eq!(world.terminate(name).await, Some(0), "{name}");
        world.start_process(name).await;
    }
    let account = load.stop().await;
    account.is_in_the_ledger(&world.db().await, DEADLINE).await;
    account.was_told(&receiver, DEADLINE).await;
    assert_eq!(receiver.notifications().len(), account.owed.len(), "nothing is told twice by a drain");
    world.nothing_owed().await;
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_post_in_hand_at_sigterm_is_still_answered() {
    let options = Options::new(1, 1, 0).through_proxies();
    let mut world = World::start(options.set("ingest", "SENDSTATE_INGEST_CONFIRM_TIMEOUT", "15s")).await;
    let (sender, mail) = (Sender::new(), Mail::new());
    let url = world.signed_source("main", &sender).await;
    world.proxy("ingest-1", Server::Broker).stall_only(Side::ToClient);
    let post = sender.batch(&[mail.event("delivered", 1)]);
    let in_hand = tokio::spawn(async move { post.to(&url).await });
    world.requests_in_hand("ingest-1", 1).await;
    world.program("ingest-1").signal(rustix::process::Signal::TERM);
    wait_for("ingest to drain", DEADLINE, async || match world.readiness("ingest-1").await {
        (false, report) if report["draining"] == true => Ok(()),
        (_, report) => Err(report.to_string()),
    })
    .await;
    world.proxy("ingest-1", Server::Broker).pass();
    let answer = in_hand.await.unwrap().unwrap();
    assert_eq!(tally(&world.batch(&answer).await), [1, 1, 0, 0, 0, 0]);
    assert_eq!(world.program("ingest-1").ended().await.code(), Some(0));
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_asked_to_stop_gives_back_what_it_has_not_begun() {
    let mut world = World::start(Options::new(1, 2, 0)).await;
    let sender = Sender::new();
    let url = world.signed_source("main", &sender).await;
    // Frozen with the messages in its hands; asked to stop the moment it wakes.
    world.pause("worker-1");
    world.kill("worker-2");
    let mut answers = Vec::new();
    for _ in 0..30 {
        answers.push(sender.batch(&[Mail::new().event("delivered", 1)]).to(&url).await.unwrap());
    }
    world.program("worker-1").signal(rustix::process::Signal::TERM);
    world.resume("worker-1");
    assert_eq!(world.program("worker-1").ended().await.code(), Some(0));
    world.start_process("worker-2").await;
    for answer in &answers {
        assert_eq!(tally(&world.batch(answer).await), [1, 1, 0, 0, 0, 0]);
    }
    world.finish().await;
}
