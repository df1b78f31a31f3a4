//! Each process killed (SIGKILL) again and again while events flow: nothing is lost, nothing told twice under two ids.

use crate::harness::{Cut, DEADLINE, Load, Options, Receiver, Sender, Server, World};

const ROUNDS: usize = 3;
/// Batches accepted between two kills.
const BETWEEN: usize = 8;

/// A world with traffic, and a consumer that writes down what it is told.
async fn busy(options: Options, ingests: usize) -> (World, Receiver, Load) {
    let world = World::start(options).await;
    let (sender, receiver) = (Sender::new(), Receiver::start().await);
    let source = world.source("main", &["--public-key", &sender.public_key()]).await;
    world.endpoint(&receiver, &[]).await;
    let urls: Vec<_> = (1..=ingests).map(|number| world.inbound(&source, number)).collect();
    let load = Load::start(&sender, &urls);
    (world, receiver, load)
}

/// Ends the traffic and compares everybody's books.
async fn nothing_is_lost(world: World, receiver: Receiver, load: Load) {
    let account = load.stop().await;
    account.is_in_the_ledger(&world.db().await, DEADLINE).await;
    account.was_told(&receiver, DEADLINE).await;
    world.nothing_owed().await;
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_when_an_ingest_is_killed() {
    let (mut world, receiver, load) = busy(Options::new(2, 1, 1), 2).await;
    for _ in 0..ROUNDS {
        load.goes_on(BETWEEN).await;
        world.kill("ingest-1");
        load.goes_on(BETWEEN).await;
        world.start_process("ingest-1").await;
    }
    nothing_is_lost(world, receiver, load).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_when_a_worker_is_killed() {
    let (mut world, receiver, load) = busy(Options::new(1, 2, 1), 1).await;
    for round in 0..ROUNDS {
        load.goes_on(BETWEEN).await;
        let worker = ["worker-1", "worker-2"][round % 2];
        world.kill(worker);
        load.goes_on(BETWEEN).await;
        world.start_process(worker).await;
    }
    // And now nobody is left to take over.
    world.kill("worker-1");
    world.kill("worker-2");
    load.goes_on(BETWEEN).await;
    world.start_process("worker-1").await;
    nothing_is_lost(world, receiver, load).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_when_a_dispatcher_is_killed() {
    let options = Options::new(1, 1, 2).set("dispatcher", "SENDSTATE_DISPATCHER_REQUEST_TIMEOUT", "1s");
    let (mut world, receiver, load) = busy(options, 1).await;
    for round in 0..ROUNDS {
        load.goes_on(BETWEEN).await;
        world.restart(["dispatcher-1", "dispatcher-2"][round % 2]).await;
    }
    nothing_is_lost(world, receiver, load).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_when_every_connection_is_cut() {
    let (world, receiver, load) = busy(Options::new(2, 2, 1).through_proxies(), 2).await;
    for round in 0..2 * ROUNDS {
        load.goes_on(BETWEEN).await;
        let server = [Server::Broker, Server::Database][round % 2];
        let how = [Cut::Reset, Cut::Close, Cut::Close, Cut::Reset][round % 4];
        world.proxies(server).for_each(|proxy| proxy.cut(how));
    }
    nothing_is_lost(world, receiver, load).await;
}
