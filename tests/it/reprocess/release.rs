//! What is held aside and comes back, exactly once.

use crate::harness::{Mail, Options, Receiver, Sender, World, tally};
use serde_json::Value;
use tokio_postgres::Client;

/// Refuses elements that contain a word, as a database does that cannot hold them.
const REFUSE: &str = "
    CREATE FUNCTION refuse_some() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF position('unheard-of'::bytea IN NEW.raw) > 0 THEN
            RAISE EXCEPTION 'refused' USING ERRCODE = '22012';
        END IF;
        RETURN NEW;
    END $$;
    CREATE TRIGGER refuse_some BEFORE INSERT ON events FOR EACH ROW EXECUTE FUNCTION refuse_some()";
const ACCEPT: &str = "DROP TRIGGER refuse_some ON events";

fn unheard_of(mail: &Mail, name: &str, second: i64) -> Value {
    let mut event = mail.event(name, second);
    event["note"] = "unheard-of".into();
    event
}

async fn ids(world: &World) -> Vec<String> {
    let held = world.cli_json(&["quarantine", "list"]).await;
    held.as_array().unwrap().iter().map(|row| row["id"].to_string()).collect()
}

async fn whole_batches_are_refused(db: &Client, refused: bool) {
    let sql = if refused {
        "CREATE FUNCTION refuse_all() RETURNS trigger LANGUAGE plpgsql AS $$
         BEGIN RAISE EXCEPTION 'refused' USING ERRCODE = '22012'; END $$;
         CREATE TRIGGER refuse_all BEFORE UPDATE ON batches FOR EACH ROW WHEN (NEW.state = 'recorded')
         EXECUTE FUNCTION refuse_all()"
    } else {
        "DROP TRIGGER refuse_all ON batches"
    };
    db.batch_execute(sql).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_released_element_becomes_what_it_is_and_is_told_once() {
    let world = World::start(Options::new(1, 2, 1)).await;
    let (sender, receiver, mail, db) =
        (Sender::new(), Receiver::start().await, Mail::new(), world.db().await);
    let url = world.signed_source("main", &sender).await;
    world.endpoint(&receiver, &[]).await;
    db.batch_execute(REFUSE).await.unwrap();
    let events = [mail.event("processed", 1), unheard_of(&mail, "delivered", 2)];
    let answer = sender.batch(&events).to(&url).await.unwrap();
    assert_eq!(tally(&world.batch(&answer).await), [2, 1, 0, 0, 0, 1]);
    let id = ids(&world).await.remove(0);
    let again = world.cli(&["quarantine", "release", &id]).await;
    assert_eq!(again.code, 1, "it can still not be applied: {again:?}");
    assert_eq!(tally(&world.batch(&answer).await), [2, 1, 0, 0, 0, 1]);

    db.batch_execute(ACCEPT).await.unwrap();
    let twice = ["quarantine", "release", id.as_str()];
    let (one, other) = tokio::join!(world.cli(&twice), world.cli(&twice));
    assert_eq!((one.code, other.code), (0, 0), "{one:?} {other:?}");
    assert_eq!(tally(&world.batch(&answer).await), [2, 2, 0, 0, 0, 0]);
    let shown = world.cli_json(&["quarantine", "show", &id]).await;
    assert_eq!((&shown["state"], &shown["became"]), (&"released".into(), &"applied".into()));
    assert_eq!(world.message(&mail).await["status"], "delivered");
    world.nothing_owed_of(1).await;
    assert_eq!(receiver.told().len(), 1);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_released_element_that_came_again_meanwhile_is_a_duplicate() {
    let world = World::start(Options::new(1, 1, 0)).await;
    let (sender, mail, db) = (Sender::new(), Mail::new(), world.db().await);
    let url = world.signed_source("main", &sender).await;
    db.batch_execute(REFUSE).await.unwrap();
    let event = unheard_of(&mail, "delivered", 2);
    let first = sender.batch(std::slice::from_ref(&event)).to(&url).await.unwrap();
    assert_eq!(tally(&world.batch(&first).await), [1, 0, 0, 0, 0, 1]);
    db.batch_execute(ACCEPT).await.unwrap();
    world.batch(&sender.batch(&[event]).to(&url).await.unwrap()).await;
    let id = ids(&world).await.remove(0);
    let released = world.cli_json(&["quarantine", "release", &id]).await;
    assert_eq!(released["released"][0]["became"], "duplicate", "{released}");
    assert_eq!(tally(&world.batch(&first).await), [1, 0, 0, 0, 1, 0]);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_released_batch_is_replaced_by_its_real_number_of_elements() {
    let mut world = World::start(Options::new(1, 1, 0)).await;
    world.allow_error("a batch is refused as a whole");
    let (sender, mail, db) = (Sender::new(), Mail::new(), world.db().await);
    let url = world.signed_source("main", &sender).await;
    whole_batches_are_refused(&db, true).await;
    let odd = serde_json::json!({ "event": "open", "email": mail.recipient });
    let events = [mail.event("processed", 1), mail.event("delivered", 2), mail.event("delivered", 2), odd];
    let answer = sender.batch(&events).to(&url).await.unwrap();
    let batch = world.batch(&answer).await;
    assert_eq!((&batch["state"], tally(&batch)), (&"quarantined".into(), [1, 0, 0, 0, 0, 1]));
    whole_batches_are_refused(&db, false).await;
    let released = world.cli_json(&["quarantine", "release", "--source", "main"]).await;
    assert_eq!(released["released"].as_array().map(Vec::len), Some(1), "{released}");
    let batch = world.batch(&answer).await;
    assert_eq!((&batch["state"], tally(&batch)), (&"recorded".into(), [4, 2, 0, 0, 1, 1]));
    let left = world.cli_json(&["quarantine", "list"]).await;
    assert_eq!((&left[0]["ordinal"], &left[0]["reason"]), (&3.into(), &"missing_timestamp".into()));
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_release_that_its_worker_dies_over_is_done_by_the_next() {
    let mut world = World::start(Options::new(1, 1, 0)).await;
    let (sender, mail, db) = (Sender::new(), Mail::new(), world.db().await);
    let url = world.signed_source("main", &sender).await;
    db.batch_execute(REFUSE).await.unwrap();
    let answer = sender.batch(&[unheard_of(&mail, "delivered", 2)]).to(&url).await.unwrap();
    world.batch(&answer).await;
    db.batch_execute(ACCEPT).await.unwrap();
    let id = ids(&world).await.remove(0);
    // The row is locked, so the worker is in the middle of it when it dies.
    db.batch_execute(&format!("BEGIN; SELECT FROM quarantine WHERE id = {id} FOR UPDATE")).await.unwrap();
    let asked = world.cli(&["quarantine", "release", &id, "--wait", "0s"]).await;
    assert_eq!(asked.code, 0, "nobody waited for it: {asked:?}");
    world.waiting_for_locks(1).await;
    world.kill("worker-1");
    db.batch_execute("COMMIT").await.unwrap();
    world.start_process("worker-1").await;
    let released = world.cli_json(&["quarantine", "release", &id]).await;
    let settled =
        [&released["released"], &released["settled_before"]].map(|rows| rows.as_array().unwrap().len());
    assert_eq!(settled.iter().sum::<usize>(), 1, "{released}");
    assert_eq!(tally(&world.batch(&answer).await), [1, 1, 0, 0, 0, 0]);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_discarded_stays_counted_and_cannot_be_released() {
    let world = World::start(Options::new(1, 1, 0)).await;
    let sender = Sender::new();
    let url = world.signed_source("main", &sender).await;
    let answer = sender.post("[1, {\"event\": \"\"}]").to(&url).await.unwrap();
    assert_eq!(tally(&world.batch(&answer).await), [2, 0, 0, 0, 0, 2]);
    let ids = ids(&world).await;
    let shown = world.cli(&["quarantine", "show", &ids[1], "--raw"]).await;
    assert_eq!(shown.stdout, "1");
    world.cli_json(&["quarantine", "discard", &ids[1]]).await;
    let refused = world.cli(&["quarantine", "release", &ids[1]]).await;
    assert_eq!(refused.code, 1, "{refused:?}");
    assert_eq!(world.cli(&["quarantine", "release", "999999"]).await.code, 4);
    assert_eq!(world.cli_json(&["quarantine", "list"]).await.as_array().map(Vec::len), Some(1));
    assert_eq!(tally(&world.batch(&answer).await), [2, 0, 0, 0, 0, 2]);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_release_that_never_ends_is_given_up_and_says_so_where_people_look() {
    let mut world = World::start(Options::new(1, 1, 0)).await;
    world.allow_error("instruction was begun and never finished");
    let (sender, mail, db) = (Sender::new(), Mail::new(), world.db().await);
    let url = world.signed_source("main", &sender).await;
    db.batch_execute(REFUSE).await.unwrap();
    world.batch(&sender.batch(&[unheard_of(&mail, "delivered", 2)]).to(&url).await.unwrap()).await;
    db.batch_execute(ACCEPT).await.unwrap();
    let id = ids(&world).await.remove(0);
    db.batch_execute(&format!("BEGIN; SELECT FROM quarantine WHERE id = {id} FOR UPDATE")).await.unwrap();
    world.cli(&["quarantine", "release", &id, "--wait", "0s"]).await;
    // Once as it comes, three times as it comes again.
    for waiting in 1..=4 {
        world.waiting_for_locks(waiting).await;
        world.kill("worker-1");
        world.start_process("worker-1").await;
    }
    world.waiting_for_locks(5).await;
    db.batch_execute("COMMIT").await.unwrap();
    let shown = crate::harness::wait_for("the note of giving up", crate::harness::DEADLINE, async || {
        let shown = world.cli_json(&["quarantine", "show", &id]).await;
        if shown["last_refusal"].is_string() { Ok(shown) } else { Err(shown.to_string()) }
    })
    .await;
    assert_eq!((&shown["state"], &shown["reason"]), (&"held".into(), &"refused_by_database".into()));
    assert!(shown["last_refusal"].as_str().unwrap().starts_with("never_finished"), "{shown}");
    // It can be asked for again.
    assert_eq!(world.cli(&["quarantine", "release", &id]).await.code, 0);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_release_and_a_discard_at_once_exactly_one_counts() {
    let world = World::start(Options::new(1, 2, 0)).await;
    let (sender, db) = (Sender::new(), world.db().await);
    let url = world.signed_source("main", &sender).await;
    db.batch_execute(REFUSE).await.unwrap();
    let mails: Vec<_> = (0..20).map(|_| Mail::new()).collect();
    let events: Vec<_> = mails.iter().map(|mail| unheard_of(mail, "delivered", 2)).collect();
    let answer = sender.batch(&events).to(&url).await.unwrap();
    world.batch(&answer).await;
    db.batch_execute(ACCEPT).await.unwrap();
    let (released, discarded) = tokio::join!(
        world.cli(&["quarantine", "release", "--source", "main"]),
        world.cli(&["quarantine", "discard", "--source", "main"])
    );
    assert!([0, 1].contains(&released.code) && discarded.code == 0, "{released:?} {discarded:?}");
    let [elements, applied, _, _, _, quarantined] = tally(&world.batch(&answer).await);
    assert_eq!((elements, applied + quarantined), (20, 20));
    let states = "SELECT count(*) FILTER (WHERE state = 'released'), count(*) FILTER (WHERE state = 'discarded') FROM quarantine";
    let row = db.query_one(states, &[]).await.unwrap();
    assert_eq!((row.get::<_, i64>(0), row.get::<_, i64>(1)), (applied, quarantined));
    world.finish().await;
}
