//! Messages worked out again from their stored events. What events mean is mended by hand here: a source's policy, or the
//! rows themselves made wrong.

use crate::harness::{Load, Mail, Options, Receiver, Sender, World, tally};
use serde_json::Value;

const EVER: [&str; 4] = ["--from", "2020-01-01", "--to", "2100-01-01"];

async fn replay(world: &World) -> Value {
    world.cli_json(&[&["replay", "inbound", "--source", "main"], &EVER[..]].concat()).await
}

/// Everything that is stored and told, as text.
async fn everything(world: &World) -> Vec<String> {
    let db = world.db().await;
    let mut rows = Vec::new();
    for table in ["messages", "events", "batches", "recipients", "notifications"] {
        let sql = format!("SELECT t::text FROM {table} t ORDER BY 1");
        rows.extend(db.query(&sql, &[]).await.unwrap().iter().map(|row| row.get::<_, String>(0)));
    }
    rows
}

#[tokio::test(flavor = "multi_thread")]
async fn on_healthy_data_it_changes_nothing_and_tells_nobody() {
    let world = World::start(Options::new(1, 2, 1)).await;
    let (sender, receiver) = (Sender::new(), Receiver::start().await);
    let url = world.signed_source("main", &sender).await;
    world.endpoint(&receiver, &[]).await;
    let load = Load::start(&sender, std::slice::from_ref(&url));
    load.goes_on(30).await;
    let account = load.stop().await;
    account.is_in_the_ledger(&world.db().await, crate::harness::DEADLINE).await;
    let mail = Mail::new();
    let bounce = super::anonymous_bounce(&mail, 90);
    let late = [mail.event("delivered", 2), bounce, mail.event("open", 99), mail.event("spamreport", 100)];
    world.batch(&sender.batch(&late).to(&url).await.unwrap()).await;
    world.nothing_owed().await;
    let before = everything(&world).await;
    let told = receiver.told().len();
    // Asked for only now, and long past: nobody is told.
    world.endpoint(&receiver, &["--types", "message.processed,message.complained"]).await;
    let replayed = replay(&world).await;
    let messages: i64 =
        world.db().await.query_one("SELECT count(*) FROM messages", &[]).await.unwrap().get(0);
    // One with events in several steps may be counted in each.
    assert!(replayed["messages"].as_i64() >= Some(messages) && messages > 0, "{replayed}");
    assert_eq!(
        (&replayed["changed"], &replayed["left_alone"], &replayed["told"]),
        (&0.into(), &0.into(), &0.into())
    );
    assert!(before == everything(&world).await, "a replay has changed healthy data");
    world.nothing_owed().await;
    assert_eq!(receiver.told().len(), told);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_policy_that_was_changed_counts_for_the_past_too() {
    let world = World::start(Options::new(1, 1, 1)).await;
    let (sender, receiver, mail) = (Sender::new(), Receiver::start().await, Mail::new());
    let source =
        world.source("main", &["--public-key", &sender.public_key(), "--machine-opens", "ignore"]).await;
    let url = world.inbound(&source, 1);
    world.endpoint(&receiver, &[]).await;
    let mut open = mail.event("open", 20);
    open["sg_machine_open"] = true.into();
    let answer = sender.batch(&[mail.event("delivered", 2), open]).to(&url).await.unwrap();
    assert_eq!(tally(&world.batch(&answer).await), [2, 1, 0, 1, 0, 0]);
    assert_eq!(world.message(&mail).await["status"], "delivered");

    world.cli_json(&["source", "set", "main", "--machine-opens", "count"]).await;
    let replayed = replay(&world).await;
    assert_eq!(replayed["changed"], 1, "the policy of this moment counts: {replayed}");
    assert_eq!(replayed["told"], 1);
    assert_eq!(tally(&world.batch(&answer).await), [2, 2, 0, 0, 0, 0]);
    let message = world.message(&mail).await;
    assert_eq!((&message["status"], &message["counts"]["machine_opens"]), (&"opened".into(), &1.into()));
    world.nothing_owed_of(2).await;
    let told: Vec<_> = receiver.told().into_iter().map(|one| (one.kind, one.sequence, one.status)).collect();
    let seen = ("message.seen".to_owned(), Some(2), "opened".to_owned());
    assert_eq!(told[1], seen, "a rise is told like any other move");

    world.cli_json(&["source", "set", "main", "--machine-opens", "ignore"]).await;
    assert_eq!(replay(&world).await["changed"], 1);
    assert_eq!(world.message(&mail).await["status"], "delivered", "it falls");
    assert_eq!(tally(&world.batch(&answer).await), [2, 1, 0, 1, 0, 0]);
    world.nothing_owed_of(2).await;
    assert_eq!(receiver.told().len(), 2, "silently");
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_whose_events_are_partly_gone_is_left_alone_and_counted() {
    let world = World::start(Options::new(1, 1, 0)).await;
    let (sender, whole, partly) = (Sender::new(), Mail::new(), Mail::new());
    let url = world.signed_source("main", &sender).await;
    let events: Vec<_> = [&whole, &partly]
        .into_iter()
        .flat_map(|mail| [mail.event("delivered", 2), mail.event("open", 20)])
        .collect();
    let answer = sender.batch(&events).to(&url).await.unwrap();
    world.batch(&answer).await;
    let db = world.db().await;
    // As if nothing had been concluded from the opens, and retention had taken one of the four events.
    db.batch_execute("UPDATE messages SET status = 'delivered', rank = 30, leading_at = delivered_at, opened_at = NULL, opens = 0")
        .await
        .unwrap();
    let gone = format!(
        "DELETE FROM events WHERE name = 'delivered' AND position('{}'::bytea IN raw) > 0",
        partly.recipient
    );
    assert_eq!(db.execute(&gone, &[]).await.unwrap(), 1);
    let replayed = replay(&world).await;
    let counts = ["messages", "changed", "left_alone", "told"].map(|key| replayed[key].as_i64());
    assert_eq!(counts, [Some(2), Some(1), Some(1), Some(0)], "{replayed}");
    assert_eq!(world.message(&whole).await["status"], "opened");
    assert_eq!(world.message(&partly).await["status"], "delivered");
    // The ledger says what was taken behind its back.
    db.batch_execute("UPDATE batches SET elements = 3, applied = 3").await.unwrap();
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_messages_of_the_source_and_the_time_are_worked_out() {
    let world = World::start(Options::new(1, 1, 0)).await;
    let (sender, mail, other) = (Sender::new(), Mail::new(), Mail::new());
    let main = world.signed_source("main", &sender).await;
    let side = world.signed_source("side", &sender).await;
    world.batch(&sender.batch(&[mail.event("open", 2)]).to(&main).await.unwrap()).await;
    world.batch(&sender.batch(&[other.event("open", 2)]).to(&side).await.unwrap()).await;
    let past = ["replay", "inbound", "--source", "main", "--from", "2020-01-01", "--to", "2021-01-01"];
    assert_eq!(world.cli_json(&past).await["messages"], 0);
    assert_eq!(replay(&world).await["messages"], 1);
    assert_eq!(
        world.cli(&["replay", "inbound", "--source", "none", "--from", "2d", "--to", "1d"]).await.code,
        4
    );
    assert_eq!(
        world.cli(&["replay", "inbound", "--source", "main", "--from", "1d", "--to", "2d"]).await.code,
        2
    );
    world.finish().await;
}

/// As a release would have stored them that did not know their names: without a message, and ignored.
async fn make_unknown(world: &World) {
    let unknown = "UPDATE events SET outcome = 'ignored', reason = 'unknown_event';
                   DELETE FROM messages; DELETE FROM notifications;
                   UPDATE batches SET applied = 0, ignored = elements";
    world.db().await.batch_execute(unknown).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn events_that_were_unknown_make_their_message_once_and_are_told_also_if_two_replay_at_once() {
    const MAILS: usize = 40;
    let world = World::start(Options::new(1, 2, 1)).await;
    let (sender, receiver) = (Sender::new(), Receiver::start().await);
    let url = world.signed_source("main", &sender).await;
    let mails: Vec<_> = (0..MAILS).map(|_| Mail::new()).collect();
    let events: Vec<_> = mails.iter().map(|mail| mail.event("delivered", 2)).collect();
    let answer = sender.batch(&events).to(&url).await.unwrap();
    world.batch(&answer).await;
    make_unknown(&world).await;
    world.endpoint(&receiver, &[]).await;
    let (one, other) = tokio::join!(replay(&world), replay(&world));
    let changed = [&one, &other].map(|replayed| replayed["changed"].as_u64().unwrap());
    assert_eq!(changed.iter().sum::<u64>(), MAILS as u64, "{one} {other}");
    let all = MAILS as i64;
    assert_eq!(tally(&world.batch(&answer).await), [all, all, 0, 0, 0, 0]);
    assert_eq!(world.message(&mails[0]).await["status"], "delivered");
    world.nothing_owed_of(all).await;
    assert_eq!(receiver.told().len(), MAILS);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replay_that_its_worker_dies_over_is_done_by_the_next() {
    let mut world = World::start(Options::new(1, 1, 0)).await;
    let (sender, mail, db) = (Sender::new(), Mail::new(), world.db().await);
    let url = world.signed_source("main", &sender).await;
    world.batch(&sender.batch(&[mail.event("open", 2)]).to(&url).await.unwrap()).await;
    db.batch_execute("UPDATE messages SET opens = 7; BEGIN; SELECT FROM messages FOR UPDATE").await.unwrap();
    let late =
        world.cli(&[&["replay", "inbound", "--source", "main", "--wait", "5s"], &EVER[..]].concat()).await;
    assert_eq!(late.code, 1, "{late:?}");
    world.waiting_for_locks(1).await;
    world.kill("worker-1");
    db.batch_execute("COMMIT").await.unwrap();
    world.start_process("worker-1").await;
    world.empty(queue::QueueName::Batches).await;
    assert_eq!(world.message(&mail).await["counts"]["opens"], 1);
    world.finish().await;
}
