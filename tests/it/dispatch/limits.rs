//! What an endpoint may be sent at once and per second, over all dispatchers; and that one endpoint never stands in the
//! way of another, nor its past in the way of its present.

use super::stage::Stage;
use crate::harness::{DEADLINE, Mail, Options, Reaction, Receiver, wait_for};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_never_has_more_requests_at_once_than_it_asks_for_whoever_sends() {
    let stage = Stage::set_for(Options::new(1, 1, 3), &["--concurrency", "3", "--timeout", "30s"]).await;
    stage.receiver.react(|_| Reaction::HangBeforeHeaders);
    stage.deliver(60).await;
    stage.arrived(3).await;
    // Every dispatcher has looked several times when each has recorded looks.
    let leased = "SELECT count(*) FROM delivery_queue WHERE lease IS NOT NULL";
    for _ in 0..40 {
        let leased: i64 = stage.db.query_one(leased, &[]).await.unwrap().get(0);
        assert!(leased <= 3, "{leased} are leased at once");
        assert!(stage.receiver.arrived().len() <= 3);
    }
    stage.receiver.react(|_| Reaction::Status(200));
    stage.receiver.release();
    stage.delivered(60).await;
    stage.world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_is_never_sent_more_per_second_than_it_asks_for_whoever_sends() {
    const RATE: usize = 20;
    let stage = Stage::set_for(Options::new(1, 1, 2), &["--rate", &RATE.to_string()]).await;
    for round in 1..=2 {
        let now = "SELECT extract(epoch FROM clock_timestamp())::float8";
        let begin: f64 = stage.db.query_one(now, &[]).await.unwrap().get(0);
        stage.deliver(3 * RATE).await;
        stage.delivered(round * 3 * RATE as i64).await;
        let starts = "SELECT extract(epoch FROM started_at)::float8 AS start FROM attempts ORDER BY 1";
        let starts: Vec<f64> =
            stage.db.query(starts, &[]).await.unwrap().iter().map(|row| row.get(0)).collect();
        let starts: Vec<f64> = starts.into_iter().filter(|start| *start >= begin).collect();
        assert_eq!(starts.len(), 3 * RATE);
        // A bucket holds one second's. Attempts begin at their lease or later, so however slow the machine is, the n-th
        // does not begin before the n-th lease may be taken.
        for (before, start) in starts.iter().enumerate() {
            let allowed = RATE as f64 * (start - begin + 1.0);
            assert!((before + 1) as f64 <= allowed, "{before} before {} s", start - begin);
        }
        // An hour without anything to send fills the bucket no further.
        let idle = "UPDATE endpoint_flow SET filled_at = filled_at - interval '1 hour'";
        assert_eq!(stage.db.execute(idle, &[]).await.unwrap(), 1);
    }
    stage.world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_that_hangs_does_not_keep_the_others_waiting() {
    let stage = Stage::set_for(Options::new(1, 1, 1), &["--timeout", "60s"]).await;
    let other = Receiver::start().await;
    stage.world.endpoint(&other, &[]).await;
    stage.receiver.react(|_| Reaction::HangBeforeHeaders);
    stage.deliver(400).await;
    wait_for("the other to be told everything", DEADLINE, async || {
        let told = other.arrived().len();
        if told == 400 { Ok(()) } else { Err(format!("{told} told")) }
    })
    .await;
    assert!(stage.receiver.arrived().len() <= 16, "it has taken more than its share");
    stage.receiver.release();
    stage.receiver.react(|_| Reaction::Status(200));
    wait_for("the rest to be told", DEADLINE, async || {
        let left: i64 = stage.db.query_one("SELECT count(*) FROM delivery_queue", &[]).await.unwrap().get(0);
        if left == 0 { Ok(()) } else { Err(format!("{left} left")) }
    })
    .await;
    stage.world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_new_is_told_while_a_mountain_of_retries_is_due() {
    let stage = Stage::set_for(Options::new(1, 1, 1), &["--concurrency", "2"]).await;
    // Retries of long ago that are all due: without lanes they would come first.
    stage
        .db
        .batch_execute(&format!(
            "INSERT INTO notifications (created_on, subject_key, type, source_id, webhook_id, sequence, implied, status,
                                        occurred_at, created_at, body)
             SELECT current_date, md5(i::text)::uuid, 'message.failed', 1, md5('w' || i)::uuid, 1, false, 'bounced', now(),
                    now(), '{{\"retry\":true}}'
             FROM generate_series(1, 20000) AS i;
             INSERT INTO delivery_queue (endpoint_id, subject_key, type, notification_on, sequence, lane, attempts, due_at, created_at)
             SELECT {}, md5(i::text)::uuid, 'message.failed', current_date, 1, 1, 1, now() - interval '1 hour', now()
             FROM generate_series(1, 20000) AS i",
            stage.endpoint
        ))
        .await
        .unwrap();
    let old = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&old);
    stage.receiver.react(move |arrived| {
        if arrived.body.as_ref() == b"{\"retry\":true}" {
            counted.fetch_add(1, Ordering::SeqCst);
        }
        Reaction::Status(200)
    });
    let mails: Vec<_> = (0..20).map(|_| Mail::new()).collect();
    let before = old.load(Ordering::SeqCst);
    stage.send(&mails.iter().map(|mail| mail.event("delivered", 10)).collect::<Vec<_>>()).await;
    wait_for("the new ones to be told", DEADLINE, async || {
        let arrived = stage.receiver.arrived();
        let told = arrived.iter().filter(|one| one.body.as_ref() != b"{\"retry\":true}").count();
        if told >= 20 { Ok(()) } else { Err(format!("{told} told")) }
    })
    .await;
    let retried = old.load(Ordering::SeqCst) - before;
    assert!(retried < 10_000, "{retried} retries came before what is new");
    stage.db.batch_execute("DELETE FROM delivery_queue WHERE lane = 1").await.unwrap();
    stage.receiver.forget();
    stage.world.finish().await;
}
