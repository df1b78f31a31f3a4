//! What SendGrid does not list, and how fast it lets itself be asked.

use super::{Stage, life, sums};
use crate::harness::sendgrid::{Change, Fault, Order};
use crate::harness::{Mail, Options};
use serde_json::{Value, json};
use std::time::Duration;

/// Messages of one event each, so many in each of the seconds from the first on.
fn crowd(messages: usize, in_a_second: usize) -> (Vec<Mail>, Vec<Value>) {
    let mails: Vec<_> = (0..messages).map(|_| Mail::new()).collect();
    // Mails made one after the other may be of different seconds.
    let first = mails[0].event("processed", 0)["timestamp"].as_i64().unwrap();
    let events = mails.iter().enumerate().map(|(number, mail)| {
        let mut event = mail.event("processed", 0);
        event["timestamp"] = (first - 60 + (number / in_a_second) as i64).into();
        event
    });
    let events = events.collect();
    (mails, events)
}

#[tokio::test(flavor = "multi_thread")]
async fn more_messages_than_a_list_holds_are_read_in_shorter_stretches_and_none_is_hidden() {
    let stage = Stage::start(Options::new(1, 1, 0)).await;
    let (_, events) = crowd(2_300, 300);
    stage.sendgrid.record(&events);
    let (lost, told): (Vec<_>, Vec<_>) = events.iter().cloned().enumerate().partition(|(n, _)| n % 100 == 7);
    let told: Vec<Value> = told.into_iter().map(|(_, event)| event).collect();
    stage.told(&told).await;
    let report = stage.reconciled(&[]).await;
    let (all, missing) = (events.len() as i64, lost.len() as i64);
    assert_eq!((&report["messages"], &report["overfull"]), (&all.into(), &0.into()), "{report}");
    assert_eq!(sums(&report), [all, all - missing, missing, 0], "{report}");
    assert_eq!(stage.asked_for_messages(), lost.len());
    stage.world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_moves_ahead_while_the_records_are_read_is_compared_all_the_same() {
    let stage = Stage::start(Options::new(1, 1, 0)).await;
    let (_, events) = crowd(1_050, 30);
    stage.happens(&events).await;
    let mail = Mail::new();
    stage.sendgrid.record(&life(&mail));
    // After the first list, which is full, and before its own stretch is read: to some minutes after the beginning.
    stage.sendgrid.meanwhile("GET /v3/messages", 2, Change::Record(vec![mail.event("open", 420)]));
    let report = stage.reconciled(&[]).await;
    assert_eq!(sums(&report), [1_054, 1_050, 4, 0], "{report}");
    assert_eq!((&report["caught_up"], stage.asked_for_messages()), (&true.into(), 1));
    stage.world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_with_more_messages_than_a_list_holds_is_said_and_fails_the_check() {
    let stage = Stage::start(Options::new(1, 1, 0)).await;
    let (_, events) = crowd(1_050, 1_050);
    stage.happens(&events).await;
    let mail = Mail::new();
    stage.sendgrid.record(&life(&mail));
    let ran = stage.run(&[]).await;
    let report = ran.json();
    assert_eq!((ran.code, &report["overfull"], &report["recovered"]), (1, &1.into(), &4.into()), "{ran:?}");
    assert!(ran.stderr.contains("not seen"), "{ran:?}");
    assert_eq!(report["messages"], 1_001);
    stage.world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_that_its_events_do_not_bear_out_is_unknown_until_they_do() {
    let stage = Stage::start(Options::new(1, 1, 0)).await;
    let (told, behind, mistaken) = (Mail::new(), Mail::new(), Mail::new());
    stage.happens(&life(&told)).await;
    stage.sendgrid.record(&[life(&behind), life(&mistaken)].concat());
    for (asked, answered) in [(&behind, &behind), (&mistaken, &told)] {
        let answer =
            json!({ "msg_id": answered.sg_message_id, "to_email": answered.recipient, "events": [] });
        let asking = format!("GET /v3/messages/{}", asked.sg_message_id);
        stage.sendgrid.order(Order::next(Fault::Answer(200, answer)).on(&asking));
    }
    let report = stage.reconciled(&[]).await;
    assert_eq!(sums(&report), [4, 4, 0, 2], "{report}");
    let reasons = report["unknown_rows"].to_string();
    assert!(reasons.contains("do not say") && reasons.contains("another message"), "{report}");
    assert_eq!(sums(&stage.reconciled(&[]).await), [12, 4, 8, 0]);
    stage.world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_is_listed_twice_is_compared_and_recovered_once() {
    let stage = Stage::start(Options::new(1, 1, 0)).await;
    stage.happens(&life(&Mail::new())).await;
    stage.sendgrid.list_twice();
    for (round, api) in ["activity", "logs"].into_iter().enumerate() {
        let mail = Mail::new();
        stage.sendgrid.record(&life(&mail));
        let report = stage.reconciled(&["--api", api]).await;
        let known = 4 * (round as i64 + 1);
        assert_eq!(sums(&report), [known + 4, known, 4, 0], "{api}: {report}");
        assert_eq!(report["messages"], round as i64 + 2, "{api}: {report}");
        let counts = &stage.world.message(&mail).await["counts"];
        assert_eq!((&counts["opens"], &counts["clicks"]), (&1.into(), &1.into()), "{api}");
    }
    stage.world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rate_limits_are_waited_out_and_trouble_that_passes_is_tried_again() {
    let stage = Stage::start(Options::new(1, 1, 0)).await;
    let mails: Vec<_> = (0..6).map(|_| Mail::new()).collect();
    mails.iter().for_each(|mail| stage.sendgrid.record(&life(mail)));
    stage.sendgrid.limit("/v3/messages", 4, Duration::from_secs(1));
    for fault in [Fault::Status(503), Fault::CloseAfterwards, Fault::Truncate] {
        stage.sendgrid.order(Order::next(fault).on("GET /v3/messages/").after(1));
    }
    let report = stage.reconciled(&[]).await;
    assert_eq!(sums(&report), [24, 0, 24, 0], "{report}");
    let refused = stage.sendgrid.calls().iter().filter(|call| call.status == Some(429)).count();
    assert_eq!(stage.world.message(&mails[5]).await["status"], "clicked");
    // What SendGrid says is left is heeded, so that it hardly ever has to refuse.
    assert!(refused <= 2, "{refused} refusals");
    stage.world.finish().await;
}
