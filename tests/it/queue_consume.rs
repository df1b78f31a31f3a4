//! What `queue::Consumer` promises, against a real broker: windows within their limits, acknowledgements that cover a
//! prefix and nothing else, and a clear end of the subscription.

use crate::harness::{DEADLINE, environment, wait_for};
use futures_util::future::join_all;
use queue::{
    Consumer, Message, Publisher, PublisherLimits, QueueError, QueueName, Settings, Tag, Unsettled, Window,
    WindowLimits,
};
use std::time::Duration;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

fn settings() -> Settings {
    Settings::new(&environment().amqp_url, &format!("it-{}", Uuid::now_v7().simple())).unwrap()
}

/// A queue with these bodies in it, in this order; the ids are their numbers.
async fn filled(settings: &Settings, bodies: &[usize]) {
    let limits = PublisherLimits { lanes: 1, ..PublisherLimits::default() };
    let publisher = Publisher::start(settings.clone(), limits, CancellationToken::new());
    let mut state = publisher.state();
    timeout(DEADLINE, state.wait_for(|s| *s == queue::PublisherState::Ready)).await.unwrap().unwrap();
    let publishing = bodies.iter().enumerate().map(|(number, bytes)| {
        let message = Message { id: number.to_string(), headers: vec![], body: vec![b'x'; *bytes].into() };
        publisher.publish(message, DEADLINE)
    });
    join_all(publishing).await.into_iter().collect::<Result<Vec<()>, _>>().unwrap();
    assert_eq!(publisher.close(DEADLINE).await, Unsettled(0));
}

async fn subscribed(settings: &Settings, queue: QueueName, prefetch: u16) -> Consumer {
    Consumer::subscribe(settings, queue, prefetch).await.unwrap()
}

/// Limits that wait for a window to be full; the test's deadline ends the wait of one that never is.
fn full(messages: usize) -> WindowLimits {
    WindowLimits { messages, bytes: usize::MAX, linger: DEADLINE }
}

async fn window(consumer: &mut Consumer, limits: WindowLimits) -> Window {
    timeout(DEADLINE * 2, consumer.window(limits)).await.unwrap().unwrap()
}

fn ids(window: &Window) -> Vec<usize> {
    window.deliveries().iter().map(|delivery| delivery.message.id.parse().unwrap()).collect()
}

fn tag(window: &Window, at: usize) -> Tag {
    window.deliveries()[at].tag
}

