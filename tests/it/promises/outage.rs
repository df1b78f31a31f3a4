//! PostgreSQL out of reach for longer than the worker's patience, while events flow.

use crate::harness::{DEADLINE, Load, Options, Receiver, Sender, Server, World, wait_for};
use std::time::Duration;

/// The worker's patience of a minute, and what comes around it.
const PATIENCE: Duration = Duration::from_secs(120);

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_when_postgresql_is_away_until_the_worker_gives_its_batches_back() {
    let mut world = World::start(Options::new(1, 1, 1).through_proxies()).await;
    world.allow_error("database away, giving batches back");
    let (sender, receiver) = (Sender::new(), Receiver::start().await);
    let url = world.signed_source("main", &sender).await;
    world.endpoint(&receiver, &[]).await;
    let load = Load::start(&sender, &[url]);
    load.goes_on(10).await;
    world.proxies(Server::Database).for_each(|proxy| proxy.vanish());
    wait_for("the worker to give its batches back", PATIENCE, async || {
        let times = world.metric("worker-1", "sendstate_worker_given_back_total").await;
        if times >= 1.0 { Ok(()) } else { Err("it has not".to_owned()) }
    })
    .await;
    let (ready, report) = world.readiness("worker-1").await;
    assert!(!ready && report["conditions"]["database"] != "ok", "{report}");
    // Accepting needs no database.
    load.goes_on(10).await;
    world.proxies(Server::Database).for_each(|proxy| proxy.pass());
    load.goes_on(10).await;
    let account = load.stop().await;
    account.is_in_the_ledger(&world.db().await, DEADLINE).await;
    account.was_told(&receiver, DEADLINE).await;
    world.nothing_owed().await;
    let quarantined = world.cli_json(&["audit"]).await["quarantined"].clone();
    assert_eq!(quarantined, 0, "an outage is nobody's fault");
    world.finish().await;
}
