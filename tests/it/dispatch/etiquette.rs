//! What a consumer can say with its answer, and that it is listened to.

use super::attempt;
use super::stage::Stage;
use crate::harness::{DEADLINE, Reaction, wait_for};
use std::sync::atomic::{AtomicUsize, Ordering};

/// Seconds until the only delivery is due again.
async fn due_in(stage: &Stage) -> f64 {
    let due = "SELECT extract(epoch FROM due_at - now())::float8 FROM delivery_queue";
    stage.db.query_one(due, &[]).await.unwrap().get(0)
}

#[tokio::test]
async fn a_consumer_that_says_when_to_come_again_is_told_then_and_it_costs_no_attempt() {
    let in_an_hour = http_date(3_600);
    for (status, retry_after, at_least) in
        [(429, "120".to_owned(), 100.0), (503, in_an_hour, 3_500.0), (429, "999999999".to_owned(), 86_000.0)]
    {
        let stage = Stage::set().await;
        stage.receiver.react(move |_| Reaction::StatusWith(status, "retry-after", retry_after.clone()));
        stage.deliver(1).await;
        let attempts = stage.attempted(1).await;
        assert_eq!(attempts, [attempt("delivered", 1, "rejected", Some(status.cast_signed()), None)]);
        let due = due_in(&stage).await;
        assert!(due > at_least && due < 90_000.0, "{status}: due in {due} s");
        let row = stage.db.query_one("SELECT attempts, waits FROM delivery_queue", &[]).await.unwrap();
        assert_eq!((row.get::<_, i16>(0), row.get::<_, i16>(1)), (1, 1));
        stage.receiver.react(|_| Reaction::Status(200));
        stage.hurry().await;
        stage.delivered(1).await;
        stage.world.finish().await;
    }
}

/// So many seconds from now, as HTTP writes it.
fn http_date(seconds: i64) -> String {
    let at = jiff::Timestamp::from_second(crate::harness::now_seconds() + seconds).unwrap();
    at.to_zoned(jiff::tz::TimeZone::UTC).strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

#[tokio::test]
async fn a_consumer_that_says_later_for_ever_is_told_no_more_after_a_hundred_times_or_seven_days() {
    for bound in ["waits = 99", "created_at = now() - interval '7 days'"] {
        let stage = Stage::set().await;
        stage.receiver.react(|_| Reaction::StatusWith(429, "retry-after", "60".to_owned()));
        stage.deliver(1).await;
        stage.attempted(1).await;
        stage.db.execute(&format!("UPDATE delivery_queue SET {bound}, attempts = 100"), &[]).await.unwrap();
        // The hundredth wait is the last that is granted.
        let more = if bound.starts_with("waits") { 2 } else { 1 };
        for turn in 0..more {
            stage.hurry().await;
            stage.attempted(2 + turn).await;
        }
        assert_eq!(stage.settled().await, (0, 1), "{bound}");
        stage.world.finish().await;
    }
}

#[tokio::test]
async fn an_endpoint_that_is_gone_is_disabled_and_what_it_is_owed_is_held() {
    let mut stage = Stage::set().await;
    stage.receiver.react(|_| Reaction::Status(410));
    stage.deliver(1).await;
    let endpoint = stage.endpoint_is("disabled").await;
    assert_eq!(endpoint["state_reason"], "gone", "{endpoint}");
    stage.deliver(2).await;
    wait_for("three deliveries to be held", DEADLINE, async || {
        let held = stage.world.cli_json(&["delivery", "list", "--state", "held"]).await;
        let held = held.as_array().unwrap().len();
        if held == 3 { Ok(()) } else { Err(format!("{held} held")) }
    })
    .await;
    assert!(
        stage
            .world
            .metric("dispatcher-1", "sendstate_dispatcher_disabled_endpoints_total{reason=\"gone\"}")
            .await
            >= 1.0
    );
    stage.receiver.react(|_| Reaction::Status(200));
    stage.tell(&["resume", "--release", "all"]).await;
    stage.delivered(3).await;
    assert_eq!(stage.receiver.told().len(), 3);
    stage.world.finish().await;
}

#[tokio::test]
async fn an_endpoint_that_has_only_failed_for_five_days_is_disabled() {
    let stage = Stage::set().await;
    stage.receiver.react(|_| Reaction::Status(500));
    stage.deliver(1).await;
    stage.attempted(1).await;
    wait_for("the failure to be remembered", DEADLINE, async || {
        let days = "UPDATE endpoint_flow SET failing_since = now() - interval '5 days', failures = 9 WHERE failing_since IS NOT NULL";
        if stage.db.execute(days, &[]).await.unwrap() == 1 { Ok(()) } else { Err("not yet".to_owned()) }
    })
    .await;
    stage.hurry().await;
    let endpoint = stage.endpoint_is("disabled").await;
    assert_eq!(endpoint["state_reason"], "failing");
    stage.receiver.react(|_| Reaction::Status(200));
    stage.tell(&["resume", "--release", "all"]).await;
    stage.hurry().await;
    stage.delivered(1).await;
    stage.world.finish().await;
}

#[tokio::test]
async fn a_failing_endpoint_is_left_alone_and_probed_with_one_request() {
    let stage = Stage::set().await;
    stage.receiver.react(|_| Reaction::Status(500));
    stage.deliver(40).await;
    wait_for("the breaker to open", DEADLINE, async || {
        let open = "SELECT count(*) FROM endpoint_flow WHERE open_until > now()";
        let open: i64 = stage.db.query_one(open, &[]).await.unwrap().get(0);
        if open == 1 { Ok(()) } else { Err("closed".to_owned()) }
    })
    .await;
    // Longer than the test, so that only the test ends it.
    stage.db.execute("UPDATE endpoint_flow SET open_until = now() + interval '1 hour'", &[]).await.unwrap();
    let in_flight = "SELECT count(*) FROM delivery_queue WHERE lease IS NOT NULL";
    wait_for("what was under way to end", DEADLINE, async || {
        let left: i64 = stage.db.query_one(in_flight, &[]).await.unwrap().get(0);
        if left == 0 { Ok(()) } else { Err(format!("{left} under way")) }
    })
    .await;
    let before = stage.receiver.arrived().len();
    stage.db.execute("UPDATE delivery_queue SET due_at = now()", &[]).await.unwrap();
    let (at_once, most) =
        (std::sync::Arc::new(AtomicUsize::new(0)), std::sync::Arc::new(AtomicUsize::new(0)));
    stage.receiver.react({
        let (at_once, most) = (at_once.clone(), most.clone());
        move |_| {
            most.fetch_max(at_once.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            Reaction::HangBeforeHeaders
        }
    });
    stage.db.execute("UPDATE endpoint_flow SET open_until = now()", &[]).await.unwrap();
    stage.arrived(before + 1).await;
    // It times out, which is a failed probe: open again, for longer.
    wait_for("the breaker to open again", DEADLINE, async || {
        let open = "SELECT count(*) FROM endpoint_flow WHERE open_until > now() AND openings >= 2";
        let open: i64 = stage.db.query_one(open, &[]).await.unwrap().get(0);
        if open == 1 { Ok(()) } else { Err("not yet".to_owned()) }
    })
    .await;
    assert_eq!(stage.receiver.arrived().len(), before + 1, "one request is a probe");
    stage.receiver.react(|_| Reaction::Status(200));
    stage.hurry().await;
    stage.delivered(40).await;
    stage.world.finish().await;
}
