use super::client::Client;
use super::*;
use std::net::SocketAddr;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

const GET: &str = "GET / HTTP/1.1\r\nhost: x\r\n\r\n";

fn short(header_timeout: u64, drain: u64) -> Limits {
    Limits {
        header_timeout: Duration::from_millis(header_timeout),
        drain: Duration::from_millis(drain),
        ..Limits::default()
    }
}

/// A server whose requests wait for `release`, and say on `entered` that they have begun.
struct Server {
    address: SocketAddr,
    shutdown: CancellationToken,
    release: CancellationToken,
    entered: mpsc::Receiver<()>,
    serving: JoinHandle<Drained>,
}

async fn server(limits: Limits) -> Server {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (shutdown, release) = (CancellationToken::new(), CancellationToken::new());
    let (enter, entered) = mpsc::channel(64);
    let handler = {
        let release = release.clone();
        move |_: Request<Incoming>| {
            let (enter, release) = (enter.clone(), release.clone());
            async move {
                enter.send(()).await.unwrap();
                release.cancelled().await;
                Response::new(Full::new(Bytes::from_static(b"done")))
            }
        }
    };
    let serving = tokio::spawn(serve(listener, limits, handler, shutdown.clone()));
    Server { address, shutdown, release, entered, serving }
}

#[tokio::test]
async fn a_peer_that_never_finishes_its_head_is_closed_without_an_answer() {
    let server = server(short(50, 1_000)).await;
    let mut silent = Client::connect(server.address).await;
    let mut slow = Client::connect(server.address).await;
    slow.send("POST / HTTP/1.1\r\nhost: x\r\nx-half").await;
    assert_eq!(silent.rest().await, "");
    assert_eq!(slow.rest().await, "");
}

#[tokio::test]
async fn an_idle_kept_alive_connection_is_closed_by_the_header_timeout() {
    let server = server(short(50, 1_000)).await;
    server.release.cancel();
    let mut client = Client::connect(server.address).await;
    assert!(client.ask(GET).await.ends_with("done"));
    assert_eq!(client.rest().await, "");
}

#[tokio::test]
async fn more_headers_than_allowed_are_refused() {
    let server = server(Limits::default()).await;
    let mut client = Client::connect(server.address).await;
    client.send(&format!("GET / HTTP/1.1\r\n{}\r\n", "x: y\r\n".repeat(65))).await;
    assert!(client.rest().await.starts_with("HTTP/1.1 431 "));
}

#[tokio::test]
async fn a_request_in_hand_ends_after_shutdown_and_new_connections_are_refused() {
    let mut server = server(short(5_000, 20_000)).await;
    let mut client = Client::connect(server.address).await;
    client.send(GET).await;
    server.entered.recv().await.unwrap();
    server.shutdown.cancel();
    // The listener is closed by the serving task; a connection made before that is reset.
    while TcpStream::connect(server.address).await.is_ok() {
        tokio::task::yield_now().await;
    }
    server.release.cancel();
    assert!(client.rest().await.ends_with("done"));
    assert_eq!(server.serving.await.unwrap(), Drained { left: 0 });
}

#[tokio::test]
async fn what_outlives_the_drain_deadline_is_cut_and_counted() {
    let mut server = server(short(5_000, 50)).await;
    let mut stuck = Client::connect(server.address).await;
    stuck.send(GET).await;
    server.entered.recv().await.unwrap();
    server.shutdown.cancel();
    assert_eq!(server.serving.await.unwrap(), Drained { left: 1 });
    assert_eq!(stuck.rest().await, "");
}

#[tokio::test]
async fn a_connection_beyond_its_lifetime_is_ended_even_in_the_middle_of_a_request() {
    let limits = Limits { lifetime: Duration::from_millis(50), ..short(5_000, 50) };
    let mut server = server(limits).await;
    let mut stuck = Client::connect(server.address).await;
    stuck.send(GET).await;
    server.entered.recv().await.unwrap();
    assert_eq!(stuck.rest().await, "");
}

#[tokio::test]
async fn without_a_free_slot_a_connection_waits_for_one() {
    let mut server = server(Limits { connections: 1, ..Limits::default() }).await;
    let mut first = Client::connect(server.address).await;
    first.send(GET).await;
    server.entered.recv().await.unwrap();
    let mut second = Client::connect(server.address).await;
    second.send(GET).await;
    assert!(server.entered.try_recv().is_err(), "the second request began without a slot");
    server.release.cancel();
    assert!(first.answer().await.ends_with("done"));
    drop(first);
    assert!(second.answer().await.ends_with("done"));
}

#[tokio::test]
async fn a_peer_that_has_closed_its_half_still_gets_its_answer() {
    let mut server = server(Limits::default()).await;
    let mut client = Client::connect(server.address).await;
    client.send(GET).await;
    client.finish().await;
    server.entered.recv().await.unwrap();
    server.release.cancel();
    assert!(client.rest().await.ends_with("done"));
}

#[tokio::test]
async fn a_handler_whose_peer_has_gone_is_not_dropped_halfway() {
    let mut server = server(Limits::default()).await;
    let mut client = Client::connect(server.address).await;
    client.send(GET).await;
    server.entered.recv().await.unwrap();
    drop(client);
    server.shutdown.cancel();
    assert!(!server.serving.is_finished());
    server.release.cancel();
    assert_eq!(server.serving.await.unwrap(), Drained { left: 0 });
}
