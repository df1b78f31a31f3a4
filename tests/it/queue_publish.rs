//! What `queue::Publisher` promises, against a real broker: `Ok` means that the message is in the queue, anything else
//! is said about the right message, and an answer comes whatever the broker does.
//!
//! A stalled or lost network is played by a [`Proxy`] between publisher and broker.

use crate::harness::{Cut, DEADLINE, Proxy, environment, wait_for};
use bytes::Bytes;
use futures_util::future::join_all;
use queue::{
    AwayReason, Consumer, Delivery, Message, PublishError, Publisher, PublisherLimits, PublisherState,
    QueueError, QueueName, Settings, Unsettled, WindowLimits,
};
use std::{collections::BTreeSet, time::Duration};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use url::Url;
use uuid::Uuid;

/// A patience that runs out while nothing moves.
const SHORT: Duration = Duration::from_millis(300);

fn broker() -> Url {
    environment().amqp_url.parse().unwrap()
}

/// A proxy before the broker, and the broker's URL with it.
async fn proxied() -> (Proxy, Url) {
    let mut url = broker();
    let proxy = Proxy::start(&format!("{}:{}", url.host_str().unwrap(), url.port().unwrap_or(5672))).await;
    url.set_host(Some(&proxy.address().ip().to_string())).unwrap();
    url.set_port(Some(proxy.address().port())).unwrap();
    (proxy, url)
}

/// Settings with queues of their own.
fn settings(url: &Url) -> Settings {
    Settings::new(url.as_str(), &format!("it-{}", Uuid::now_v7().simple())).unwrap()
}

fn start(settings: &Settings, limits: PublisherLimits) -> Publisher {
    Publisher::start(settings.clone(), limits, CancellationToken::new())
}

async fn started(settings: &Settings, limits: PublisherLimits) -> Publisher {
    let publisher = start(settings, limits);
    reaches(&publisher, PublisherState::Ready).await;
    publisher
}

fn one_lane() -> PublisherLimits {
    PublisherLimits { lanes: 1, ..PublisherLimits::default() }
}

async fn reaches(publisher: &Publisher, wanted: PublisherState) {
    let mut state = publisher.state();
    let reached = timeout(DEADLINE, state.wait_for(|state| *state == wanted)).await.map(|r| r.map(|_| ()));
    assert!(matches!(reached, Ok(Ok(()))), "{wanted:?} expected, still {:?}", *publisher.state().borrow());
}

fn message(id: &str, bytes: usize) -> Message {
    Message { id: id.to_owned(), headers: vec![], body: vec![b'x'; bytes].into() }
}

/// Publishes messages of these ids all at once.
async fn burst(publisher: &Publisher, ids: &[String], bytes: usize) -> Vec<Result<(), PublishError>> {
    join_all(ids.iter().map(|id| publisher.publish(message(id, bytes), DEADLINE))).await
}

fn ids(from: usize, count: usize) -> Vec<String> {
    (from..from + count).map(|number| format!("message-{number}")).collect()
}

/// Waits until the queue holds so many.
async fn holds(settings: &Settings, messages: u32) {
    wait_for(&format!("{messages} messages"), DEADLINE, async || {
        match queue::depth(settings, QueueName::Batches).await {
            Ok(depth) if depth == messages => Ok(()),
            seen => Err(format!("{seen:?}")),
        }
    })
    .await;
}

/// Everything in the queue, acknowledged.
async fn drained(settings: &Settings, count: usize) -> Vec<Delivery> {
    let mut consumer = Consumer::subscribe(settings, QueueName::Batches, 500).await.unwrap();
    let limits = WindowLimits { messages: 500, bytes: usize::MAX, linger: Duration::ZERO };
    let mut all = Vec::new();
    while all.len() < count {
        let window = timeout(DEADLINE, consumer.window(limits)).await.unwrap().unwrap();
        consumer.ack(window.through()).await.unwrap();
        all.extend(window.into_deliveries());
    }
    consumer.give_back().await;
    all
}

