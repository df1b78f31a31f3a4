//! Waiting on a condition, with a deadline, giving way to an interrupt, and able to say what was seen last.

use crate::interrupt;
use anyhow::{Result, bail};
use std::time::{Duration, Instant};

/// How often a condition is looked at. Short against every boot, long against the cost of a look.
pub const TICK: Duration = Duration::from_millis(20);

/// What a look found.
pub enum Seen<T> {
    Done(T),
    /// Not yet; the text says what there was instead.
    Pending(String),
}

/// Looks until the condition holds.
///
/// # Errors
/// When the deadline passes (with the last state seen), on an interrupt, or when a look says it can never hold.
pub fn until<T>(what: &str, deadline: Duration, mut look: impl FnMut() -> Result<Seen<T>>) -> Result<T> {
    let started = Instant::now();
    loop {
        interrupt::check()?;
        let last = match look()? {
            Seen::Done(value) => return Ok(value),
            Seen::Pending(last) => last,
        };
        if started.elapsed() >= deadline {
            bail!("waited {} s for {what}; last seen: {last}", deadline.as_secs());
        }
        std::thread::sleep(TICK);
    }
}

/// Looks until it holds or the patience ends; says which. Not interruptible: used while ending things.
#[must_use]
pub fn held_within(patience: Duration, mut look: impl FnMut() -> bool) -> bool {
    let started = Instant::now();
    loop {
        if look() {
            return true;
        }
        if started.elapsed() >= patience {
            return false;
        }
        std::thread::sleep(TICK);
    }
}
