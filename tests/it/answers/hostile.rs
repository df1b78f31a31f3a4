//! Senders that are slow, stop, or announce what they do not send: over raw sockets.

use super::world;
use crate::harness::{Options, Sender, World, target};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// Writes what is given and reads whatever comes until the other side closes.
async fn say(url: &str, words: &[u8], then_close: bool) -> String {
    let mut stream = TcpStream::connect(target(url).0).await.unwrap();
    stream.write_all(words).await.unwrap();
    if then_close {
        stream.shutdown().await.unwrap();
    }
    let mut heard = Vec::new();
    // A reset ends it as well as a close does.
    drop(stream.read_to_end(&mut heard).await);
    String::from_utf8_lossy(&heard).into_owned()
}

/// A world whose ingest is as impatient as it can be.
async fn impatient() -> World {
    let options = Options::new(1, 1, 0);
    let options = options.set("ingest", "SENDSTATE_INGEST_HEADER_TIMEOUT", "1s");
    World::start(options.set("ingest", "SENDSTATE_INGEST_BODY_TIMEOUT", "1s")).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_announced_too_large_is_413_before_a_byte_of_it_is_sent() {
    let world = world().await;
    let sender = Sender::new();
    let url = world.signed_source("main", &sender).await;
    let mut stream = TcpStream::connect(target(&url).0).await.unwrap();
    stream.write_all(sender.post("[]").head(&url, (5 << 20) + 1).as_bytes()).await.unwrap();
    let mut heard = vec![0; 12];
    stream.read_exact(&mut heard).await.unwrap();
    assert_eq!(heard, b"HTTP/1.1 413");
    drop(stream);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_head_that_does_not_end_closes_the_connection() {
    let world = impatient().await;
    let sender = Sender::new();
    let url = world.signed_source("main", &sender).await;
    for part in ["", "POST", "POST /webhooks/sendgrid/main HTTP/1.1\r\nHost: x\r\nX-Slow: "] {
        let heard = say(&url, part.as_bytes(), false).await;
        assert!(heard.is_empty() || heard.starts_with("HTTP/1.1 4"), "{heard}");
    }
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_does_not_arrive_is_408() {
    let world = impatient().await;
    let sender = Sender::new();
    let url = world.signed_source("main", &sender).await;
    let post = sender.post("[]");
    for part in ["", "["] {
        let heard = say(&url, format!("{}{part}", post.head(&url, 2)).as_bytes(), false).await;
        assert!(heard.starts_with("HTTP/1.1 408 "), "{heard}");
        assert!(heard.contains("body_timeout"), "{heard}");
    }
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_breaks_off_is_not_accepted() {
    let world = world().await;
    let sender = Sender::new();
    let url = world.signed_source("main", &sender).await;
    let post = sender.post("[]");
    let heard = say(&url, format!("{}[", post.head(&url, 2)).as_bytes(), true).await;
    assert!(heard.is_empty() || heard.starts_with("HTTP/1.1 400 "), "{heard}");
    let heard = say(&url, format!("{}[]", post.head(&url, 2)).as_bytes(), true).await;
    assert!(heard.starts_with("HTTP/1.1 204 "), "the same, whole: {heard}");
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_http_harms_nobody() {
    let world = world().await;
    let sender = Sender::new();
    let url = world.signed_source("main", &sender).await;
    let many_headers: String = (0..100).map(|number| format!("X-{number}: {number}\r\n")).collect();
    for noise in [
        "\0\0\0\0\r\n\r\n".to_owned(),
        "\x16\x03\x01\x02\x00\x01\x00\x01\u{fc}\x03\x03\r\n\r\n".to_owned(),
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_owned(),
        format!("POST /webhooks/sendgrid/main HTTP/1.1\r\nHost: x\r\n{many_headers}\r\n"),
        "POST /webhooks/sendgrid/main HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n".to_owned(),
        format!("POST /{} HTTP/1.1\r\nHost: x\r\n\r\n", "a".repeat(70_000)),
    ] {
        let heard = say(&url, noise.as_bytes(), true).await;
        assert!(heard.is_empty() || heard.starts_with("HTTP/1.1 4"), "{heard}");
    }
    assert_eq!(sender.post("[]").to(&url).await.unwrap().status, 204);
    world.finish().await;
}
