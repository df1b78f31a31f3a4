//! The tests' own clock.

use jiff::Timestamp;

/// Unix time.
#[expect(clippy::disallowed_methods, reason = "a sender stamps its requests with the present")]
pub(crate) fn now_seconds() -> i64 {
    Timestamp::now().as_second()
}
