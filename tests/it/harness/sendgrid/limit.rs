//! Rate limits: so many requests in each window of whole seconds.

use std::time::Duration;

#[derive(Debug)]
pub(super) struct RateLimit {
    path: String,
    requests: u32,
    window_s: i64,
    /// Unix seconds; in the past when no window is open.
    resets_at: i64,
    used: u32,
}

/// What a request's answer says about its limit.
#[derive(Clone, Copy, Debug)]
pub(super) struct Told {
    pub(super) limit: u32,
    pub(super) remaining: u32,
    pub(super) reset: i64,
    pub(super) refused: bool,
}

impl RateLimit {
    pub(super) fn new(path: &str, requests: u32, window: Duration) -> Self {
        let window_s = i64::try_from(window.as_secs()).unwrap().max(1);
        Self { path: path.to_owned(), requests, window_s, resets_at: 0, used: 0 }
    }

    fn count(&mut self, now: i64) -> Told {
        if now >= self.resets_at {
            self.resets_at = now + self.window_s;
            self.used = 0;
        }
        let refused = self.used >= self.requests;
        self.used += u32::from(!refused);
        Told { limit: self.requests, remaining: self.requests - self.used, reset: self.resets_at, refused }
    }
}

/// Counts a request to this path; `None` when nothing limits it.
pub(super) fn count(limits: &mut [RateLimit], path: &str, now: i64) -> Option<Told> {
    limits.iter_mut().find(|limit| path.starts_with(&limit.path)).map(|limit| limit.count(now))
}
