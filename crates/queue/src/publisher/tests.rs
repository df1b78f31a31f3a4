//! What can be told without a broker; the rest is in the integration tests.

use super::*;
use bytes::Bytes;
use tokio::net::TcpListener;

const PATIENCE: Duration = Duration::from_secs(30);

fn message(id: &str) -> Message {
    Message { id: id.into(), headers: vec![], body: Bytes::from_static(b"{}") }
}

fn publisher(port: u16) -> Publisher {
    let url = format!("amqp://127.0.0.1:{port}/%2f?connection_timeout=200");
    let settings = Settings::new(&url, "sendstate").unwrap();
    Publisher::start(settings, PublisherLimits::default(), CancellationToken::new())
}

/// A port that nobody listens on.
async fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port()
}

async fn until(publisher: &Publisher, wanted: PublisherState) {
    let mut state = publisher.state();
    timeout(PATIENCE, state.wait_for(|state| *state == wanted)).await.unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_broker_publishing_fails_at_once_and_says_why() {
    let publisher = publisher(free_port().await);
    assert_eq!(publisher.publish(message("a"), PATIENCE).await, Err(PublishError::Unavailable));
    until(&publisher, PublisherState::Away(AwayReason::Unreachable)).await;
    assert_eq!(publisher.publish(message("a"), PATIENCE).await, Err(PublishError::Unavailable));
    assert_eq!(publisher.close(PATIENCE).await, Unsettled(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broker_that_accepts_and_never_speaks_is_unreachable() {
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let publisher = publisher(silent.local_addr().unwrap().port());
    until(&publisher, PublisherState::Away(AwayReason::Unreachable)).await;
    assert_eq!(publisher.close(PATIENCE).await, Unsettled(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_socket_of_a_handshake_that_was_given_up_is_closed() {
    use tokio::io::AsyncReadExt as _;
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let publisher = publisher(silent.local_addr().unwrap().port());
    let (mut socket, _) = silent.accept().await.unwrap();
    let mut greeting = Vec::new();
    timeout(PATIENCE, socket.read_to_end(&mut greeting)).await.unwrap().unwrap();
    assert_eq!(greeting, b"AMQP\x00\x00\x09\x01");
    assert_eq!(publisher.close(PATIENCE).await, Unsettled(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_will_never_be_taken_is_told_before_anything_else() {
    let publisher = publisher(free_port().await);
    let message = Message { body: vec![0; MESSAGE_BYTES_MAX + 1].into(), ..message("a") };
    assert_eq!(publisher.publish(message, PATIENCE).await, Err(PublishError::TooLarge));
    assert_eq!(publisher.close(PATIENCE).await, Unsettled(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clone_of_a_closed_publisher_takes_nothing() {
    let publisher = publisher(free_port().await);
    let clone = publisher.clone();
    assert_eq!(publisher.close(PATIENCE).await, Unsettled(0));
    until(&clone, PublisherState::Away(AwayReason::Closed)).await;
    assert_eq!(clone.publish(message("a"), PATIENCE).await, Err(PublishError::Unavailable));
}

#[tokio::test(flavor = "multi_thread")]
async fn no_connection_is_made_after_shutdown() {
    let shutdown = CancellationToken::new();
    shutdown.cancel();
    let url = format!("amqp://127.0.0.1:{}/%2f", free_port().await);
    let settings = Settings::new(&url, "sendstate").unwrap();
    let publisher = Publisher::start(settings, PublisherLimits::default(), shutdown);
    until(&publisher, PublisherState::Away(AwayReason::Closed)).await;
    assert_eq!(publisher.publish(message("a"), PATIENCE).await, Err(PublishError::Unavailable));
    assert_eq!(publisher.close(PATIENCE).await, Unsettled(0));
}

#[test]
fn limits_out_of_range_are_taken_as_the_nearest_end() {
    let none =
        PublisherLimits { lanes: 0, window: 0, waiting: 0, bytes: 0, confirm: Duration::ZERO }.within_range();
    assert_eq!((none.lanes, none.window, none.waiting, none.bytes), (1, 1, 1, MESSAGE_BYTES_MAX));
    let all = PublisherLimits {
        lanes: usize::MAX,
        window: usize::MAX,
        waiting: usize::MAX,
        bytes: usize::MAX,
        confirm: Duration::MAX,
    }
    .within_range();
    assert_eq!((all.lanes, all.window, all.waiting), (16, 256, 4_096));
    assert_eq!(PublisherLimits::default().within_range(), PublisherLimits::default());
}
