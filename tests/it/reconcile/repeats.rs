//! One fact that is recovered and told: counted once, whichever comes first, and also when both come at once.

use super::{Stage, life, origins, shifted, sums};
use crate::harness::{DEADLINE, Mail, Options, tally, wait_for};
use crate::reprocess::anonymous_bounce;
use serde_json::Value;

#[tokio::test(flavor = "multi_thread")]
async fn what_the_webhook_tells_within_a_second_of_a_recovered_event_is_a_duplicate_and_later_it_is_not() {
    let stage = Stage::start(Options::new(1, 1, 0)).await;
    let (mail, other) = (Mail::new(), Mail::new());
    let open = mail.event("open", 20);
    stage.sendgrid.record(&[open.clone(), other.event("processed", 0)]);
    assert_eq!(stage.reconciled(&[]).await["recovered"], 2);
    for (seconds, expected) in [
        (-2, [1, 1, 0, 0, 0, 0]),
        (-1, [1, 0, 0, 0, 1, 0]),
        (0, [1, 0, 0, 0, 1, 0]),
        (1, [1, 0, 0, 0, 1, 0]),
        (2, [1, 1, 0, 0, 0, 0]),
    ] {
        let mut late = shifted(&open, seconds);
        late["sg_event_id"] = format!("late-{seconds}").into();
        assert_eq!(tally(&stage.told(&[late]).await), expected, "{seconds}");
    }
    // Another name, another message.
    let others = [shifted(&mail.event("click", 20), 0), other.event("open", 20)];
    assert_eq!(tally(&stage.told(&others).await), [2, 2, 0, 0, 0, 0]);
    assert_eq!(stage.world.message(&mail).await["counts"]["opens"], 3);
    stage.world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fact_that_the_webhook_told_within_a_second_is_known() {
    let stage = Stage::start(Options::new(1, 1, 0)).await;
    let mails: Vec<_> = (-2..=2).map(|seconds| (seconds, Mail::new())).collect();
    for (seconds, mail) in &mails {
        stage.sendgrid.record(&[mail.event("open", 20)]);
        stage.told(&[shifted(&mail.event("open", 20), *seconds)]).await;
    }
    let report = stage.reconciled(&[]).await;
    assert_eq!(sums(&report), [5, 3, 2, 0], "{report}");
    for (seconds, mail) in &mails {
        let opens = if seconds.abs() <= 1 { 1 } else { 2 };
        assert_eq!(stage.world.message(mail).await["counts"]["opens"], opens, "{seconds}");
    }
    stage.world.finish().await;
}

/// Both wait in the queue when the worker starts. Whether it takes them together is for it to say; then the webhook's own word
/// stays, which `windows` proves, and else whichever it takes first.
async fn waiting(recovered_first: bool) {
    let mut stage = Stage::start(Options::new(1, 1, 0)).await;
    let mail = Mail::new();
    let events = life(&mail);
    // Told a second later than recorded: no key says that they are the same.
    let told: Vec<Value> = events.iter().map(|event| shifted(event, 1)).collect();
    stage.sendgrid.record(&events);
    stage.world.kill("worker-1");
    let mut answer = None;
    for recovers in [recovered_first, !recovered_first] {
        if recovers {
            let given = stage.run(&["--wait", "100ms"]).await;
            assert!(given.code == 1 && given.stderr.contains("have not recorded"), "{given:?}");
        } else {
            answer = Some(stage.sender.batch(&told).to(&stage.url).await.unwrap());
        }
    }
    stage.world.start_process("worker-1").await;
    let batch = stage.world.batch(&answer.unwrap()).await;
    let stays = match tally(&batch) {
        [4, 4, 0, 0, 0, 0] => "webhook",
        [4, 0, 0, 0, 4, 0] if recovered_first => "reconcile",
        other => panic!("{other:?}"),
    };
    stage.world.empty(queue::QueueName::Batches).await;
    let report = stage.reconciled(&[]).await;
    assert_eq!((sums(&report), &report["resumed"]), ([4, 4, 0, 0], &true.into()), "{report}");
    let message = stage.world.message(&mail).await;
    assert_eq!((origins(&message), &message["counts"]["opens"]), (vec![stays; 4], &1.into()));
    let audit = stage.world.cli_json(&["audit"]).await;
    assert_eq!((&audit["elements"], &audit["duplicate"]), (&8.into(), &4.into()), "{audit}");
    stage.world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_in_the_queue_together_with_what_was_recovered_later_stays_and_counts_once() {
    waiting(false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_in_the_queue_together_with_what_was_recovered_before_counts_once() {
    waiting(true).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn reconciling_while_the_webhook_tells_the_same_counts_nothing_twice() {
    const MAILS: usize = 60;
    let stage = Stage::start(Options::new(1, 2, 0)).await;
    let mails: Vec<_> = (0..MAILS).map(|_| Mail::new()).collect();
    mails.iter().for_each(|mail| stage.sendgrid.record(&life(mail)));
    let telling = async {
        for mail in &mails {
            let told: Vec<Value> = life(mail).iter().map(|event| shifted(event, 1)).collect();
            let answer = stage.sender.batch(&told).to(&stage.url).await.unwrap();
            assert_eq!(answer.status, 204);
        }
    };
    let (ran, ()) = tokio::join!(stage.run(&[]), telling);
    assert_eq!(ran.code, 0, "{ran:?}");
    stage.world.empty(queue::QueueName::Batches).await;
    let count = "SELECT count(*), count(*) FILTER (WHERE opens = 1 AND clicks = 1 AND status = 'clicked' AND events = 4)
                 FROM messages";
    let all = wait_for("every event", DEADLINE, async || {
        let db = stage.world.db().await;
        let row = db.query_one(count, &[]).await.map_err(|error| error.to_string())?;
        let seen = (row.get::<_, i64>(0), row.get::<_, i64>(1));
        if seen == (MAILS as i64, MAILS as i64) { Ok(seen) } else { Err(format!("{seen:?}")) }
    });
    all.await;
    let report = stage.reconciled(&[]).await;
    assert_eq!(sums(&report), [4 * MAILS as i64, 4 * MAILS as i64, 0, 0], "{report}");
    stage.world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recovered_element_out_of_the_quarantine_is_still_recovered_or_a_duplicate() {
    let stage = Stage::start(Options::new(1, 1, 0)).await;
    let (one, other, db) = (Mail::new(), Mail::new(), stage.world.db().await);
    stage.sendgrid.record(&[one.event("open", 20), other.event("open", 20)]);
    db.batch_execute(
        "CREATE FUNCTION refuse_some() RETURNS trigger LANGUAGE plpgsql AS $$
         BEGIN RAISE EXCEPTION 'refused' USING ERRCODE = '22012'; END $$;
         CREATE TRIGGER refuse_some BEFORE INSERT ON events FOR EACH ROW
         WHEN (NEW.origin IS NOT NULL) EXECUTE FUNCTION refuse_some()",
    )
    .await
    .unwrap();
    let ran = stage.run(&[]).await;
    let report = ran.json();
    assert_eq!((ran.code, sums(&report), &report["quarantined"]), (1, [2, 0, 0, 2], &2.into()), "{ran:?}");
    assert!(report["unknown_rows"].to_string().contains("quarantine list"), "{report}");
    db.batch_execute("DROP TRIGGER refuse_some ON events").await.unwrap();
    // One of them is told meanwhile.
    stage.told(&[shifted(&other.event("open", 20), 1)]).await;
    let released = stage.world.cli_json(&["quarantine", "release", "--source", "main"]).await;
    let mut became: Vec<_> =
        released["released"].as_array().unwrap().iter().map(|row| row["became"].as_str().unwrap()).collect();
    became.sort_unstable();
    assert_eq!(became, ["applied", "duplicate"], "{released}");
    assert_eq!(origins(&stage.world.message(&one).await), ["reconcile"]);
    assert_eq!(origins(&stage.world.message(&other).await), ["webhook"]);
    // And the other way round: the message remembers what it has.
    assert_eq!(tally(&stage.told(&[shifted(&one.event("open", 20), 1)]).await), [1, 0, 0, 0, 1, 0]);
    stage.world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replay_works_recovered_events_out_again_and_they_stay_recovered() {
    let stage = Stage::start(Options::new(1, 1, 0)).await;
    let mail = Mail::new();
    stage.sendgrid.record(&life(&mail));
    assert_eq!(stage.reconciled(&[]).await["recovered"], 4);
    let replay = ["replay", "inbound", "--source", "main", "--from", "1h", "--to", "now"];
    assert_eq!(stage.world.cli_json(&replay).await["changed"], 0);
    let db = stage.world.db().await;
    db.batch_execute("UPDATE messages SET reconciled = 0, opens = 7").await.unwrap();
    assert_eq!(stage.world.cli_json(&replay).await["changed"], 1);
    assert_eq!(stage.world.message(&mail).await["counts"]["opens"], 1);
    assert_eq!(tally(&stage.told(&[shifted(&mail.event("open", 20), 1)]).await), [1, 0, 0, 0, 1, 0]);
    stage.world.finish().await;
}

/// Ends the worker; how often events of a message were looked for until then. Sessions report what they did when they end.
async fn looks(stage: &mut Stage) -> i64 {
    assert_eq!(stage.world.terminate("worker-1").await, Some(0));
    let db = stage.world.db().await;
    let others = "SELECT count(*) FROM pg_stat_activity
                  WHERE datname = current_database() AND application_name IN ('sendstate_worker', 'sendstate_operator')";
    wait_for("sessions to end", DEADLINE, async || {
        let others: i64 = db.query_one(others, &[]).await.map_err(|error| error.to_string())?.get(0);
        if others == 0 { Ok(()) } else { Err(others.to_string()) }
    })
    .await;
    let looks = "SELECT coalesce(sum(idx_scan), 0)::bigint FROM pg_stat_user_indexes
                 WHERE relname LIKE 'events%' AND indexrelname LIKE '%message_key%'";
    db.query_one(looks, &[]).await.unwrap().get(0)
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_looked_for_in_messages_of_which_nothing_was_recovered() {
    let mut stage = Stage::start(Options::new(1, 1, 0)).await;
    let (ordinary, recovered) = (Mail::new(), Mail::new());
    for _ in 0..2 {
        stage.told(&life(&ordinary)).await;
    }
    stage.told(&[ordinary.event("open", 90)]).await;
    assert_eq!(looks(&mut stage).await, 0);
    stage.world.start_process("worker-1").await;
    stage.sendgrid.record(&life(&recovered));
    // The records do not have the other.
    stage.reconciled(&["--all-new"]).await;
    let before = looks(&mut stage).await;
    stage.world.start_process("worker-1").await;
    stage.told(&[recovered.event("open", 90)]).await;
    assert!(looks(&mut stage).await > before, "there it is looked for");
    stage.world.start_process("worker-1").await;
    stage.world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_duplicate_says_nothing_of_its_recipient_either() {
    let stage = Stage::start(Options::new(1, 1, 0)).await;
    let mail = Mail::new();
    let bounce = mail.event("bounce", 20);
    stage.sendgrid.record(std::slice::from_ref(&bounce));
    assert_eq!(stage.reconciled(&[]).await["recovered"], 1);
    assert_eq!(tally(&stage.told(&[shifted(&bounce, -1)]).await), [1, 0, 0, 0, 1, 0]);
    let recipient = stage.world.cli_json(&["recipient", "show", &mail.recipient]).await;
    let since = jiff::Timestamp::from_second(bounce["timestamp"].as_i64().unwrap()).unwrap();
    assert_eq!((&recipient["standing"], &recipient["since"]), (&"bounced".into(), &since.to_string().into()));
    stage.world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bounce_that_waits_for_its_message_is_forgotten_when_the_message_is_recovered_with_it() {
    let stage = Stage::start(Options::new(1, 1, 0).set("worker", "SENDSTATE_WORKER_SWEEP_EVERY", "1s")).await;
    let (mail, mut other, db) = (Mail::new(), Mail::new(), stage.world.db().await);
    other.recipient.clone_from(&mail.recipient);
    let bounce = anonymous_bounce(&mail, 60);
    assert_eq!(tally(&stage.told(std::slice::from_ref(&bounce)).await), [1, 1, 0, 0, 0, 0]);
    stage.sendgrid.record(&[mail.event("delivered", 2), mail.event("bounce", 60)]);
    assert_eq!(stage.reconciled(&[]).await["recovered"], 2);
    // It would be the one message to that address that has not failed.
    stage.told(&[other.event("delivered", 3)]).await;
    db.batch_execute("UPDATE pending_bounces SET next_try_at = now() - interval '1 second'").await.unwrap();
    wait_for("the bounce to be settled", DEADLINE, async || {
        let left: i64 = db.query_one("SELECT count(*) FROM pending_bounces", &[]).await.unwrap().get(0);
        if left == 0 { Ok(()) } else { Err(format!("{left} pending")) }
    })
    .await;
    let message = stage.world.message(&mail).await;
    assert_eq!((&message["status"], origins(&message)), (&"bounced".into(), vec!["reconcile"; 2]));
    assert_eq!(stage.world.message(&other).await["status"], "delivered");
    stage.world.finish().await;
}
