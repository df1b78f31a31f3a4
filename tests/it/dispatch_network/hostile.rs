//! Servers that speak HTTP as badly as it can be spoken, each on a port of its own.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::interval;
use tokio_util::task::AbortOnDropHandle;

const BODY_MAX: usize = 64 * 1024;
/// Between two bytes of what is sent slowly: far below every timeout, so that only a bound on the whole ends it.
const DRIP: Duration = Duration::from_millis(50);

/// What is said after a whole request.
#[derive(Clone, Debug)]
pub(super) enum Manner {
    /// These bytes, and then an orderly end.
    Says(Vec<u8>),
    /// These bytes, and then a reset.
    SaysAndResets(&'static [u8]),
    /// The first bytes, and then the others over and over, as fast as they are taken.
    Floods(&'static [u8], &'static [u8]),
    /// The same, byte by byte, with a pause before each.
    Drips(&'static [u8], &'static [u8]),
}

/// One server; gone when dropped.
pub(super) struct Hostile {
    address: SocketAddr,
    requests: Arc<AtomicUsize>,
    _serving: AbortOnDropHandle<()>,
}

impl Hostile {
    pub(super) async fn start(manner: Manner) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let requests = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&requests);
        let serving = tokio::spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                while connections.try_join_next().is_some() {}
                connections.spawn(serve(stream, manner.clone(), Arc::clone(&counted)));
            }
        });
        Self { address, requests, _serving: AbortOnDropHandle::new(serving) }
    }

    pub(super) fn url(&self) -> String {
        format!("http://{}/hook", self.address)
    }

    /// How many whole requests have come.
    pub(super) fn requests(&self) -> usize {
        self.requests.load(Ordering::SeqCst)
    }
}

async fn serve(mut stream: TcpStream, manner: Manner, requests: Arc<AtomicUsize>) {
    if request(&mut stream).await.is_none() {
        return;
    }
    requests.fetch_add(1, Ordering::SeqCst);
    // Whatever becomes of it: the other side may have gone at any byte.
    drop(answer(&mut stream, &manner).await);
    if matches!(manner, Manner::SaysAndResets(_)) {
        stream.set_zero_linger().unwrap();
    }
}

async fn answer(stream: &mut TcpStream, manner: &Manner) -> std::io::Result<()> {
    match manner {
        Manner::Says(bytes) => {
            stream.write_all(bytes).await?;
            stream.shutdown().await
        }
        Manner::SaysAndResets(bytes) => stream.write_all(bytes).await,
        Manner::Floods(first, rest) => {
            stream.write_all(first).await?;
            loop {
                stream.write_all(rest).await?;
            }
        }
        Manner::Drips(first, rest) => {
            drip(stream, first).await?;
            loop {
                drip(stream, rest).await?;
            }
        }
    }
}

async fn drip(stream: &mut TcpStream, bytes: &[u8]) -> std::io::Result<()> {
    let mut pace = interval(DRIP);
    for byte in bytes {
        pace.tick().await;
        stream.write_all(&[*byte]).await?;
    }
    // The first tick of the next one comes at once.
    pace.tick().await;
    Ok(())
}

/// Reads one request, head and body; `None` if the connection ends before. Returns the head.
pub(super) async fn request(stream: &mut (impl AsyncRead + Unpin)) -> Option<String> {
    let head = head(stream).await?;
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().unwrap())
    });
    let mut body = vec![0; length.unwrap_or(0)];
    assert!(body.len() <= BODY_MAX);
    stream.read_exact(&mut body).await.ok()?;
    Some(head)
}

/// Reads up to the empty line.
pub(super) async fn head(stream: &mut (impl AsyncRead + Unpin)) -> Option<String> {
    let mut bytes = Vec::new();
    while !bytes.ends_with(b"\r\n\r\n") {
        assert!(bytes.len() < BODY_MAX, "no head ends here");
        bytes.push(stream.read_u8().await.ok()?);
    }
    Some(String::from_utf8(bytes).unwrap())
}
