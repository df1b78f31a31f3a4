//! What becomes of a delivery when its consumer, or the dispatcher itself, does not do what it should.
//!
//! The whole pipeline runs; the consumer is scripted. Nobody waits for a retry's time or for a dead dispatcher's leases
//! to end: the tests move due times themselves ([`Stage::hurry`], [`Stage::bury`]), which is all that the passing of
//! time would do.

mod etiquette;
mod held;
mod hints;
mod limits;
mod replay;
mod secrets;
mod stage;

use crate::harness::{Mail, Options, Reaction, Receiver};
use serde_json::Value;
use stage::{Attempt, Stage, TIMEOUT_MS};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};

fn attempt(kind: &str, number: i16, outcome: &str, http_status: Option<i16>, error: Option<&str>) -> Attempt {
    Attempt {
        kind: format!("message.{kind}"),
        number,
        outcome: outcome.to_owned(),
        http_status,
        error: error.map(str::to_owned),
    }
}

#[tokio::test]
async fn a_consumer_that_answers_500_is_told_again_in_the_same_words() {
    let stage = Stage::set().await;
    let requests = AtomicUsize::new(0);
    stage.receiver.react(move |_| {
        Reaction::Status(if requests.fetch_add(1, Ordering::SeqCst) == 0 { 500 } else { 200 })
    });
    stage.deliver(1).await;
    stage.attempted(1).await;
    // Five seconds, a fifth more or less; it was rescheduled no longer ago than a wait may take.
    let due = "SELECT due_at BETWEEN now() - interval '60 seconds' AND now() + interval '6 seconds' FROM delivery_queue";
    assert!(stage.db.query_one(due, &[]).await.unwrap().get::<_, bool>(0), "not rescheduled by the schedule");
    stage.hurry().await;
    assert_eq!(stage.settled().await, (1, 0));
    let expected = [
        attempt("delivered", 1, "rejected", Some(500), None),
        attempt("delivered", 2, "delivered", Some(200), None),
    ];
    assert_eq!(stage.attempts().await, expected);
    let told = stage.receiver.notifications();
    assert_eq!(told.len(), 2);
    assert_eq!((&told[0].id, &told[0].body), (&told[1].id, &told[1].body));
    stage.world.finish().await;
}

#[tokio::test]
async fn a_consumer_that_was_down_is_told_when_it_is_back_under_its_new_url() {
    let stage = Stage::set().await;
    // A port that was free a moment ago and that nobody listens on now.
    let gone = Receiver::start().await.url();
    let redirect = "UPDATE endpoints SET url = $1 WHERE id = $2";
    stage.db.execute(redirect, &[&gone, &stage.endpoint]).await.unwrap();
    stage.deliver(1).await;
    assert_eq!(stage.attempted(1).await, [attempt("delivered", 1, "unanswered", None, Some("connect"))]);
    stage.db.execute(redirect, &[&stage.receiver.url(), &stage.endpoint]).await.unwrap();
    stage.hurry().await;
    assert_eq!(stage.settled().await, (1, 0));
    assert_eq!(stage.receiver.told().len(), 1);
    stage.world.finish().await;
}

#[tokio::test]
async fn a_consumer_that_says_nothing_is_given_up_at_the_timeout_and_told_again() {
    let stage = Stage::set().await;
    stage.receiver.react(|_| Reaction::HangBeforeHeaders);
    stage.deliver(1).await;
    assert_eq!(stage.attempted(1).await, [attempt("delivered", 1, "unanswered", None, Some("timeout"))]);
    let took: i32 = stage.db.query_one("SELECT duration_ms FROM attempts", &[]).await.unwrap().get(0);
    assert!(took >= TIMEOUT_MS, "given up after {took} ms");
    stage.receiver.react(|_| Reaction::Status(204));
    stage.hurry().await;
    assert_eq!(stage.settled().await, (1, 0));
    assert_eq!(stage.receiver.told().len(), 1);
    stage.world.finish().await;
}

