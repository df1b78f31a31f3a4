//! A client of raw bytes for tests: what a peer sends is the test's own text.

use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// A wait that ends only when something is broken.
const DEADLINE: Duration = Duration::from_secs(20);

pub(crate) struct Client(TcpStream);

impl Client {
    pub(crate) async fn connect(address: SocketAddr) -> Self {
        Self(timeout(DEADLINE, TcpStream::connect(address)).await.unwrap().unwrap())
    }

    pub(crate) async fn send(&mut self, text: &str) {
        timeout(DEADLINE, self.0.write_all(text.as_bytes())).await.unwrap().unwrap();
    }

    /// Closes this half; the other one can still be read.
    pub(crate) async fn finish(&mut self) {
        timeout(DEADLINE, self.0.shutdown()).await.unwrap().unwrap();
    }

    /// One whole answer, which must carry `content-length`.
    pub(crate) async fn answer(&mut self) -> String {
        let mut bytes = Vec::new();
        loop {
            let text = String::from_utf8(bytes.clone()).unwrap();
            if let Some((head, body)) = text.split_once("\r\n\r\n") {
                let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
                if body.len() == length.parse::<usize>().unwrap() {
                    return text;
                }
            }
            let read = timeout(DEADLINE, self.0.read_buf(&mut bytes)).await.unwrap().unwrap();
            assert!(read > 0, "closed in the middle of an answer: {text:?}");
        }
    }

    pub(crate) async fn ask(&mut self, request: &str) -> String {
        self.send(request).await;
        self.answer().await
    }

    pub(crate) async fn get(&mut self, path: &str) -> String {
        self.ask(&format!("GET {path} HTTP/1.1\r\nhost: x\r\n\r\n")).await
    }

    /// Everything until the server closes, by end of stream or by reset.
    pub(crate) async fn rest(&mut self) -> String {
        let mut bytes = Vec::new();
        let read = timeout(DEADLINE, self.0.read_to_end(&mut bytes)).await.expect("the server never closed");
        assert!(read.is_ok() || bytes.is_empty(), "reset in the middle of an answer");
        String::from_utf8(bytes).unwrap()
    }
}
