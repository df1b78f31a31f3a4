//! Who is told: endpoints come and differ while events flow.

use crate::harness::{DEADLINE, Load, Mail, Options, Receiver, Sender, World, wait_for};
use std::collections::BTreeSet;

type Facts = BTreeSet<(String, String)>;

fn facts(receiver: &Receiver) -> Facts {
    receiver.told().into_iter().map(|one| (one.recipient, one.kind)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_made_while_events_flow_is_told_everything_since_and_nothing_from_before() {
    let world = World::start(Options::new(1, 2, 1)).await;
    let (sender, early, late) = (Sender::new(), Receiver::start().await, Receiver::start().await);
    let url = world.signed_source("main", &sender).await;
    world.endpoint(&early, &[]).await;
    let load = Load::start(&sender, &[url]);
    load.goes_on(20).await;
    let told =
        "SELECT recipient, type FROM notifications JOIN messages ON messages.key = notifications.subject_key";
    let db = world.db().await;
    let rows = wait_for("something to be told before", DEADLINE, async || {
        let rows = db.query(told, &[]).await.unwrap();
        if rows.is_empty() { Err("nothing".to_owned()) } else { Ok(rows) }
    })
    .await;
    let before: Facts = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
    world.endpoint(&late, &[]).await;
    let begun = load.owed();
    load.goes_on(20).await;
    let account = load.stop().await;
    account.is_in_the_ledger(&db, DEADLINE).await;
    account.was_told(&early, DEADLINE).await;
    world.nothing_owed().await;
    let since: Facts = account.owed.difference(&begun).cloned().collect();
    let heard = facts(&late);
    assert!(heard.is_disjoint(&before), "it was told what was told before it was made");
    assert!(heard.is_superset(&since), "missing: {:?}", since.difference(&heard));
    assert!(account.owed.is_superset(&heard));
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_endpoint_is_told_of_its_own_types_and_sources_only() {
    let world = World::start(Options::new(1, 1, 1)).await;
    let (sender, mail, other) = (Sender::new(), Mail::new(), Mail::new());
    let main = world.signed_source("main", &sender).await;
    let side = world.signed_source("side", &sender).await;
    let [all, failures, asked] = [Receiver::start().await, Receiver::start().await, Receiver::start().await];
    world.endpoint(&all, &[]).await;
    world.endpoint(&failures, &["--types", "message.failed", "--source", "side"]).await;
    world.endpoint(&asked, &["--types", "message.deferred,message.unsubscribed", "--source", "main"]).await;
    let of_main = [("processed", 1), ("deferred", 2), ("delivered", 3), ("unsubscribe", 40), ("bounce", 50)];
    let of_main = of_main.map(|(name, second)| mail.event(name, second));
    world.batch(&sender.batch(&of_main).to(&main).await.unwrap()).await;
    world
        .batch(
            &sender.batch(&[other.event("deferred", 1), other.event("dropped", 2)]).to(&side).await.unwrap(),
        )
        .await;
    world.nothing_owed().await;
    let fact = |mail: &Mail, kind: &str| (mail.recipient.clone(), kind.to_owned());
    let everything =
        [fact(&mail, "message.delivered"), fact(&mail, "message.failed"), fact(&other, "message.failed")];
    assert_eq!(facts(&all), Facts::from(everything));
    assert_eq!(facts(&failures), Facts::from([fact(&other, "message.failed")]));
    assert_eq!(
        facts(&asked),
        Facts::from([fact(&mail, "message.deferred"), fact(&mail, "message.unsubscribed")])
    );
    world.finish().await;
}