#[tokio::test]
async fn a_consumer_that_says_200_and_never_ends_its_answer_is_told_again() {
    let stage = Stage::set().await;
    stage.receiver.react(|_| Reaction::HangAfterHeaders);
    stage.deliver(1).await;
    assert_eq!(stage.attempted(1).await, [attempt("delivered", 1, "unanswered", None, Some("timeout"))]);
    stage.receiver.react(|_| Reaction::Status(204));
    stage.hurry().await;
    assert_eq!(stage.settled().await, (1, 0));
    stage.world.finish().await;
}

#[tokio::test]
async fn what_comes_later_of_a_message_waits_for_what_came_first() {
    let stage = Stage::set().await;
    stage.receiver.react(|arrived| {
        let first = arrived.body.windows(17).any(|window| window == b"message.delivered");
        Reaction::Status(if first { 503 } else { 200 })
    });
    let mail = Mail::new();
    stage.send(&[mail.event("delivered", 10), mail.event("open", 20), mail.event("click", 30)]).await;
    for failures in 1..=3 {
        stage.attempted(failures).await;
        stage.hurry().await;
    }
    stage.attempted(4).await;
    stage.receiver.react(|_| Reaction::Status(200));
    stage.hurry().await;
    assert_eq!(stage.settled().await, (2, 0));
    let kinds: Vec<_> = stage.receiver.notifications().into_iter().map(|one| one.kind).collect();
    let (last, before) = kinds.split_last().unwrap();
    assert_eq!(last, "message.seen");
    assert!(before.len() >= 5 && before.iter().all(|kind| kind == "message.delivered"), "{kinds:?}");
    stage.world.finish().await;
}

#[tokio::test]
async fn requests_that_die_with_the_dispatcher_are_made_again_under_the_same_ids() {
    let mut stage = Stage::set().await;
    stage.receiver.react(|_| Reaction::HangBeforeHeaders);
    stage.deliver(10).await;
    stage.arrived(10).await;
    stage.world.kill("dispatcher-1");
    assert_eq!(stage.attempts().await, [], "nothing had ended");
    stage.receiver.react(|_| Reaction::Status(200));
    stage.bury().await;
    stage.world.start_process("dispatcher-1").await;
    assert_eq!(stage.settled().await, (10, 0));
    let mut requests = BTreeMap::<String, Vec<Value>>::new();
    for one in stage.receiver.notifications() {
        requests.entry(one.id).or_default().push(one.body);
    }
    assert_eq!(requests.len(), 10);
    for (id, bodies) in requests {
        assert!(bodies.len() == 2 && bodies[0] == bodies[1], "{id}: {bodies:?}");
    }
    // The first attempt of each was begun and its end is unknown: it is counted, and not made up.
    assert!(stage.attempts().await.iter().all(|one| one.number == 2), "{:?}", stage.attempts().await);
    stage.world.finish().await;
}

#[tokio::test]
async fn a_dispatcher_that_is_asked_to_stop_ends_what_it_began_and_gives_the_rest_back() {
    let mut stage = Stage::set().await;
    stage.receiver.react(|_| Reaction::HangBeforeHeaders);
    // More than may be in flight to one endpoint, so that some only wait their turn.
    stage.deliver(40).await;
    stage.arrived(16).await;
    stage.receiver.react(|_| Reaction::Status(200));
    assert_eq!(stage.world.terminate("dispatcher-1").await, Some(0));
    let held = "SELECT count(*), count(lease), count(*) FILTER (WHERE attempts > 0) FROM delivery_queue";
    let row = stage.db.query_one(held, &[]).await.unwrap();
    let (owed, leased, tried): (i64, i64, i64) = (row.get(0), row.get(1), row.get(2));
    assert_eq!((leased, tried as usize), (0, stage.attempts().await.len()), "of {owed}");
    stage.world.start_process("dispatcher-1").await;
    stage.hurry().await;
    assert_eq!(stage.settled().await, (40, 0));
    assert_eq!(stage.receiver.told().len(), 40);
    stage.world.finish().await;
}

