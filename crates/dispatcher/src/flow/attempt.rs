//! One attempt, from its begin to what is to be recorded of it.

use crate::classify::{End, Obstacle, Outcome, Trouble};
use crate::client::Clients;
use crate::lease::{Assignment, since};
use crate::send::{Answer, send};
use crate::{clock, metrics};
use jiff::Timestamp;
use std::sync::Arc;
use std::time::Duration;
use store::delivery::{Attempt, Finish, Leased};
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// An attempt that has ended.
#[derive(Debug)]
pub(super) struct Attempted {
    pub(super) finish: Finish,
    pub(super) permit: OwnedSemaphorePermit,
    /// How long the endpoint took; `None` if nothing was sent to it.
    pub(super) took: Option<Duration>,
}

/// Makes the attempt; when `abandon` is cancelled, it ends as [`Trouble::Abandoned`].
pub(super) async fn attempt(
    clients: Arc<Clients>,
    assignment: Assignment,
    at: Timestamp,
    timeout: Duration,
    abandon: CancellationToken,
) -> Attempted {
    let Assignment { mut leased, destination, permit, bytes } = assignment;
    metrics::started(since(leased.due_at, at));
    let began = Instant::now();
    let destination = Obstacle::of_number(leased.attempt).map_or(destination, Err);
    let answer = match (destination, leased.notification.take()) {
        (Err(obstacle), _) => End::Unsent(obstacle).into(),
        (Ok(_), None) => End::Unsent(Obstacle::NoBody).into(),
        (Ok(destination), Some(notification)) => {
            let sending = send(&clients, &destination, notification, at, timeout);
            let abandoned = || Answer::from(End::Unanswered(Trouble::Abandoned));
            abandon.run_until_cancelled(sending).await.unwrap_or_else(abandoned)
        }
    };
    drop(bytes);
    let duration = began.elapsed();
    metrics::attempted(answer.end, duration);
    let sent = answer.end.outcome() != Outcome::Unsent;
    Attempted { finish: finish(&leased, answer, at, duration), permit, took: sent.then_some(duration) }
}

fn finish(leased: &Leased, Answer { end, response }: Answer, at: Timestamp, duration: Duration) -> Finish {
    Finish {
        delivery: leased.id,
        lease: leased.lease,
        verdict: end.verdict(leased.attempt, clock::now(), rand::random()),
        attempt: Attempt {
            number: leased.attempt,
            started_at: at,
            duration,
            outcome: end.outcome().as_str(),
            http_status: end.http_status(),
            error: end.error(),
            response,
        },
    }
}
