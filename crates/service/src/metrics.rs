//! Names of this crate's metrics, and the only place that touches them.
#![allow(clippy::disallowed_macros, reason = "this is the file where names live")]

use crate::Program;
use crate::http::Listener;
use metrics::{Unit, counter, describe_counter, describe_gauge, gauge};

const INFO: &str = "sendstate_service_info";
const READY: &str = "sendstate_service_ready";
const CONNECTIONS: &str = "sendstate_service_connections";
const CONNECTIONS_CUT: &str = "sendstate_service_connections_cut_total";
const ACCEPT_ERRORS: &str = "sendstate_service_accept_errors_total";

/// Every name that this crate can emit.
pub const NAMES: &[&str] = &[INFO, READY, CONNECTIONS, CONNECTIONS_CUT, ACCEPT_ERRORS];

/// Describes every metric and brings its series into being at zero.
pub fn describe() {
    describe_gauge!(INFO, "Always 1; its labels name the program and its version.");
    describe_gauge!(
        READY,
        "Whether the process may be given work: 1 if every condition is met and it is not draining."
    );
    describe_gauge!(CONNECTIONS, Unit::Count, "HTTP connections that are open, by listener.");
    describe_counter!(
        CONNECTIONS_CUT,
        Unit::Count,
        "HTTP connections ended by force because they outlived a deadline."
    );
    describe_counter!(ACCEPT_ERRORS, Unit::Count, "Connections that could not be accepted, by listener.");
    gauge!(READY).set(0.0);
    for listener in Listener::ALL {
        gauge!(CONNECTIONS, "listener" => listener.as_str()).set(0.0);
        counter!(CONNECTIONS_CUT, "listener" => listener.as_str()).absolute(0);
        counter!(ACCEPT_ERRORS, "listener" => listener.as_str()).absolute(0);
    }
}

pub(crate) fn info(program: &Program) {
    gauge!(INFO, "program" => program.name, "version" => program.version).set(1.0);
}

pub(crate) fn ready(ready: bool) {
    gauge!(READY).set(if ready { 1.0 } else { 0.0 });
}

pub(crate) fn accept_failed(listener: Listener) {
    counter!(ACCEPT_ERRORS, "listener" => listener.as_str()).increment(1);
}

pub(crate) fn connections_cut(listener: Listener, count: u64) {
    counter!(CONNECTIONS_CUT, "listener" => listener.as_str()).increment(count);
}

/// Counts a connection for as long as it is held.
pub(crate) struct OpenConnection(Listener);

impl OpenConnection {
    pub(crate) fn new(listener: Listener) -> Self {
        gauge!(CONNECTIONS, "listener" => listener.as_str()).increment(1.0);
        Self(listener)
    }
}

impl Drop for OpenConnection {
    fn drop(&mut self) {
        gauge!(CONNECTIONS, "listener" => self.0.as_str()).decrement(1.0);
    }
}
