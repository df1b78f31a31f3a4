//! Input that the database itself refuses: it is set aside, and its neighbours are not.
//!
//! The refusal is played by a trigger, because whatever is known to be refused is stopped long before.

use crate::harness::{Mail, Options, Receiver, Sender, World, tally};

const MARKER: &str = "poison";

/// Division by zero, class 22, for elements that contain the marker.
const TRIGGER: &str = "
    CREATE FUNCTION refuse_poison() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF position('poison'::bytea IN NEW.raw) > 0 THEN
            RAISE EXCEPTION 'poisoned' USING ERRCODE = '22012';
        END IF;
        RETURN NEW;
    END $$;
    CREATE TRIGGER refuse_poison BEFORE INSERT ON events FOR EACH ROW EXECUTE FUNCTION refuse_poison()";

#[tokio::test(flavor = "multi_thread")]
async fn two_poisonous_batches_among_others_lose_their_culprits_and_nothing_else() {
    let mut world = World::start(Options::new(1, 1, 1)).await;
    let (sender, receiver) = (Sender::new(), Receiver::start().await);
    let url = world.signed_source("main", &sender).await;
    world.endpoint(&receiver, &[]).await;
    let db = world.db().await;
    db.batch_execute(TRIGGER).await.unwrap();
    // Frozen, so that everything lies there when it looks again.
    world.pause("worker-1");
    let mut sent = Vec::new();
    for number in 0..8 {
        let mails: Vec<_> = (0..6).map(|_| Mail::new()).collect();
        let mut events: Vec<_> = mails.iter().map(|mail| mail.event("delivered", 2)).collect();
        let poisonous: &[usize] = match number {
            2 => &[3],
            5 => &[0, 4],
            _ => &[],
        };
        poisonous.iter().for_each(|ordinal| events[*ordinal]["note"] = MARKER.into());
        sent.push((sender.batch(&events).to(&url).await.unwrap(), mails, poisonous));
    }
    world.resume("worker-1");
    let mut delivered = 0;
    for (answer, mails, poisonous) in &sent {
        let culprits = poisonous.len() as i64;
        assert_eq!(tally(&world.batch(answer).await), [6, 6 - culprits, 0, 0, 0, culprits]);
        for (ordinal, mail) in mails.iter().enumerate().filter(|(ordinal, _)| !poisonous.contains(ordinal)) {
            assert_eq!(world.message(mail).await["status"], "delivered", "element {ordinal}");
            delivered += 1;
        }
    }
    world.nothing_owed().await;
    assert_eq!(receiver.told().len(), delivered);
    let held = "SELECT ordinal, reason, detail, position('poison'::bytea IN raw) FROM quarantine ORDER BY received_at, ordinal";
    let rows = db.query(held, &[]).await.unwrap();
    let ordinals: Vec<i32> = rows.iter().map(|row| row.get(0)).collect();
    assert_eq!(ordinals, [3, 0, 4]);
    for row in &rows {
        assert_eq!(row.get::<_, &str>(1), "refused_by_database");
        assert!(row.get::<_, &str>(2).contains("22012") && row.get::<_, i32>(3) > 0, "{row:?}");
    }
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fault_of_the_database_itself_sets_nothing_aside() {
    let mut world = World::start(Options::new(1, 1, 0)).await;
    let (sender, mail) = (Sender::new(), Mail::new());
    let url = world.signed_source("main", &sender).await;
    let db = world.db().await;
    // Insufficient resources, class 53.
    db.batch_execute(&TRIGGER.replace("22012", "53100")).await.unwrap();
    let mut poisonous = mail.event("delivered", 2);
    poisonous["note"] = MARKER.into();
    let answer = sender.batch(&[poisonous, mail.event("processed", 1)]).to(&url).await.unwrap();
    crate::harness::wait_for("the worker to try again", crate::harness::DEADLINE, async || {
        let retries = world.metric("worker-1", "sendstate_worker_retries_total{cause=\"environment\"}").await;
        if retries >= 3.0 { Ok(()) } else { Err(format!("{retries} retries")) }
    })
    .await;
    db.batch_execute("DROP TRIGGER refuse_poison ON events").await.unwrap();
    assert_eq!(tally(&world.batch(&answer).await), [2, 2, 0, 0, 0, 0]);
    world.finish().await;
}
