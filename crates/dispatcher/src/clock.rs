//! The edge where this process reads the clock.

use jiff::Timestamp;

#[expect(clippy::disallowed_methods, reason = "every other module is told the time")]
pub(crate) fn now() -> Timestamp {
    Timestamp::now()
}
