//! Opens that the records list side by side, and those of which they do not say who opened.

use super::{Stage, life, origins, sums};
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

/// A mail that a machine opened, and its life.
fn opened_by_a_machine() -> (Mail, Vec<Value>) {
    let mail = Mail::new();
    let mut open = mail.event("open", 20);
    open["sg_machine_open"] = true.into();
    let events = vec![mail.event("processed", 0), mail.event("delivered", 2), open];
    (mail, events)
}

async fn ignoring_machines() -> Stage {
    let stage = Stage::start(Options::new(1, 1, 0)).await;
    stage.world.cli_json(&["source", "set", "main", "--machine-opens", "ignore"]).await;
    stage
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_that_ignores_machines_recovers_no_open_of_which_nobody_says_who_opened() {
    let stage = ignoring_machines().await;
    let (mail, events) = opened_by_a_machine();
    stage.sendgrid.record(&events);
    let dry = stage.reconciled(&["--dry-run"]).await;
    assert_eq!((sums(&dry), &dry["missing"]), ([3, 0, 0, 1], &2.into()), "{dry}");
    let report = stage.reconciled(&[]).await;
    assert_eq!((sums(&report), &report["withheld"]), ([3, 0, 2, 1], &1.into()), "{report}");
    assert!(report["unknown_rows"][0]["reason"].as_str().unwrap().contains("machine"), "{report}");
    assert_eq!(report["unknown_rows"][0]["message"], mail.sg_message_id, "{report}");
    // The webhook says it.
    assert_eq!(tally(&stage.told(&events[2..]).await), [1, 0, 0, 1, 0, 0]);
    assert_eq!(sums(&stage.reconciled(&[]).await), [3, 3, 0, 0]);
    let message = stage.world.message(&mail).await;
    assert_eq!((&message["status"], &message["facts"]["opened_at"]), (&"delivered".into(), &Value::Null));
    assert_eq!(message["counts"]["machine_opens"], 1);
    stage.world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_the_records_say_who_opened_opens_are_recovered_and_the_policy_is_followed() {
    let stage = ignoring_machines().await;
    let ((by_machine, events), person) = (opened_by_a_machine(), Mail::new());
    stage.sendgrid.record(&events);
    stage.sendgrid.record(&life(&person));
    let report = stage.reconciled(&["--api", "logs"]).await;
    assert_eq!(sums(&report), [7, 0, 7, 0], "{report}");
    let message = stage.world.message(&by_machine).await;
    assert_eq!((&message["status"], &message["counts"]["machine_opens"]), (&"delivered".into(), &1.into()));
    assert_eq!(stage.world.message(&person).await["status"], "clicked");
    stage.world.finish().await;
}
