//! `sendstate endpoint test`: a notification of nothing, to see whether an endpoint takes what it is sent.

use super::find;
use crate::args::EndpointTest;
use crate::delivery;
use crate::failure::Failure;
use crate::output::Progress;
use crate::settings::Global;
use crate::{database, output};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use std::time::Duration;
use store::endpoint::Endpoint;
use store::look::{self, Delivery};
use store::notification::NotificationRow;
use store::trial::NO_SOURCE;
use tokio::time::{Instant, sleep};
use uuid::Uuid;
use wire::notification::{TEST_TYPE, test_body, webhook_id_of_test};

/// How often the delivery is looked at while waiting.
const POLL: Duration = Duration::from_millis(100);

pub(crate) async fn test(global: &Global, args: &EndpointTest) -> Result<(), Failure> {
    let mut client = database::operator(global).await?;
    let endpoint = find(&client, args.id).await?;
    check_active(&endpoint)?;
    let deadline = Instant::now() + args.wait;
    let id = store::trial::send(&client, &notification(endpoint.id, database::now()), endpoint.id).await?;
    database::hint(&client).await;
    let ended = wait(&client, id, deadline).await?;
    if ended.finished_at.is_none() {
        let transaction = client.transaction().await?;
        store::delivery::skip(&transaction, &[id], database::now()).await?;
        transaction.commit().await?;
    }
    let whole = delivery::Whole::of(&client, id).await?;
    delivery::print_whole(global, &whole, false)?;
    // As it is by now: the answer may have disabled it.
    verdict(&find(&client, args.id).await?, whole.state(), args.wait)
}

/// What is held is not sent.
fn check_active(endpoint: &Endpoint) -> Result<(), Failure> {
    if endpoint.state == "active" {
        return Ok(());
    }
    Err(Failure::failed(format!("endpoint {} is {}, so nothing is sent there", endpoint.id, endpoint.state))
        .next(format!(
            "see `sendstate endpoint show {}`, and `sendstate endpoint resume --help`",
            endpoint.id
        )))
}

fn notification(endpoint_id: i32, now: Timestamp) -> NotificationRow {
    let subject: [u8; 16] = rand::random();
    NotificationRow {
        created_on: now.to_zoned(TimeZone::UTC).date(),
        subject_key: Uuid::from_bytes(subject),
        kind: TEST_TYPE.into(),
        source_id: NO_SOURCE,
        webhook_id: Uuid::from_bytes(webhook_id_of_test(&subject)),
        sequence: None,
        implied: false,
        status: None,
        occurred_at: now,
        created_at: now,
        body: test_body(endpoint_id, now),
    }
}

/// The delivery when it is finished, when nobody sends it any more, or at the deadline.
async fn wait(client: &store::Client, id: i64, deadline: Instant) -> Result<Delivery, Failure> {
    let mut progress = Progress::new();
    loop {
        let found = look::deliveries_by_id(client, &[id], database::now()).await?.pop();
        let delivery =
            found.ok_or_else(|| Failure::failed(format!("delivery {id} was made and is gone again")))?;
        if delivery.finished_at.is_some() || delivery.state == "held" || Instant::now() >= deadline {
            return Ok(delivery);
        }
        progress.show(&format!("delivery {id}: {}, {} attempts", delivery.state, delivery.attempts));
        sleep(POLL.min(deadline.saturating_duration_since(Instant::now()))).await;
    }
}

fn verdict(endpoint: &Endpoint, state: &str, waited: Duration) -> Result<(), Failure> {
    let id = endpoint.id;
    let waited = humantime::format_duration(waited);
    match state {
        "delivered" => Ok(()),
        _ if endpoint.state != "active" => {
            Err(Failure::failed(format!("it was not delivered, and endpoint {id} is {} now", endpoint.state))
                .next(format!("see `sendstate endpoint show {id}`")))
        }
        "skipped" => Err(Failure::failed(format!(
            "it was not delivered within {waited} and is not tried again"
        ))
        .next(match endpoint.health.open_until {
            Some(until) => format!(
                "endpoint {id} was left alone until {} because of its failures; see what its server says",
                output::time(until)
            ),
            None => "see what the attempts say; without any, see whether a dispatcher runs".to_owned(),
        })),
        "exhausted" => Err(Failure::failed("it was not delivered, and the schedule has no more attempts")
            .next("see what the attempts say")),
        _ => Err(Failure::failed(format!(
            "it was not delivered within {waited} and is being sent at this moment"
        ))
        .next("it goes on by its schedule; `sendstate delivery skip` gives it up")),
    }
}

#[cfg(test)]
mod tests {
    use super::super::document::tests::endpoint;
    use super::*;

    #[test]
    fn only_what_was_delivered_is_a_success() {
        let verdict = |state: &str| verdict(&endpoint(), state, Duration::from_secs(5));
        assert_eq!(verdict("delivered"), Ok(()));
        for state in ["skipped", "exhausted", "sending", "pending", "held"] {
            assert_eq!(verdict(state).unwrap_err().code, 1, "{state}");
        }
    }

    #[test]
    fn a_test_is_a_new_fact_outside_any_order_and_says_what_it_is() {
        let now = Timestamp::from_second(1_700_000_000).unwrap();
        let (one, other) = (notification(3, now), notification(3, now));
        assert_ne!(one.webhook_id, other.webhook_id);
        assert_eq!((&*one.kind, one.sequence, one.source_id), ("endpoint.test", None, 0));
        let body: serde_json::Value = serde_json::from_slice(&one.body).unwrap();
        assert_eq!((&body["type"], &body["data"]["test"]), (&"endpoint.test".into(), &true.into()));
    }

    #[test]
    fn nothing_is_sent_to_an_endpoint_that_holds() {
        assert!(check_active(&endpoint()).is_ok());
        let paused = Endpoint { state: "paused".to_owned(), ..endpoint() };
        assert_eq!(check_active(&paused).unwrap_err().code, 1);
        let failure = verdict(&paused, "skipped", Duration::from_secs(5)).unwrap_err();
        assert!(failure.to_string().contains("endpoint 3 is paused now"), "{failure}");
    }
}
