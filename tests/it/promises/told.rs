//! Promise 3: a delivery is finished only by whoever still holds its lease.

use crate::harness::{Cut, DEADLINE, Mail, Options, Reaction, Receiver, Sender, Server, World, wait_for};

/// The end of a dead dispatcher's leases, come early.
async fn end_of_leases(world: &World) {
    let end = "UPDATE delivery_queue SET due_at = now() WHERE lease IS NOT NULL";
    assert_eq!(world.db().await.execute(end, &[]).await.unwrap(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_notification_whose_dispatcher_dies_before_the_answer_is_told_again_under_its_id() {
    let mut world = World::start(Options::new(1, 1, 1)).await;
    let (sender, receiver, mail) = (Sender::new(), Receiver::start().await, Mail::new());
    let url = world.signed_source("main", &sender).await;
    world.endpoint(&receiver, &[]).await;
    receiver.react(|_| Reaction::HangBeforeHeaders);
    sender.batch(&[mail.event("delivered", 1)]).to(&url).await.unwrap();
    arrived(&receiver, 1).await;
    world.kill("dispatcher-1");
    receiver.react(|_| Reaction::Status(200));
    end_of_leases(&world).await;
    world.start_process("dispatcher-1").await;
    world.nothing_owed().await;
    one_fact_twice(&receiver);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_notification_whose_dispatcher_dies_before_recording_the_answer_is_told_again_under_its_id() {
    let mut world = World::start(Options::new(1, 1, 1).through_proxies()).await;
    let (sender, receiver, mail) = (Sender::new(), Receiver::start().await, Mail::new());
    let url = world.signed_source("main", &sender).await;
    world.endpoint(&receiver, &[]).await;
    receiver.react(|_| Reaction::HangBeforeHeaders);
    sender.batch(&[mail.event("delivered", 1)]).to(&url).await.unwrap();
    arrived(&receiver, 1).await;
    world.proxy("dispatcher-1", Server::Database).stall();
    receiver.react(|_| Reaction::Status(200));
    receiver.release();
    wait_for("the dispatcher to have its answer", DEADLINE, async || {
        let ended = world.metric("dispatcher-1", "sendstate_dispatcher_request_seconds_count").await;
        if ended >= 1.0 { Ok(()) } else { Err("the request has not ended".to_owned()) }
    })
    .await;
    world.kill("dispatcher-1");
    world.proxy("dispatcher-1", Server::Database).cut(Cut::Reset);
    world.proxy("dispatcher-1", Server::Database).pass();
    end_of_leases(&world).await;
    world.start_process("dispatcher-1").await;
    world.nothing_owed().await;
    one_fact_twice(&receiver);
    world.finish().await;
}

async fn arrived(receiver: &Receiver, requests: usize) {
    wait_for("the notification to arrive", DEADLINE, async || {
        let arrived = receiver.arrived().len();
        if arrived >= requests { Ok(()) } else { Err(format!("{arrived} requests")) }
    })
    .await;
}

/// Two requests, the same words, the same id.
fn one_fact_twice(receiver: &Receiver) {
    let heard = receiver.notifications();
    assert_eq!(heard.len(), 2, "{heard:?}");
    assert_eq!((&heard[0].id, &heard[0].body), (&heard[1].id, &heard[1].body));
    assert_eq!(receiver.told().len(), 1);
}
