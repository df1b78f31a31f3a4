//! Ctrl-C, TERM and HUP as a flag that every wait looks at, so that an interrupted command unwinds through the same
//! handles as any other and leaves nothing behind. A second signal exits at once; the watchdog sweeps up then.

use anyhow::{Context, Result};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

/// Exit code of an interrupted command: 128 + SIGINT, as shells report it.
pub const EXIT_CODE: u8 = 130;

static INTERRUPTED: OnceLock<Arc<AtomicBool>> = OnceLock::new();

/// The command was interrupted; everything it started is being ended.
#[derive(Debug)]
pub struct Interrupted;

impl std::fmt::Display for Interrupted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("interrupted")
    }
}

impl std::error::Error for Interrupted {}

fn flag() -> &'static Arc<AtomicBool> {
    INTERRUPTED.get_or_init(Arc::default)
}

/// Takes over the three signals. Tests, which have their own supervisor, never call it.
///
/// # Errors
/// When the handlers cannot be installed.
pub fn install() -> Result<()> {
    for signal in [SIGINT, SIGTERM, SIGHUP] {
        // Order matters: the conditional exit runs first and so fires only from the second signal on.
        signal_hook::flag::register_conditional_shutdown(signal, i32::from(EXIT_CODE), Arc::clone(flag()))
            .and_then(|_| signal_hook::flag::register(signal, Arc::clone(flag())))
            .context("cannot handle signals")?;
    }
    Ok(())
}

/// Interrupts this process as a signal would.
pub fn raise() {
    flag().store(true, Ordering::SeqCst);
}

/// # Errors
/// [`Interrupted`] once a signal has come.
pub fn check() -> Result<(), Interrupted> {
    if flag().load(Ordering::SeqCst) { Err(Interrupted) } else { Ok(()) }
}
