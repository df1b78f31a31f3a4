//! Bounces that come before their message does.

use super::anonymous_bounce;
use crate::harness::{DEADLINE, Mail, Options, Receiver, Sender, World, tally, wait_for};
use tokio_postgres::Client;

/// A worker that looks each second whether a bounce is due.
fn options() -> Options {
    Options::new(1, 1, 1).set("worker", "SENDSTATE_WORKER_SWEEP_EVERY", "1s")
}

/// Does not wait for the minute to pass.
async fn make_due(db: &Client) {
    db.batch_execute("UPDATE pending_bounces SET next_try_at = now() - interval '1 second'").await.unwrap();
}

async fn pending(db: &Client) -> i64 {
    db.query_one("SELECT count(*) FROM pending_bounces", &[]).await.unwrap().get(0)
}

async fn nothing_pending(db: &Client) {
    wait_for("every bounce to be settled", DEADLINE, async || match pending(db).await {
        0 => Ok(()),
        left => Err(format!("{left} pending")),
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bounce_that_overtakes_its_delivery_is_attached_when_that_arrives() {
    let mut world = World::start(options()).await;
    let (sender, receiver, mail, db) =
        (Sender::new(), Receiver::start().await, Mail::new(), world.db().await);
    let url = world.signed_source("main", &sender).await;
    world.endpoint(&receiver, &[]).await;
    let early = sender.batch(&[anonymous_bounce(&mail, 60)]).to(&url).await.unwrap();
    assert_eq!(tally(&world.batch(&early).await), [1, 1, 0, 0, 0, 0]);
    let recipient = world.cli_json(&["recipient", "show", &mail.recipient]).await;
    assert_eq!(recipient["standing"], "bounced", "the recipient knows at once");
    assert_eq!((pending(&db).await, world.cli_json(&["audit"]).await["pending"].as_i64()), (1, Some(1)));

    make_due(&db).await;
    wait_for("a look in vain", DEADLINE, async || {
        let later = "SELECT count(*) FROM pending_bounces WHERE next_try_at > now()";
        let later: i64 = db.query_one(later, &[]).await.unwrap().get(0);
        if later == 1 { Ok(()) } else { Err("not looked at".to_owned()) }
    })
    .await;
    let late =
        sender.batch(&[mail.event("processed", 1), mail.event("delivered", 2)]).to(&url).await.unwrap();
    assert_eq!(tally(&world.batch(&late).await), [2, 2, 0, 0, 0, 0]);
    assert_eq!(world.message(&mail).await["status"], "delivered");
    make_due(&db).await;
    nothing_pending(&db).await;
    let message = world.message(&mail).await;
    assert_eq!(
        (&message["status"], &message["failure"]["correlated_by"]),
        (&"bounced".into(), &"recipient".into())
    );
    let timeline = message["timeline"].as_array().unwrap();
    assert_eq!((timeline.len(), &timeline[2]["correlated_by"]), (3, &"recipient".into()));
    world.nothing_owed_of(2).await;
    let told: Vec<_> = receiver.told().into_iter().map(|one| (one.kind, one.sequence)).collect();
    assert_eq!(told, [("message.delivered".to_owned(), Some(1)), ("message.failed".to_owned(), Some(2))]);
    assert_eq!(receiver.told()[1].body["data"]["failure"]["correlated_by"], "recipient");
    assert!(
        world.metric("worker-1", "sendstate_worker_correlations_total{found=\"recipient\"}").await >= 1.0
    );
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bounce_that_finds_its_message_opened_is_stale_and_its_batch_still_adds_up() {
    let world = World::start(options()).await;
    let (sender, mail, db) = (Sender::new(), Mail::new(), world.db().await);
    let url = world.signed_source("main", &sender).await;
    let early = sender.batch(&[anonymous_bounce(&mail, 60)]).to(&url).await.unwrap();
    world.batch(&early).await;
    world
        .batch(&sender.batch(&[mail.event("delivered", 2), mail.event("open", 90)]).to(&url).await.unwrap())
        .await;
    make_due(&db).await;
    nothing_pending(&db).await;
    let message = world.message(&mail).await;
    assert_eq!(message["status"], "opened");
    assert!(message["facts"]["failed_at"].is_string(), "{message}");
    assert_eq!(tally(&world.batch(&early).await), [1, 0, 1, 0, 0, 0]);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bounce_that_two_messages_may_be_meant_by_or_whose_day_is_over_waits_no_longer() {
    let mut world = World::start(options()).await;
    let (sender, mail, lonely, db) = (Sender::new(), Mail::new(), Mail::new(), world.db().await);
    let url = world.signed_source("main", &sender).await;
    let bounces = [anonymous_bounce(&mail, 60), anonymous_bounce(&lonely, 60)];
    world.batch(&sender.batch(&bounces).to(&url).await.unwrap()).await;
    let mut twin = mail.event("delivered", 3);
    twin["sg_message_id"] = format!("another-{}", mail.sg_message_id).into();
    twin["sg_event_id"] = "another".into();
    world.batch(&sender.batch(&[mail.event("delivered", 2), twin]).to(&url).await.unwrap()).await;
    let over = format!(
        "UPDATE pending_bounces p SET expires_at = now() FROM events e
         WHERE e.day = p.day AND e.natural_key = p.natural_key AND position('{}'::bytea IN e.raw) > 0",
        lonely.recipient
    );
    assert_eq!(db.execute(&over, &[]).await.unwrap(), 1);
    make_due(&db).await;
    nothing_pending(&db).await;
    for found in ["ambiguous", "expired"] {
        let series = format!("sendstate_worker_correlations_total{{found=\"{found}\"}}");
        assert!(world.metric("worker-1", &series).await >= 1.0, "{found}");
    }
    assert_eq!(world.message(&mail).await["status"], "delivered");
    // Too late: it waits no longer.
    world.batch(&sender.batch(&[lonely.event("delivered", 2)]).to(&url).await.unwrap()).await;
    assert_eq!(world.message(&lonely).await["status"], "delivered");
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sweep_that_its_worker_dies_over_is_done_by_another_and_each_bounce_is_attached_once() {
    const MAILS: usize = 300;
    let options = Options::new(1, 1, 1).set("worker", "SENDSTATE_WORKER_SWEEP_EVERY", "1s");
    let mut world = World::start(options).await;
    let (sender, receiver, db) = (Sender::new(), Receiver::start().await, world.db().await);
    let url = world.signed_source("main", &sender).await;
    world.endpoint(&receiver, &["--types", "message.failed"]).await;
    let mails: Vec<_> = (0..MAILS).map(|_| Mail::new()).collect();
    let bounces: Vec<_> = mails.iter().map(|mail| anonymous_bounce(mail, 60)).collect();
    world.batch(&sender.batch(&bounces).to(&url).await.unwrap()).await;
    let deliveries: Vec<_> = mails.iter().map(|mail| mail.event("delivered", 2)).collect();
    world.batch(&sender.batch(&deliveries).to(&url).await.unwrap()).await;
    // The sweep stops at a message that is locked, in the middle of its transaction.
    db.batch_execute("BEGIN; SELECT FROM messages ORDER BY key DESC LIMIT 1 FOR UPDATE").await.unwrap();
    make_due(&world.db().await).await;
    world.waiting_for_locks(1).await;
    world.kill("worker-1");
    db.batch_execute("COMMIT").await.unwrap();
    world.start_process("worker-1").await;
    nothing_pending(&db).await;
    world.nothing_owed_of(i64::try_from(2 * MAILS).unwrap()).await;
    assert_eq!(receiver.told().len(), MAILS);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bounce_that_cannot_be_settled_holds_up_no_other() {
    let mut world = World::start(options()).await;
    world.allow_error("a pending bounce cannot be settled");
    let (sender, db) = (Sender::new(), world.db().await);
    let url = world.signed_source("main", &sender).await;
    let mails: Vec<_> = (0..10).map(|_| Mail::new()).collect();
    let bounces: Vec<_> = mails.iter().map(|mail| anonymous_bounce(mail, 60)).collect();
    world.batch(&sender.batch(&bounces).to(&url).await.unwrap()).await;
    let deliveries: Vec<_> = mails.iter().map(|mail| mail.event("delivered", 2)).collect();
    world.batch(&sender.batch(&deliveries).to(&url).await.unwrap()).await;
    let refuse = format!(
        "CREATE FUNCTION refuse_one() RETURNS trigger LANGUAGE plpgsql AS $$
         BEGIN RAISE EXCEPTION 'refused' USING ERRCODE = '22012'; END $$;
         CREATE TRIGGER refuse_one BEFORE UPDATE ON messages FOR EACH ROW WHEN (NEW.recipient = '{}')
         EXECUTE FUNCTION refuse_one()",
        mails[4].recipient
    );
    db.batch_execute(&refuse).await.unwrap();
    make_due(&db).await;
    wait_for("the others to be settled", DEADLINE, async || match pending(&db).await {
        1 => Ok(()),
        left => Err(format!("{left} pending")),
    })
    .await;
    assert_eq!(world.message(&mails[9]).await["status"], "bounced");
    assert_eq!(world.message(&mails[4]).await["status"], "delivered");
    db.batch_execute("DROP TRIGGER refuse_one ON messages").await.unwrap();
    make_due(&db).await;
    nothing_pending(&db).await;
    assert_eq!(world.message(&mails[4]).await["status"], "bounced");
    world.finish().await;
}
