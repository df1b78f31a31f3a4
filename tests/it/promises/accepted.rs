//! Promise 1: a 2xx means that the broker has confirmed the batch.

use crate::harness::{Cut, Mail, Options, Receiver, Sender, Server, Side, World, tally};
use serde_json::Value;

/// Two ingests, of which the first is about to be killed.
async fn world() -> (World, Sender, Receiver, Value) {
    let world = World::start(Options::new(2, 1, 1).through_proxies()).await;
    let (sender, receiver) = (Sender::new(), Receiver::start().await);
    let source = world.source("main", &["--public-key", &sender.public_key()]).await;
    world.endpoint(&receiver, &[]).await;
    (world, sender, receiver, source)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_whose_ingest_dies_before_publishing_is_not_accepted_and_counts_when_sent_again() {
    let (mut world, sender, receiver, source) = world().await;
    let mail = Mail::new();
    let post = sender.batch(&[mail.event("delivered", 1), mail.event("open", 2)]);
    let broker = world.proxy("ingest-1", Server::Broker);
    broker.stall_only(Side::ToServer);
    let url = world.inbound(&source, 1);
    let in_hand = tokio::spawn({
        let post = post.clone();
        async move { post.to(&url).await }
    });
    // Whether it has come to publishing or not, nothing gets to the broker.
    world.requests_in_hand("ingest-1", 1).await;
    world.kill("ingest-1");
    world.proxy("ingest-1", Server::Broker).cut(Cut::Reset);
    assert!(in_hand.await.unwrap().is_err(), "it was answered");
    let again = post.to(&world.inbound(&source, 2)).await.unwrap();
    assert_eq!(tally(&world.batch(&again).await), [2, 2, 0, 0, 0, 0]);
    world.nothing_owed().await;
    assert_eq!(receiver.told().len(), 2);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_whose_ingest_dies_before_the_confirm_is_recognised_when_sent_again() {
    let (mut world, sender, receiver, source) = world().await;
    let mail = Mail::new();
    let post = sender.batch(&[mail.event("delivered", 1), mail.event("open", 2)]);
    world.proxy("ingest-1", Server::Broker).stall_only(Side::ToClient);
    let url = world.inbound(&source, 1);
    let in_hand = tokio::spawn({
        let post = post.clone();
        async move { post.to(&url).await }
    });
    // The broker has it, and so has the worker; only ingest does not know.
    world.nothing_owed_of(2).await;
    world.kill("ingest-1");
    assert!(
        in_hand.await.unwrap().map_or(true, |answer| answer.status == 503),
        "it was accepted unconfirmed"
    );
    let again = post.to(&world.inbound(&source, 2)).await.unwrap();
    assert_eq!(tally(&world.batch(&again).await), [2, 0, 0, 0, 2, 0]);
    world.nothing_owed().await;
    assert_eq!(receiver.notifications().len(), 2);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_whose_ingest_dies_after_the_204_is_applied() {
    let (mut world, sender, receiver, source) = world().await;
    let mail = Mail::new();
    world.pause("worker-1");
    let post = sender.batch(&[mail.event("delivered", 1), mail.event("open", 2)]);
    let answer = post.to(&world.inbound(&source, 1)).await.unwrap();
    world.kill("ingest-1");
    world.resume("worker-1");
    assert_eq!(tally(&world.batch(&answer).await), [2, 2, 0, 0, 0, 0]);
    world.nothing_owed().await;
    assert_eq!(receiver.told().len(), 2);
    world.finish().await;
}