/// Nothing is ready. To be called when every consumer is gone, so that nothing can come back either.
async fn assert_empty(settings: &Settings, queue: QueueName) {
    wait_for("an empty queue", DEADLINE, async || match queue::depth(settings, queue).await {
        Ok(0) => Ok(()),
        seen => Err(format!("{seen:?}")),
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_window_holds_what_its_limit_allows_and_the_next_one_goes_on() {
    let settings = settings();
    filled(&settings, &[10; 10]).await;
    let mut consumer = subscribed(&settings, QueueName::Batches, 100).await;
    let first = window(&mut consumer, full(4)).await;
    let second = window(&mut consumer, full(6)).await;
    assert_eq!((ids(&first), ids(&second)), ((0..4).collect(), (4..10).collect()));
    assert!(first.deliveries().iter().all(|delivery| !delivery.redelivered));
    consumer.ack(first.through()).await.unwrap();
    consumer.ack(second.through()).await.unwrap();
    consumer.give_back().await;
    assert_empty(&settings, QueueName::Batches).await;
    queue::delete(&settings).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_window_is_bounded_by_bytes_and_a_larger_body_comes_alone() {
    let settings = settings();
    filled(&settings, &[400, 400, 400, 5_000, 100, 1_000]).await;
    let mut consumer = subscribed(&settings, QueueName::Batches, 100).await;
    let limits = WindowLimits { messages: 100, bytes: 1_000, linger: DEADLINE };
    let mut seen = Vec::new();
    for _ in 0..4 {
        seen.push(ids(&window(&mut consumer, limits).await));
    }
    assert_eq!(seen, [vec![0, 1], vec![2], vec![3], vec![4]]);
    let last = window(&mut consumer, WindowLimits { linger: Duration::ZERO, ..limits }).await;
    assert_eq!(ids(&last), [5]);
    consumer.ack(last.through()).await.unwrap();
    consumer.give_back().await;
    queue::delete(&settings).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn without_linger_a_window_takes_what_is_there() {
    let settings = settings();
    filled(&settings, &[10]).await;
    let mut consumer = subscribed(&settings, QueueName::Batches, 100).await;
    let limits = WindowLimits { messages: 100, bytes: 1 << 20, linger: Duration::ZERO };
    assert_eq!(ids(&window(&mut consumer, limits).await), [0]);
    consumer.give_back().await;
    queue::delete(&settings).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_window_does_not_linger_for_more_than_the_broker_will_send() {
    let settings = settings();
    filled(&settings, &[10; 10]).await;
    let mut consumer = subscribed(&settings, QueueName::Batches, 3).await;
    let endless = WindowLimits { messages: 100, bytes: usize::MAX, linger: Duration::from_secs(3_600) };
    let first = window(&mut consumer, endless).await;
    assert_eq!(ids(&first), [0, 1, 2]);
    consumer.ack(tag(&first, 1)).await.unwrap();
    let second = window(&mut consumer, endless).await;
    assert_eq!(ids(&second), [3, 4]);
    consumer.ack(second.through()).await.unwrap();
    assert_eq!(ids(&window(&mut consumer, endless).await), [5, 6, 7]);
    consumer.give_back().await;
    queue::delete(&settings).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_window_that_was_not_waited_for_loses_nothing() {
    let settings = settings();
    filled(&settings, &[10; 5]).await;
    let mut consumer = subscribed(&settings, QueueName::Batches, 100).await;
    // Gathers all five, lingers for a sixth, and is dropped.
    let endless = WindowLimits { messages: 6, bytes: usize::MAX, linger: Duration::from_secs(3_600) };
    assert!(timeout(Duration::from_millis(300), consumer.window(endless)).await.is_err());
    assert_eq!(ids(&window(&mut consumer, full(5)).await), [0, 1, 2, 3, 4]);
    consumer.give_back().await;
    queue::delete(&settings).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_acknowledgement_covers_its_prefix_and_leaves_the_rest() {
    let settings = settings();
    filled(&settings, &[10; 6]).await;
    let mut consumer = subscribed(&settings, QueueName::Batches, 100).await;
    let all = window(&mut consumer, full(6)).await;
    consumer.ack(tag(&all, 3)).await.unwrap();
    // Again, and through an earlier one: nothing to do, and no offence to the broker.
    consumer.ack(tag(&all, 3)).await.unwrap();
    consumer.ack(tag(&all, 0)).await.unwrap();
    consumer.give_back().await;
    let mut next = subscribed(&settings, QueueName::Batches, 100).await;
    let rest = window(&mut next, full(2)).await;
    assert_eq!(ids(&rest), [4, 5]);
    assert!(rest.deliveries().iter().all(|delivery| delivery.redelivered));
    next.ack(rest.through()).await.unwrap();
    next.give_back().await;
    assert_empty(&settings, QueueName::Batches).await;
    queue::delete(&settings).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_given_back_comes_again_in_order_and_marked() {
    let settings = settings();
    filled(&settings, &[10; 5]).await;
    let mut consumer = subscribed(&settings, QueueName::Batches, 100).await;
    // Two are handed out, three are still in the client.
    assert_eq!(ids(&window(&mut consumer, full(2)).await), [0, 1]);
    consumer.give_back().await;
    let mut next = subscribed(&settings, QueueName::Batches, 100).await;
    let again = window(&mut next, full(5)).await;
    assert_eq!(ids(&again), [0, 1, 2, 3, 4]);
    assert!(again.deliveries()[..2].iter().all(|delivery| delivery.redelivered));
    next.ack(again.through()).await.unwrap();
    next.give_back().await;
    queue::delete(&settings).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dropped_consumer_returns_its_deliveries() {
    let settings = settings();
    filled(&settings, &[10; 3]).await;
    let mut consumer = subscribed(&settings, QueueName::Batches, 100).await;
    assert_eq!(ids(&window(&mut consumer, full(3)).await), [0, 1, 2]);
    drop(consumer);
    let mut next = subscribed(&settings, QueueName::Batches, 100).await;
    assert_eq!(ids(&window(&mut next, full(3)).await), [0, 1, 2]);
    next.give_back().await;
    queue::delete(&settings).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tag_of_another_subscription_acknowledges_nothing() {
    let settings = settings();
    filled(&settings, &[10; 2]).await;
    let mut first = subscribed(&settings, QueueName::Batches, 1).await;
    let mut second = subscribed(&settings, QueueName::Batches, 1).await;
    let (mine, theirs) = (window(&mut first, full(1)).await, window(&mut second, full(1)).await);
    assert!(matches!(first.ack(theirs.through()).await, Err(QueueError::Ended)));
    first.ack(mine.through()).await.unwrap();
    first.give_back().await;
    second.give_back().await;
    let mut next = subscribed(&settings, QueueName::Batches, 100).await;
    assert_eq!(ids(&window(&mut next, full(1)).await), ids(&theirs));
    next.give_back().await;
    queue::delete(&settings).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_queue_ends_the_subscription_for_good() {
    let settings = settings();
    filled(&settings, &[10]).await;
    let mut consumer = subscribed(&settings, QueueName::Batches, 100).await;
    let held = window(&mut consumer, full(1)).await;
    queue::delete(&settings).await.unwrap();
    for _ in 0..2 {
        let ended = timeout(DEADLINE, consumer.window(full(1))).await.unwrap();
        assert!(matches!(ended, Err(QueueError::Ended)), "{ended:?}");
    }
    drop(held);
    consumer.give_back().await;
    // Subscribing declares it again.
    let mut next = subscribed(&settings, QueueName::Batches, 100).await;
    filled(&settings, &[7]).await;
    assert_eq!(window(&mut next, full(1)).await.deliveries()[0].message.body.len(), 7);
    next.give_back().await;
    queue::delete(&settings).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_comes_back_too_often_is_parked_whole() {
    let settings = settings().with_delivery_limit(2);
    filled(&settings, &[3_000, 10]).await;
    for _ in 0..3 {
        let mut consumer = subscribed(&settings, QueueName::Batches, 1).await;
        assert_eq!(ids(&window(&mut consumer, full(1)).await), [0]);
        consumer.give_back().await;
    }
    let mut parked = subscribed(&settings, QueueName::Parked, 10).await;
    let found = window(&mut parked, full(1)).await;
    assert_eq!((ids(&found), found.deliveries()[0].message.body.len()), (vec![0], 3_000));
    parked.ack(found.through()).await.unwrap();
    parked.give_back().await;
    assert_empty(&settings, QueueName::Parked).await;
    let mut rest = subscribed(&settings, QueueName::Batches, 1).await;
    assert_eq!(ids(&window(&mut rest, full(1)).await), [1]);
    rest.give_back().await;
    queue::delete(&settings).await.unwrap();
}
