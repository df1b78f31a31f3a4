//! Just enough HTTP to ask a process on this machine whether it is ready, and what it has counted.

use anyhow::{Context, Result};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// An answer on loopback takes a millisecond; one second means nobody is at home.
const PATIENCE: Duration = Duration::from_secs(1);
/// Reports of readiness are a few hundred bytes, metrics some tens of kilobytes.
const ANSWER_BYTES_MAX: u64 = 1024 * 1024;

/// Status and body of `GET path`.
///
/// # Errors
/// When nobody listens, or what comes back is not HTTP.
pub fn get(address: SocketAddr, path: &str) -> Result<(u16, String)> {
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    write!(stream, "GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n")?;
    let mut answer = Vec::new();
    stream.take(ANSWER_BYTES_MAX).read_to_end(&mut answer)?;
    let answer = String::from_utf8_lossy(&answer);
    let (head, body) = answer.split_once("\r\n\r\n").context("no end of the headers")?;
    let status = head.split_ascii_whitespace().nth(1).context("no status line")?;
    Ok((status.parse().context("the status is not a number")?, body.trim().to_owned()))
}