/// The queue holds exactly the messages that were answered `Ok`.
async fn assert_confirmed_is_what_is_there(
    settings: &Settings,
    answers: &[(String, Result<(), PublishError>)],
) {
    let confirmed: BTreeSet<_> =
        answers.iter().filter(|(_, answer)| answer.is_ok()).map(|(id, _)| id.clone()).collect();
    holds(settings, confirmed.len().try_into().unwrap()).await;
    let there: BTreeSet<_> =
        drained(settings, confirmed.len()).await.into_iter().map(|d| d.message.id).collect();
    assert_eq!(there, confirmed);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_confirmed_message_is_in_the_queue_as_it_was_sent() {
    let settings = settings(&broker());
    let publisher = started(&settings, PublisherLimits::default()).await;
    // Larger than a frame, so that it is cut up and put together again.
    let body: Bytes = (0..300_000_u32).map(|i| i.to_le_bytes()[0]).collect();
    let headers =
        vec![("a-source".to_owned(), "7".to_owned()), ("b-note".to_owned(), "grüß dich".to_owned())];
    let sent = Message { id: Uuid::now_v7().to_string(), headers, body };
    publisher.publish(sent.clone(), DEADLINE).await.unwrap();
    holds(&settings, 1).await;
    let delivered = drained(&settings, 1).await;
    assert_eq!((&delivered[0].message, delivered[0].redelivered), (&sent, false));
    assert_eq!(publisher.close(DEADLINE).await, Unsettled(0));
    queue::delete(&settings).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_body_is_a_message_too() {
    let settings = settings(&broker());
    let publisher = started(&settings, PublisherLimits::default()).await;
    publisher.publish(message("empty", 0), DEADLINE).await.unwrap();
    assert_eq!(drained(&settings, 1).await[0].message, message("empty", 0));
    assert_eq!(publisher.close(DEADLINE).await, Unsettled(0));
    queue::delete(&settings).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_queue_deleted_under_a_live_publisher_is_declared_again() {
    let settings = settings(&broker());
    let publisher = started(&settings, PublisherLimits::default()).await;
    queue::delete(&settings).await.unwrap();
    assert_eq!(publisher.publish(message("lost", 10), DEADLINE).await, Err(PublishError::Unroutable));
    wait_for("the queue to be declared again", DEADLINE, async || {
        publisher.publish(message("after", 10), DEADLINE).await.map_err(|error| error.to_string())
    })
    .await;
    assert_eq!(drained(&settings, 1).await[0].message.id, "after");
    assert_eq!(publisher.close(DEADLINE).await, Unsettled(0));
    queue::delete(&settings).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn in_a_burst_exactly_the_messages_without_a_queue_are_unroutable() {
    let settings = settings(&broker());
    let publisher = started(&settings, one_lane()).await;
    let mut rounds_without_queue = 0;
    for _ in 0..5 {
        queue::delete(&settings).await.unwrap();
        let mut state = publisher.state();
        state.mark_unchanged();
        let wave = ids(0, 200);
        // The queue comes into being somewhere in the wave, or after it.
        let (said, declared) = tokio::join!(burst(&publisher, &wave, 10), queue::declare(&settings));
        declared.unwrap();
        let answers: Vec<_> = wave.into_iter().zip(said).collect();
        // Refused: the queue is there, but has no leader yet. Unavailable: not sent any more, as the connection was
        // about to be replaced.
        let known = [PublishError::Unroutable, PublishError::Refused, PublishError::Unavailable];
        assert!(
            answers.iter().all(|(_, a)| a.err().is_none_or(|error| known.contains(&error))),
            "{answers:?}"
        );
        if answers.iter().any(|(_, answer)| *answer == Err(PublishError::Unroutable)) {
            rounds_without_queue += 1;
            // Away, and perhaps back already.
            timeout(DEADLINE, state.changed()).await.unwrap().unwrap();
            reaches(&publisher, PublisherState::Ready).await;
        }
        assert_confirmed_is_what_is_there(&settings, &answers).await;
    }
    assert!(rounds_without_queue > 0);
    assert_eq!(publisher.close(DEADLINE).await, Unsettled(0));
    queue::delete(&settings).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_queue_refuses_and_what_was_confirmed_is_in_it() {
    let settings = settings(&broker()).with_batches_bytes_max(20_000);
    let publisher = started(&settings, PublisherLimits::default()).await;
    let mut answers = Vec::new();
    // The broker tells a full queue a moment late, so one burst may still get in whole.
    let filling = async {
        while !answers.iter().any(|(_, answer)| *answer == Err(PublishError::Refused)) {
            let wave = ids(answers.len(), 100);
            let said = burst(&publisher, &wave, 1_000).await;
            answers.extend(wave.into_iter().zip(said));
        }
    };
    timeout(DEADLINE, filling).await.unwrap();
    assert!(answers.iter().all(|(_, a)| matches!(a, Ok(()) | Err(PublishError::Refused))));
    assert_confirmed_is_what_is_there(&settings, &answers).await;
    // Room again.
    wait_for("the emptied queue to take messages", DEADLINE, async || {
        publisher.publish(message("after", 10), DEADLINE).await.map_err(|error| error.to_string())
    })
    .await;
    assert_eq!(publisher.close(DEADLINE).await, Unsettled(0));
    queue::delete(&settings).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn patience_ends_the_wait_and_the_late_message_is_published_all_the_same() {
    let (wire, url) = proxied().await;
    let settings = settings(&url);
    let publisher = started(&settings, PublisherLimits::default()).await;
    wire.stall();
    assert_eq!(publisher.publish(message("late", 10), SHORT).await, Err(PublishError::Timeout));
    wire.pass();
    holds(&settings, 1).await;
    publisher.publish(message("next", 10), DEADLINE).await.unwrap();
    assert_eq!(publisher.close(DEADLINE).await, Unsettled(0));
    queue::delete(&settings).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn patience_holds_when_not_even_the_socket_takes_the_message() {
    let (wire, url) = proxied().await;
    let settings = settings(&url);
    let publisher = started(&settings, one_lane()).await;
    wire.stall();
    // 24 MiB are more than the buffers of sockets and relay.
    let answers = join_all(ids(0, 6).iter().map(|id| publisher.publish(message(id, 4 << 20), SHORT))).await;
    assert_eq!(answers, [Err(PublishError::Timeout); 6]);
    wire.pass();
    holds(&settings, 6).await;
    assert_eq!(publisher.close(DEADLINE).await, Unsettled(0));
    queue::delete(&settings).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_waits_for_any_more_is_not_published() {
    let (wire, url) = proxied().await;
    let settings = settings(&url);
    let publisher = started(&settings, PublisherLimits { window: 1, ..one_lane() }).await;
    wire.stall();
    let both = tokio::join!(
        publisher.publish(message("in the window", 10), SHORT),
        publisher.publish(message("behind it", 10), SHORT),
    );
    assert_eq!(both, (Err(PublishError::Timeout), Err(PublishError::Timeout)));
    wire.pass();
    publisher.publish(message("next", 10), DEADLINE).await.unwrap();
    let there: Vec<_> = drained(&settings, 2).await.into_iter().map(|d| d.message.id).collect();
    assert_eq!(there, ["in the window", "next"]);
    assert_eq!(publisher.close(DEADLINE).await, Unsettled(0));
    queue::delete(&settings).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn more_than_may_wait_is_overloaded_at_once() {
    let (wire, url) = proxied().await;
    let settings = settings(&url);
    let limits = PublisherLimits { window: 2, waiting: 2, ..one_lane() };
    let publisher = started(&settings, limits).await;
    wire.stall();
    // Two in the window, two waiting, and a lane that may hold one between the two: the rest cannot be taken.
    let all = ids(0, 8);
    let answers = join_all(all.iter().map(|id| publisher.publish(message(id, 10), SHORT))).await;
    assert!(
        answers.contains(&Err(PublishError::Overloaded)) && answers.contains(&Err(PublishError::Timeout))
    );
    wire.pass();
    assert_eq!(publisher.close(DEADLINE).await, Unsettled(0));
    queue::delete(&settings).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_that_add_up_to_too_much_are_overloaded_at_once() {
    let (wire, url) = proxied().await;
    let settings = settings(&url);
    let large = queue::MESSAGE_BYTES_MAX;
    let publisher = started(&settings, PublisherLimits { bytes: large, ..one_lane() }).await;
    wire.stall();
    let both = tokio::join!(
        publisher.publish(message("all of it", large), SHORT),
        publisher.publish(message("one more", 1), SHORT),
    );
    assert_eq!(both, (Err(PublishError::Timeout), Err(PublishError::Overloaded)));
    wire.pass();
    holds(&settings, 1).await;
    assert_eq!(publisher.close(DEADLINE).await, Unsettled(0));
    queue::delete(&settings).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_confirms_nothing_is_replaced() {
    let (wire, url) = proxied().await;
    let settings = settings(&url);
    let limits = PublisherLimits { confirm: Duration::from_secs(1), ..one_lane() };
    let publisher = started(&settings, limits).await;
    wire.stall();
    let answer = publisher.publish(message("stuck", 10), DEADLINE).await;
    assert_eq!(answer, Err(PublishError::Unavailable));
    assert!(matches!(*publisher.state().borrow(), PublisherState::Away(_)));
    wire.pass();
    reaches(&publisher, PublisherState::Ready).await;
    publisher.publish(message("after", 10), DEADLINE).await.unwrap();
    assert_eq!(publisher.close(DEADLINE).await, Unsettled(0));
    queue::delete(&settings).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_connection_answers_everybody_and_is_made_again() {
    let (wire, url) = proxied().await;
    let settings = settings(&url);
    let publisher = started(&settings, PublisherLimits::default()).await;
    wire.stall();
    let all = ids(0, 100);
    // Their patience is longer than the test: only the loss can answer them.
    let publishing = burst(&publisher, &all, 10);
    let cutting = async {
        tokio::task::yield_now().await;
        wire.cut(Cut::Reset);
    };
    let (answers, ()) = timeout(DEADLINE, async { tokio::join!(publishing, cutting) }).await.unwrap();
    assert!(answers.iter().all(|answer| *answer == Err(PublishError::Unavailable)), "{answers:?}");
    wire.pass();
    reaches(&publisher, PublisherState::Ready).await;
    publisher.publish(message("after", 10), DEADLINE).await.unwrap();
    assert_eq!(publisher.close(DEADLINE).await, Unsettled(0));
    queue::delete(&settings).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn closing_settles_what_was_taken() {
    let settings = settings(&broker());
    let publisher = started(&settings, PublisherLimits::default()).await;
    let clone = publisher.clone();
    let all = ids(0, 500);
    let publishing = tokio::spawn(async move { burst(&clone, &all, 1_000).await });
    wait_for("something in the queue", DEADLINE, async || {
        match queue::depth(&settings, QueueName::Batches).await {
            Ok(1..) => Ok(()),
            seen => Err(format!("{seen:?}")),
        }
    })
    .await;
    assert_eq!(publisher.close(DEADLINE).await, Unsettled(0));
    let answers = timeout(DEADLINE, publishing).await.unwrap().unwrap();
    let answers: Vec<_> = ids(0, 500).into_iter().zip(answers).collect();
    assert!(answers.iter().all(|(_, a)| matches!(a, Ok(()) | Err(PublishError::Unavailable))));
    assert_confirmed_is_what_is_there(&settings, &answers).await;
    queue::delete(&settings).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn closing_says_how_much_the_broker_never_settled() {
    let (wire, url) = proxied().await;
    let settings = settings(&url);
    let publisher = started(&settings, PublisherLimits { window: 2, ..one_lane() }).await;
    wire.stall();
    let answers = join_all(ids(0, 2).iter().map(|id| publisher.publish(message(id, 10), SHORT))).await;
    assert_eq!(answers, [Err(PublishError::Timeout); 2]);
    assert_eq!(publisher.close(SHORT).await, Unsettled(2));
    queue::delete(&Settings::new(broker().as_str(), settings.prefix()).unwrap()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_queue_with_other_arguments_is_a_conflict_and_stays_as_it_is() {
    let settings = settings(&broker());
    queue::declare(&settings).await.unwrap();
    queue::declare(&settings).await.unwrap();
    let other = settings.clone().with_batches_bytes_max(1);
    assert!(matches!(queue::declare(&other).await, Err(QueueError::Conflict(_))));
    let publisher = start(&other, PublisherLimits::default());
    reaches(&publisher, PublisherState::Away(AwayReason::Conflict)).await;
    let answer = publisher.publish(message("a", 1), DEADLINE).await;
    assert_eq!(answer, Err(PublishError::Unavailable));
    assert_eq!(publisher.close(DEADLINE).await, Unsettled(0));
    queue::declare(&settings).await.unwrap();
    queue::delete(&settings).await.unwrap();
    assert!(matches!(queue::depth(&settings, QueueName::Parked).await, Err(QueueError::Missing(_))));
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_credentials_are_denied() {
    let mut url = broker();
    url.set_username("nobody").unwrap();
    url.set_password(Some("wrong")).unwrap();
    let settings = settings(&url);
    assert!(matches!(queue::declare(&settings).await, Err(QueueError::Denied(_))));
    let publisher = start(&settings, PublisherLimits::default());
    reaches(&publisher, PublisherState::Away(AwayReason::Denied)).await;
    assert_eq!(publisher.close(DEADLINE).await, Unsettled(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_virtual_host_is_denied() {
    let mut url = broker();
    url.set_path("/no-such-host");
    let settings = settings(&url);
    assert!(matches!(queue::declare(&settings).await, Err(QueueError::Denied(_))));
}
