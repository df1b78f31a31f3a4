//! Ports for processes that must be told theirs.

use std::collections::HashSet;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Mutex;

static HANDED_OUT: Mutex<Option<HashSet<u16>>> = Mutex::new(None);

/// A free address on loopback. No two calls in one run get the same, so a process may be stopped and started again on
/// its own without another test's taking it meanwhile.
pub(crate) fn free_address() -> SocketAddr {
    let mut handed_out = HANDED_OUT.lock().unwrap();
    let handed_out = handed_out.get_or_insert_default();
    let port = loop {
        let port = xtask::ports::reserve().unwrap().release();
        if handed_out.insert(port) {
            break port;
        }
    };
    (Ipv4Addr::LOCALHOST, port).into()
}
