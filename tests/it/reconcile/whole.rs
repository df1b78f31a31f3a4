//! Messages that look whole in SendGrid's list, and are not.

use super::{Stage, life, sums};
use crate::harness::sendgrid::{Fault, KEY, Order};
use crate::harness::{Mail, Options};
use serde_json::{Value, json};

/// A message of which the webhook told everything but what happened in the middle.
async fn without(stage: &Stage, lost: &str) -> Mail {
    let mail = Mail::new();
    happens_without(stage, &mail, lost).await;
    mail
}

async fn happens_without(stage: &Stage, mail: &Mail, lost: &str) {
    let events = [("processed", 0), ("delivered", 2), (lost, 10), ("open", 20), ("click", 25)];
    let events: Vec<Value> = events.iter().map(|(name, second)| mail.event(name, *second)).collect();
    stage.sendgrid.record(&events);
    let told: Vec<Value> = events.into_iter().filter(|event| event["event"] != lost).collect();
    stage.told(&told).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_no_count_shows_is_recovered_where_a_suppression_list_names_the_recipient() {
    let stage = Stage::start(Options::new(1, 1, 0)).await;
    stage.happens(&life(&Mail::new())).await;
    let spam = without(&stage, "spamreport").await;
    let left = without(&stage, "unsubscribe").await;
    let bounced = without(&stage, "bounce").await;
    // On a list for as long as anybody remembers, which says nothing of now.
    let long_ago = Mail::new();
    stage.sendgrid.suppress("unsubscribes", json!({ "created": 1_700_000_000, "email": long_ago.recipient }));
    stage.happens(&life(&long_ago)).await;
    let report = stage.reconciled(&[]).await;
    assert_eq!((sums(&report), stage.asked_for_messages()), ([23, 20, 3, 0], 3), "{report}");
    for (mail, standing) in [(&spam, "complained"), (&left, "unsubscribed"), (&bounced, "bounced")] {
        let recipient = stage.world.cli_json(&["recipient", "show", &mail.recipient]).await;
        assert_eq!(recipient["standing"], standing, "{recipient}");
    }
    assert_eq!(sums(&stage.reconciled(&[]).await), [23, 23, 0, 0]);
    stage.world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_that_was_lost_before_a_message_ended_is_recovered_although_the_row_says_the_same_without_it()
{
    let stage = Stage::start(Options::new(1, 1, 0)).await;
    stage.sendgrid.show_late_bounces();
    stage.happens(&life(&Mail::new())).await;
    let (dropped, bounced, blocked) = (Mail::new(), Mail::new(), Mail::new());
    stage.sendgrid.record(&[dropped.event("processed", 0), dropped.event("dropped", 1)]);
    stage.told(&[dropped.event("dropped", 1)]).await;
    for (mail, kind) in [(&bounced, "bounce"), (&blocked, "blocked")] {
        let mut bounce = mail.event("bounce", 90);
        bounce["type"] = kind.into();
        let processed = mail.event("processed", 0);
        stage.sendgrid.record(&[processed.clone(), mail.event("delivered", 2), bounce.clone()]);
        stage.told(&[processed, bounce]).await;
    }
    let report = stage.reconciled(&[]).await;
    assert_eq!((sums(&report), stage.asked_for_messages()), ([12, 9, 3, 0], 3), "{report}");
    for (mail, status, step) in [
        (&dropped, "dropped", "processed_at"),
        (&bounced, "bounced", "delivered_at"),
        (&blocked, "blocked", "delivered_at"),
    ] {
        let message = stage.world.message(mail).await;
        assert!(message["status"] == status && message["facts"][step].is_string(), "{message}");
    }
    // Now they look whole, and are.
    stage.sendgrid.forget_calls();
    assert_eq!((sums(&stage.reconciled(&[]).await), stage.asked_for_messages()), ([12, 12, 0, 0], 0));
    stage.world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_only_a_thorough_run_looks_for_is_named_and_recovered_by_one() {
    let stage = Stage::start(Options::new(1, 1, 0)).await;
    stage.happens(&life(&Mail::new())).await;
    let deferred = without(&stage, "deferred").await;
    without(&stage, "group_unsubscribe").await;
    // The list says since when, not how often.
    let again = Mail::new();
    stage.sendgrid.suppress("unsubscribes", json!({ "created": 1_700_000_000, "email": again.recipient }));
    happens_without(&stage, &again, "unsubscribe").await;
    let quick = stage.reconciled(&[]).await;
    assert_eq!((sums(&quick), stage.asked_for_messages()), ([16, 16, 0, 0], 0), "{quick}");
    assert_eq!(quick["thorough"], false);
    assert_eq!(quick["not_looked_for"], json!(["deferred", "group_unsubscribe", "group_resubscribe"]));
    assert_eq!(quick["looked_for_in_lists"], json!(["bounce", "spamreport", "unsubscribe"]));
    stage.sendgrid.forget_calls();
    let thorough = stage.reconciled(&["--thorough"]).await;
    assert_eq!((sums(&thorough), stage.asked_for_messages()), ([19, 16, 3, 0], 4), "{thorough}");
    assert_eq!((&thorough["thorough"], &thorough["not_looked_for"]), (&true.into(), &json!([])));
    assert_eq!(thorough["looked_for_in_lists"], json!([]));
    assert!(!stage.sendgrid.called().iter().any(|line| line.contains("/suppression/")), "no list is needed");
    assert_eq!(stage.world.message(&deferred).await["counts"]["deferrals"], 1);
    stage.world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_may_not_read_the_lists_needs_a_thorough_run() {
    let stage = Stage::start(Options::new(1, 1, 0)).await;
    let mail = without(&stage, "spamreport").await;
    stage.sendgrid.grant(KEY, &["messages.read"]);
    for more in [&[][..], &["--suppressions"], &["--suppressions", "--thorough"]] {
        let refused = stage.run(more).await;
        assert_eq!((refused.code, stage.asked_for_messages()), (64, 0), "{refused:?}");
        assert!(refused.stderr.contains("suppression.read"), "{refused:?}");
    }
    assert_eq!(stage.reconciled(&["--thorough"]).await["recovered"], 1);
    let recipient = stage.world.cli_json(&["recipient", "show", &mail.recipient]).await;
    assert_eq!(recipient["standing"], "complained");
    stage.world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thorough_run_does_not_go_on_with_a_quick_one() {
    let stage = Stage::start(Options::new(1, 1, 0)).await;
    without(&stage, "deferred").await;
    let later = Mail::new();
    stage.sendgrid.record(&[later.event("processed", 100)]);
    // The first is compared, and the second not any more.
    stage.sendgrid.order(Order::next(Fault::Status(400)).on("GET /v3/messages/"));
    assert_eq!(stage.run(&[]).await.code, 1);
    let report = stage.reconciled(&["--thorough"]).await;
    assert_eq!((&report["resumed"], sums(&report)), (&false.into(), [6, 4, 2, 0]), "{report}");
    stage.world.finish().await;
}
