//! Hints end the pauses of dispatchers, and without them the pauses end by themselves.

use super::stage::Stage;
use crate::harness::{DEADLINE, Options, Server, wait_for};

const DISPATCHER: &str = "dispatcher-1";
/// As long as the setting allows. The pause grows to it from milliseconds, doubling with each look that finds nothing.
const IDLE_POLL: &str = "10s";
/// Looks that find nothing, one after the other, after which a pause lasts a second and more.
const QUIET_LOOKS: f64 = 7.0;

/// Looks that a worker's hint has hurried.
async fn hurried(stage: &mut Stage) -> f64 {
    stage.world.metric(DISPATCHER, "sendstate_dispatcher_hurried_polls_total{hint=\"notified\"}").await
}

async fn listening_is(stage: &mut Stage, expected: f64) {
    wait_for("the dispatcher's ear", DEADLINE, async || {
        let listening = stage.world.metric(DISPATCHER, "sendstate_dispatcher_listening").await;
        if listening == expected { Ok(()) } else { Err(format!("listening is {listening}")) }
    })
    .await;
}

/// Waits until nothing was found for some time.
async fn quiet(stage: &mut Stage) {
    let mut since = (f64::NAN, 0.0);
    wait_for("the dispatcher to find nothing", DEADLINE, async || {
        let looks = async |stage: &mut Stage, result: &str| {
            let series = format!("sendstate_dispatcher_polls_total{{result=\"{result}\"}}");
            stage.world.metric(DISPATCHER, &series).await
        };
        let (found, empty) = (looks(stage, "found").await, looks(stage, "empty").await);
        if found != since.0 {
            since = (found, empty);
        }
        let quiet = empty - since.1;
        if quiet >= QUIET_LOOKS { Ok(()) } else { Err(format!("{quiet} looks found nothing")) }
    })
    .await;
}

/// Tells mails one by one, each in a pause of its own, until a worker's hint has ended such a pause. `told`: how many
/// were told before.
async fn hint_ends_a_pause(stage: &mut Stage, mut told: i64) {
    let before = hurried(stage).await;
    wait_for("a hint to hurry a look", DEADLINE, async || {
        quiet(stage).await;
        stage.deliver(1).await;
        told += 1;
        stage.delivered(told).await;
        if hurried(stage).await > before { Ok(()) } else { Err(format!("{told} told without")) }
    })
    .await;
}

#[tokio::test]
async fn what_a_worker_has_committed_ends_the_pause_of_a_dispatcher_that_would_look_much_later() {
    let options = Options::new(1, 1, 1).set("dispatcher", "SENDSTATE_DISPATCHER_IDLE_POLL", IDLE_POLL);
    let mut stage = Stage::set_with(options).await;
    listening_is(&mut stage, 1.0).await;
    hint_ends_a_pause(&mut stage, 0).await;
    let sent = stage.world.metric("worker-1", "sendstate_worker_hints_total{outcome=\"sent\"}").await;
    let failed = stage.world.metric("worker-1", "sendstate_worker_hints_total{outcome=\"failed\"}").await;
    assert!(sent >= 1.0 && failed == 0.0, "{sent} hints were sent, {failed} were not");
    stage.world.finish().await;
}

#[tokio::test]
async fn a_dispatcher_that_no_hint_reaches_goes_on_looking_until_it_can_listen_again() {
    let mut stage = Stage::set_with(Options::new(1, 1, 1).through_proxies()).await;
    listening_is(&mut stage, 1.0).await;
    // Its other connections are made with this and stay.
    stage.deliver(1).await;
    stage.delivered(1).await;
    stage.world.proxy(DISPATCHER, Server::Database).refuse();
    let cut = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
               WHERE datname = current_database() AND application_name = 'sendstate_dispatcher' AND query LIKE '%LISTEN%'";
    let cut: Vec<bool> = stage.db.query(cut, &[]).await.unwrap().iter().map(|row| row.get(0)).collect();
    assert_eq!(cut, [true], "one connection listens");
    listening_is(&mut stage, 0.0).await;
    let before = hurried(&mut stage).await;
    stage.deliver(1).await;
    stage.delivered(2).await;
    assert_eq!(hurried(&mut stage).await, before, "nothing can have been heard");
    stage.world.proxy(DISPATCHER, Server::Database).pass();
    listening_is(&mut stage, 1.0).await;
    hint_ends_a_pause(&mut stage, 2).await;
    stage.world.finish().await;
}