#[tokio::test]
async fn nothing_is_sent_to_a_refused_address_or_without_a_signature() {
    let stage = Stage::set().await;
    stage.db.execute("UPDATE endpoints SET allow_networks = '{}'", &[]).await.unwrap();
    stage.deliver(1).await;
    assert_eq!(stage.attempted(1).await, [attempt("delivered", 1, "unsent", None, Some("refused"))]);
    stage.db.execute("UPDATE endpoints SET allow_networks = '{127.0.0.0/8}'", &[]).await.unwrap();

    stage
        .db
        .execute("UPDATE endpoint_secrets SET sealed = set_byte(sealed, 40, get_byte(sealed, 40) # 1)", &[])
        .await
        .unwrap();
    stage.hurry().await;
    assert_eq!(stage.attempted(2).await[1], attempt("delivered", 2, "unsent", None, Some("bad_secret")));

    stage.db.execute("UPDATE endpoint_secrets SET expires_at = now()", &[]).await.unwrap();
    stage.hurry().await;
    assert_eq!(stage.attempted(3).await[2], attempt("delivered", 3, "unsent", None, Some("no_secret")));

    assert!(stage.receiver.arrived().is_empty());
    stage.db.execute("UPDATE endpoint_secrets SET expires_at = NULL, sealed = set_byte(sealed, 40, get_byte(sealed, 40) # 1)", &[]).await.unwrap();
    stage.hurry().await;
    assert_eq!(stage.settled().await, (1, 0));
    stage.world.finish().await;
}

#[tokio::test]
async fn a_dispatcher_that_slept_through_its_leases_does_not_undo_what_another_did() {
    let mut stage = Stage::set_with(Options::new(1, 1, 2).not_started()).await;
    for name in ["ingest-1", "worker-1", "dispatcher-1"] {
        stage.world.start_process(name).await;
    }
    stage.receiver.react(|_| Reaction::HangBeforeHeaders);
    stage.deliver(5).await;
    stage.arrived(5).await;
    stage.world.pause("dispatcher-1");
    stage.receiver.react(|_| Reaction::Status(200));
    stage.bury().await;
    stage.world.start_process("dispatcher-2").await;
    assert_eq!(stage.settled().await, (5, 0));
    stage.world.resume("dispatcher-1");
    // Its requests were made, so they are recorded; what became of the deliveries stays as it is.
    let attempts = stage.attempted(10).await;
    for (number, count) in [(1, 5), (2, 5)] {
        assert_eq!(attempts.iter().filter(|one| one.number == number).count(), count, "{attempts:?}");
    }
    assert!(attempts.iter().all(|one| one.number == 1 || one.outcome == "delivered"), "{attempts:?}");
    assert_eq!(stage.settled().await, (5, 0));
    stage.world.finish().await;
}

#[tokio::test]
async fn the_tenth_failure_is_the_last_and_what_comes_later_is_told() {
    let stage = Stage::set().await;
    stage.receiver.react(|arrived| {
        let first = arrived.body.windows(17).any(|window| window == b"message.delivered");
        Reaction::Status(if first { 404 } else { 200 })
    });
    let mail = Mail::new();
    stage.send(&[mail.event("delivered", 10), mail.event("open", 20)]).await;
    stage.attempted(1).await;
    stage.db.execute("UPDATE delivery_queue SET attempts = 9 WHERE attempts = 1", &[]).await.unwrap();
    stage.hurry().await;
    assert_eq!(stage.settled().await, (1, 1));
    let last = stage.attempts().await.into_iter().rfind(|one| one.kind == "message.delivered").unwrap();
    assert_eq!(last, attempt("delivered", 10, "rejected", Some(404), None));
    stage.world.finish().await;
}
