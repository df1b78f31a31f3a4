//! Runs that end before their end.

use super::{Stage, life, sums};
use crate::harness::sendgrid::{Fault, Order};
use crate::harness::{Mail, Options};
use std::collections::BTreeSet;

const MAILS: usize = 70;

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupted_run_goes_on_where_it_stopped() {
    let stage = Stage::start(Options::new(1, 1, 0)).await;
    let mails: Vec<_> = (0..MAILS).map(|_| Mail::new()).collect();
    for (second, mail) in (0..).zip(&mails) {
        // Each listed under a second of its own.
        stage.sendgrid.record(&[mail.event("processed", 0), mail.event("delivered", 1 + second)]);
    }
    stage.sendgrid.die_after(50);
    let interrupted = stage.run(&[]).await;
    assert_eq!(interrupted.code, 69, "{interrupted:?}");
    let asked = || -> BTreeSet<String> {
        let answered = stage.sendgrid.calls().into_iter().filter(|call| call.status == Some(200));
        answered.map(|call| call.path).filter(|path| path.starts_with("/v3/messages/")).collect()
    };
    let before = asked();
    stage.sendgrid.recover();
    stage.sendgrid.forget_calls();
    let report = stage.reconciled(&[]).await;
    let facts = 2 * MAILS as i64;
    assert_eq!((&report["resumed"], sums(&report)), (&true.into(), [facts, 0, facts, 0]), "{report}");
    assert_eq!(report["messages"], MAILS);
    let (after, again) = (asked(), before.intersection(&asked()).count());
    assert_eq!(before.union(&after).count(), MAILS);
    assert!(again < 20, "{again} were asked for again: more than are asked for together");
    let report = stage.reconciled(&[]).await;
    assert_eq!((&report["resumed"], sums(&report)), (&false.into(), [facts, facts, 0, 0]), "{report}");
    stage.world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_ends_between_the_queue_and_the_ledger_recovers_nothing_twice() {
    let mut stage = Stage::start(Options::new(1, 1, 0)).await;
    let mail = Mail::new();
    stage.sendgrid.record(&life(&mail));
    stage.world.kill("worker-1");
    for _ in 0..2 {
        let given = stage.run(&["--wait", "100ms"]).await;
        assert!(given.code == 1 && given.stderr.contains("goes on from there"), "{given:?}");
    }
    stage.world.start_process("worker-1").await;
    stage.world.empty(queue::QueueName::Batches).await;
    let report = stage.reconciled(&[]).await;
    assert_eq!((&report["resumed"], sums(&report)), (&true.into(), [4, 4, 0, 0]), "{report}");
    let audit = stage.world.cli_json(&["audit"]).await;
    assert_eq!([&audit["elements"], &audit["applied"], &audit["duplicate"]], [8, 4, 4], "{audit}");
    assert_eq!(stage.world.message(&mail).await["counts"]["opens"], 1);
    stage.world.finish().await;
}

/// A run that ended before anything was compared, so long ago.
async fn interrupted(stage: &Stage, ago: &str) {
    stage.sendgrid.order(Order::next(Fault::Status(400)).on("GET /v3/messages").after(1).for_ever());
    let ran = stage.run(&[]).await;
    assert_eq!(ran.code, 1, "{ran:?}");
    stage.sendgrid.recover();
    let earlier = ["started_at", "from_at", "to_at", "reached_at"];
    let earlier = earlier.map(|column| format!("{column} = {column} - interval '{ago}'")).join(", ");
    let db = stage.world.db().await;
    let moved = db.execute(&format!("UPDATE reconciliations SET {earlier}"), &[]).await.unwrap();
    assert_eq!(moved, 1, "the run is written down");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_goes_on_later_reads_the_suppression_lists_of_the_time_it_began_with() {
    let stage = Stage::start(Options::new(1, 1, 0)).await;
    let mail = Mail::new();
    let hour = 3_600;
    let lost = mail.event("spamreport", -3 * hour);
    let whole =
        [mail.event("processed", -4 * hour), mail.event("delivered", 2 - 4 * hour), mail.event("open", 0)];
    stage.happens(&whole).await;
    stage.sendgrid.record(&[lost]);
    interrupted(&stage, "4 hours").await;
    let report = stage.reconciled(&[]).await;
    assert_eq!((&report["resumed"], sums(&report)), (&true.into(), [4, 3, 1, 0]), "{report}");
    stage.world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_whose_beginning_is_not_kept_any_more_is_not_gone_on_with() {
    let stage = Stage::start(Options::new(1, 1, 0)).await;
    let mail = Mail::new();
    let day = 24 * 3_600;
    // Its first days were told once, for all that anybody knows.
    let long_ago = [mail.event("processed", -3 * day), mail.event("delivered", 2 - 3 * day)];
    stage.sendgrid.record(&[&long_ago[..], &[mail.event("open", 0)]].concat());
    interrupted(&stage, "4 days").await;
    let db = stage.world.db().await;
    let kept = "UPDATE retention SET events_kept_from = (now() AT TIME ZONE 'UTC')::date - 1";
    db.batch_execute(kept).await.unwrap();
    let report = stage.reconciled(&[]).await;
    assert_eq!((&report["resumed"], sums(&report)), (&false.into(), [1, 0, 1, 0]), "{report}");
    assert_eq!(stage.world.message(&mail).await["counts"]["opens"], 1);
    stage.world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_may_not_read_the_records_and_a_source_that_is_not_there_are_told_at_once() {
    let stage = Stage::start(Options::new(1, 1, 0)).await;
    let nobody = ["reconcile", "--source", "nobody", "--from", "1h", "--to", "now"];
    assert_eq!(stage.sendgrid.cli(&stage.world, &nobody).await.code, 4);
    stage.sendgrid.grant(crate::harness::sendgrid::KEY, &["mail.send"]);
    let refused = stage.run(&[]).await;
    assert!(refused.code == 64 && refused.stderr.contains("messages.read"), "{refused:?}");
    stage.sendgrid.revoke(crate::harness::sendgrid::KEY);
    let refused = stage.run(&[]).await;
    assert_eq!(refused.code, 64, "{refused:?}");
    stage.world.finish().await;
}
