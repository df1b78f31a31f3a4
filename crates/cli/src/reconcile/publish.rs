//! What was missing, given to the workers over the queue that the webhook's batches take, and waited for until it is in the
//! ledger.
//!
//! Batches are bounded, and the facts of one message travel in one batch unless they are too many for one: what SendGrid
//! lists side by side is then told apart side by side (`domain::origin`). A batch that is given twice, or again by a later
//! run, changes nothing.

use super::ask::NoAnswer;
use crate::broker::Broker;
use crate::database;
use crate::failure::Failure;
use domain::{Origin, SourceId};
use jiff::Timestamp;
use serde_json::{Map, Value};
use std::time::Duration;
use store::batch::Tally;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;
use wire::envelope::Envelope;

/// Most elements of one batch, and most bytes: as SendGrid's own, so that nothing waits long behind one.
const ELEMENTS_MAX: usize = 1_000;
const BYTES_MAX: usize = 512 * 1024;

/// How often the ledger is looked at.
const POLL: Duration = Duration::from_millis(50);

/// One body and how many elements it has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Body {
    json: String,
    elements: usize,
}

/// Packs elements, message by message.
fn bodies<'a>(messages: impl IntoIterator<Item = Vec<&'a Map<String, Value>>>) -> Vec<String> {
    let mut bodies: Vec<Body> = Vec::new();
    for elements in messages {
        let elements: Vec<String> =
            elements.iter().filter_map(|one| serde_json::to_string(one).ok()).collect();
        let bytes: usize = elements.iter().map(|element| element.len() + 1).sum();
        let fits = |body: &Body| {
            body.elements + elements.len() <= ELEMENTS_MAX && body.json.len() + bytes <= BYTES_MAX
        };
        if !bodies.last().is_some_and(fits) {
            bodies.push(Body::default());
        }
        for element in elements {
            // A message that is too much by itself is cut all the same.
            if bodies.last().is_none_or(|body| body.is_full(element.len())) {
                bodies.push(Body::default());
            }
            if let Some(body) = bodies.last_mut() {
                body.json.push(if body.elements == 0 { '[' } else { ',' });
                body.json.push_str(&element);
                body.elements += 1;
            }
        }
    }
    bodies.into_iter().filter(|body| body.elements > 0).map(|body| body.json + "]").collect()
}

impl Body {
    fn is_full(&self, bytes: usize) -> bool {
        self.elements > 0 && (self.elements >= ELEMENTS_MAX || self.json.len() + bytes > BYTES_MAX)
    }
}

/// Gives the missing facts of some messages to the workers and waits until they are committed; how they ended.
///
/// # Errors
/// The broker or the database fails, the workers take longer than `wait`, or somebody stops it. What was given is applied
/// in any case, sooner or later.
pub(super) async fn publish<'a>(
    broker: &mut Broker,
    client: &store::Client,
    source: SourceId,
    messages: impl IntoIterator<Item = Vec<&'a Map<String, Value>>>,
    wait: Duration,
    stop: &CancellationToken,
) -> Result<(Tally, Vec<Uuid>), Failure> {
    let received_at = database::now();
    let mut given = Vec::new();
    for body in bodies(messages) {
        let batch = Uuid::now_v7();
        let envelope = Envelope { source, batch, received_at, origin: Origin::Reconcile, traceparent: None };
        broker.give_batch(&envelope, body).await?;
        given.push(batch);
    }
    broker.settle().await?;
    let ended = ended(client, &given, received_at, wait, stop).await?;
    let held = ended.iter().filter(|(_, tally)| tally.quarantined > 0).map(|(batch, _)| *batch).collect();
    Ok((ended.iter().fold(Tally::default(), |sum, (_, tally)| sum.plus(*tally)), held))
}

async fn ended(
    client: &store::Client,
    given: &[Uuid],
    received_at: Timestamp,
    wait: Duration,
    stop: &CancellationToken,
) -> Result<Vec<(Uuid, Tally)>, Failure> {
    let deadline = Instant::now() + wait;
    loop {
        let ended = store::reconcile::ended(client, given, received_at).await?;
        if ended.len() >= given.len() {
            return Ok(ended);
        }
        if stop.is_cancelled() {
            return Err(super::stopped());
        }
        if Instant::now() >= deadline {
            let open = given.len() - ended.len();
            let what = format!(
                "the workers have not recorded {open} of {} batches within {}",
                given.len(),
                humantime::format_duration(wait)
            );
            return Err(Failure::failed(what).next(
                "see whether a worker of this release runs, with the same SENDSTATE_QUEUE_PREFIX, and what its log says; then run this again: it goes on from there",
            ));
        }
        stop.run_until_cancelled(sleep(POLL)).await;
    }
}

impl From<NoAnswer> for Failure {
    fn from(no: NoAnswer) -> Self {
        match no {
            NoAnswer::Stopped => super::stopped(),
            NoAnswer::SendGrid(error) => crate::account::failure("reading SendGrid's records", &error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn elements(count: usize, bytes: usize) -> Vec<Map<String, Value>> {
        let Value::Object(element) = json!({ "reason": "x".repeat(bytes) }) else { panic!() };
        vec![element; count]
    }

    fn packed(messages: &[Vec<Map<String, Value>>]) -> Vec<usize> {
        let bodies = bodies(messages.iter().map(|elements| elements.iter().collect()));
        assert!(bodies.iter().all(|body| body.len() <= BYTES_MAX + 1 || !body.contains(",{")));
        let read = |body: &String| serde_json::from_str::<Vec<Value>>(body).unwrap().len();
        bodies.iter().map(read).collect()
    }

    #[test]
    fn messages_are_packed_whole_into_bounded_bodies() {
        assert!(packed(&[]).is_empty() && packed(&[elements(0, 0)]).is_empty());
        assert_eq!(packed(&vec![elements(3, 10); 5]), [15]);
        assert_eq!(packed(&[elements(999, 1), elements(2, 1), elements(1, 1)]), [999, 3]);
        // Two messages of some 300 KiB do not share a body.
        assert_eq!(packed(&vec![elements(3, 100 * 1024); 2]), [3, 3]);
    }

    #[test]
    fn a_message_that_is_too_much_by_itself_is_cut() {
        assert_eq!(packed(&[elements(1, 1), elements(2_500, 1)]), [1, 1_000, 1_000, 500]);
        assert_eq!(packed(&[elements(3, BYTES_MAX)]), [1, 1, 1]);
    }
}
