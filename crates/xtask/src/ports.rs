//! Free loopback ports for servers that must be told their port.
//!
//! Taken outside the kernel's usual range for outgoing connections (32768 and up), where a port that was free a moment
//! ago may be anyone's, and held by a listener until the moment the server is started.

use anyhow::{Context, Result, bail};
use std::net::{Ipv4Addr, TcpListener};

const LOWEST: u16 = 15_000;
const HIGHEST: u16 = 30_000;

/// A port nobody else gets while this lives.
#[derive(Debug)]
pub struct Reserved {
    port: u16,
    _listener: TcpListener,
}

impl Reserved {
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// Lets go of the port, for the server that is started next.
    #[must_use]
    pub fn release(self) -> u16 {
        self.port
    }
}

/// Reserves a free port on 127.0.0.1.
///
/// # Errors
/// When a thousand random ports in a row are taken.
pub fn reserve() -> Result<Reserved> {
    for _ in 0..1_000 {
        let mut random = [0; 2];
        rustix::rand::getrandom(&mut random, rustix::rand::GetRandomFlags::empty())
            .context("the kernel gave no random bytes")?;
        let port = LOWEST + u16::from_ne_bytes(random) % (HIGHEST - LOWEST);
        if let Ok(listener) = TcpListener::bind((Ipv4Addr::LOCALHOST, port)) {
            return Ok(Reserved { port, _listener: listener });
        }
    }
    bail!(
        "no free port between {LOWEST} and {HIGHEST} on 127.0.0.1; end what listens there, then run this again"
    )
}
