//! One attempt, from its begin to what is to be recorded of it.

use crate::classify::{End, Obstacle, Outcome, Trouble};
use crate::client::Clients;
use crate::lease::{Assignment, since};
use crate::limits::Lane;
use crate::record::Told;
use crate::send::{Answer, send};
use crate::verdict::Trial;
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
    pub(super) told: Told,
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
    let Assignment { mut leased, target, permit, bytes, .. } = assignment;
    metrics::started(Lane::of(leased.lane), since(leased.due_at, at));
    let trial = Trial {
        attempt: leased.attempt,
        waits: leased.waits,
        created_at: leased.created_at,
        schedule: &target.schedule,
    };
    let began = Instant::now();
    let answer = match (trial.obstacle(), &target.destination, leased.notification.take()) {
        (Some(obstacle), _, _) => End::Unsent(obstacle).into(),
        (None, Err(obstacle), _) => End::Unsent(*obstacle).into(),
        (None, Ok(_), None) => End::Unsent(Obstacle::NoBody).into(),
        (None, Ok(destination), Some(notification)) => {
            let sending = send(&clients, destination, notification, at, timeout);
            let abandoned = || Answer::from(End::Unanswered(Trouble::Abandoned));
            abandon.run_until_cancelled(sending).await.unwrap_or_else(abandoned)
        }
    };
    drop(bytes);
    let duration = began.elapsed();
    metrics::attempted(answer.end, duration);
    let sent = answer.end.outcome() != Outcome::Unsent;
    let told = told(&leased, &trial, answer, at, duration);
    Attempted { told, permit, took: sent.then_some(duration) }
}

fn told(leased: &Leased, trial: &Trial<'_>, answer: Answer, at: Timestamp, duration: Duration) -> Told {
    let Answer { end, response } = answer;
    let attempt = Attempt {
        number: leased.attempt,
        started_at: at,
        duration,
        outcome: end.outcome().as_str(),
        http_status: end.http_status(),
        error: end.error(),
        response,
    };
    let verdict = end.verdict(trial, clock::now(), rand::random());
    Told {
        endpoint: leased.endpoint_id,
        finish: Finish { delivery: leased.id, lease: leased.lease, verdict, attempt },
        health: end.health(),
        gone: end.is_gone(),
    }
}
