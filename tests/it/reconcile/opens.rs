//! Opens that the records list side by side.

use super::{Stage, origins, sums};
use crate::harness::{Mail, Options, tally};
use serde_json::Value;

/// Another one at the same time, from the same place.
fn twin(event: &Value) -> Value {
    let mut twin = event.clone();
    twin["sg_event_id"] = format!("twin-{}", event["sg_event_id"]).into();
    twin
}

#[tokio::test(flavor = "multi_thread")]
async fn opens_that_are_listed_side_by_side_are_all_recovered_also_where_they_look_alike() {
    let stage = Stage::start(Options::new(1, 1, 0)).await;
    let mail = Mail::new();
    let (open, later) = (mail.event("open", 20), mail.event("open", 21));
    let events = [mail.event("delivered", 2), open.clone(), twin(&open), later];
    stage.sendgrid.record(&events);
    let report = stage.reconciled(&[]).await;
    assert_eq!(sums(&report), [4, 0, 4, 0], "{report}");
    assert_eq!(sums(&stage.reconciled(&[]).await), [4, 4, 0, 0]);
    assert_eq!(tally(&stage.told(&events).await), [4, 0, 0, 0, 4, 0]);
    let message = stage.world.message(&mail).await;
    assert_eq!((&message["counts"]["opens"], origins(&message)), (&3.into(), vec!["reconcile"; 4]));
    stage.world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_opens_within_a_second_the_one_that_is_lost_is_taken_for_the_one_that_was_told() {
    let stage = Stage::start(Options::new(1, 1, 0)).await;
    let mail = Mail::new();
    let opens = [mail.event("open", 20), mail.event("open", 21)];
    stage.told(&opens[..1]).await;
    stage.sendgrid.record(&opens);
    assert_eq!(sums(&stage.reconciled(&[]).await), [2, 2, 0, 0]);
    assert_eq!(stage.world.message(&mail).await["counts"]["opens"], 1);
    stage.world.finish().await;
}
