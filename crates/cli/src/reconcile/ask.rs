//! Asking SendGrid, one question at a time, as fast as it lets itself be asked.
//!
//! A rate limit is waited out, and trouble that passes is tried again a few times; whatever is left ends the run, which goes
//! on from there when it is run again. A Ctrl-C ends it between two questions, or in the middle of a wait.

use crate::output::{self, Progress};
use jiff::{SignedDuration, Timestamp};
use sendgrid::{Client, Error};
use std::time::Duration;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

/// Longest single wait for a rate limit: its window is a minute.
const RATE_WAIT_LONGEST: Duration = Duration::from_secs(15 * 60);
/// Most waits in a row for one answer.
const RATE_WAITS: u32 = 20;
/// Waits before another try after trouble that may pass.
const TRIES: [Duration; 3] = [Duration::from_millis(500), Duration::from_secs(1), Duration::from_secs(2)];

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum NoAnswer {
    /// By Ctrl-C or SIGTERM.
    Stopped,
    SendGrid(Error),
}

/// Asks, counts what was asked, and shows how far the run is.
pub(super) struct Asker {
    client: Client,
    stop: CancellationToken,
    /// Those that were sent, also in vain, and not yet added to the run's.
    pub requests: i64,
    pub watch: Watch,
}

impl Asker {
    pub(super) fn new(client: Client, stop: CancellationToken) -> Self {
        // Who waits here says so to whoever looks on.
        Self { client: client.impatient(), stop, requests: 0, watch: Watch::new() }
    }

    pub(super) fn stop(&self) -> &CancellationToken {
        &self.stop
    }

    pub(super) async fn ask<T>(
        &mut self,
        question: impl AsyncFn(&Client) -> Result<T, Error>,
    ) -> Result<T, NoAnswer> {
        let (mut rate_waits, mut tries) = (0, TRIES.into_iter());
        loop {
            if self.stop.is_cancelled() {
                return Err(NoAnswer::Stopped);
            }
            let before = self.client.sent();
            let answer = self.stop.run_until_cancelled(question(&self.client)).await;
            self.requests += (self.client.sent() - before).cast_signed();
            let error = match answer {
                None => return Err(NoAnswer::Stopped),
                Some(Ok(answer)) => return Ok(answer),
                Some(Err(error)) => error,
            };
            let wait = match &error {
                Error::RateLimited { retry_after, .. } if rate_waits < RATE_WAITS => {
                    rate_waits += 1;
                    Some(*retry_after).filter(|wait| *wait <= RATE_WAIT_LONGEST)
                }
                Error::RateLimited { .. } => None,
                // Nothing was asked to be changed, so an answer that broke off can be asked for again.
                Error::Unreadable { .. } => tries.next(),
                error if error.is_passing() => tries.next(),
                _ => None,
            };
            let Some(wait) = wait else { return Err(NoAnswer::SendGrid(error)) };
            self.watch.waits(&error, wait);
            // Whoever is stopped meanwhile is told at the top.
            self.stop.run_until_cancelled(sleep(wait)).await;
        }
    }
}

/// How far a run is, for whoever looks on.
pub(super) struct Watch {
    progress: Progress,
    began: Instant,
    /// When this run found it, and where it is.
    first: Option<Timestamp>,
    line: String,
}

impl Watch {
    fn new() -> Self {
        Self { progress: Progress::new(), began: Instant::now(), first: None, line: String::new() }
    }

    /// The records are read up to `at` of `end`.
    pub(super) fn reached(&mut self, at: Timestamp, end: Timestamp, said: &str) {
        let first = *self.first.get_or_insert(at);
        let left = estimate(at.duration_since(first), end.duration_since(at), self.began.elapsed());
        let left = left
            .map_or_else(String::new, |left| format!("; about {} left", humantime::format_duration(left)));
        self.line = format!("{}: {said}{left}", output::time(at));
        self.progress.show(&self.line);
    }

    fn waits(&mut self, error: &Error, wait: Duration) {
        let why = match error {
            Error::RateLimited { .. } => "SendGrid's rate limit is reached",
            _ => "SendGrid does not answer",
        };
        let wait = humantime::format_duration(Duration::from_secs(wait.as_secs().max(1)));
        self.progress.show(&format!("{} ({why}, waiting {wait})", self.line));
    }

    pub(super) fn clear(&mut self) {
        self.progress.clear();
    }
}

/// How long the rest takes at the pace of what is done; `None` while nothing can be said.
fn estimate(done: SignedDuration, rest: SignedDuration, took: Duration) -> Option<Duration> {
    let (done, rest) = (done.as_secs_f64(), rest.as_secs_f64());
    if done <= 0.0 || rest < 0.0 || took < Duration::from_secs(1) {
        return None;
    }
    let left = Duration::try_from_secs_f64(took.as_secs_f64() / done * rest).ok()?;
    Some(Duration::from_secs(left.as_secs().max(1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rest_is_expected_to_go_at_the_pace_of_what_is_done() {
        let seconds = SignedDuration::from_secs;
        assert_eq!(
            estimate(seconds(100), seconds(300), Duration::from_secs(10)),
            Some(Duration::from_secs(30))
        );
        for (done, rest, took) in [(0, 300, 10), (100, -1, 10), (100, 300, 0)] {
            assert_eq!(estimate(seconds(done), seconds(rest), Duration::from_secs(took)), None);
        }
    }
}
