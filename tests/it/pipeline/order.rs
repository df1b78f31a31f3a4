//! Whatever order events come in: one status, and a lawful tale.

use crate::harness::{Mail, Options, Receiver, Sender, World, tally};
use serde_json::Value;

/// Type, sequence, implied and status of what was told, in the order of arrival.
fn tale(receiver: &Receiver) -> Vec<(String, Option<i64>, bool, String)> {
    receiver
        .notifications()
        .into_iter()
        .map(|one| (one.kind, one.sequence, one.implied, one.status))
        .collect()
}

fn told(kind: &str, sequence: i64, implied: bool, status: &str) -> (String, Option<i64>, bool, String) {
    (kind.to_owned(), Some(sequence), implied, status.to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_open_that_overtakes_its_delivery_tells_both_and_the_late_delivery_tells_nothing() {
    let world = World::start(Options::new(1, 1, 1)).await;
    let (sender, receiver, mail) = (Sender::new(), Receiver::start().await, Mail::new());
    let url = world.signed_source("main", &sender).await;
    world.endpoint(&receiver, &[]).await;
    let open = sender.batch(&[mail.event("open", 20)]).to(&url).await.unwrap();
    assert_eq!(tally(&world.batch(&open).await), [1, 1, 0, 0, 0, 0]);
    let late =
        sender.batch(&[mail.event("delivered", 10), mail.event("processed", 1)]).to(&url).await.unwrap();
    assert_eq!(tally(&world.batch(&late).await), [2, 0, 2, 0, 0, 0]);
    world.nothing_owed().await;
    let both = [told("message.delivered", 1, true, "opened"), told("message.seen", 2, false, "opened")];
    assert_eq!(tale(&receiver), both);
    let message = world.message(&mail).await;
    assert_eq!((&message["status"], &message["message_id"]), (&"opened".into(), &mail.message_id().into()));
    assert!(message["facts"]["delivered_at"].is_string(), "{message}");
    let outcomes: Vec<_> =
        timeline(&message).iter().map(|event| (&event["event"], &event["outcome"])).collect();
    let (stale, applied) = (Value::from("stale"), Value::from("applied"));
    let (processed, delivered, open) = ("processed".into(), "delivered".into(), "open".into());
    assert_eq!(outcomes, [(&processed, &stale), (&delivered, &stale), (&open, &applied)]);
    world.finish().await;
}

fn timeline(message: &Value) -> &[Value] {
    message["timeline"].as_array().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn inside_a_batch_events_count_in_the_order_of_their_times() {
    let world = World::start(Options::new(1, 1, 1)).await;
    let (sender, receiver, mail) = (Sender::new(), Receiver::start().await, Mail::new());
    let url = world.signed_source("main", &sender).await;
    world
        .endpoint(&receiver, &["--types", "message.processed,message.delivered,message.seen,message.clicked"])
        .await;
    // Real POSTs list a delivery before its processing.
    let events = [("click", 30), ("delivered", 2), ("open", 20), ("processed", 1)];
    let events = events.map(|(name, second)| mail.event(name, second));
    let batch = world.batch(&sender.batch(&events).to(&url).await.unwrap()).await;
    assert_eq!(tally(&batch), [4, 4, 0, 0, 0, 0]);
    world.nothing_owed().await;
    assert_eq!(
        tale(&receiver),
        [
            told("message.processed", 1, false, "processed"),
            told("message.delivered", 2, false, "delivered"),
            told("message.seen", 3, false, "opened"),
            told("message.clicked", 4, false, "clicked"),
        ]
    );
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_late_bounce_overrides_a_delivery_and_an_open_overrides_the_bounce() {
    let world = World::start(Options::new(1, 1, 1)).await;
    let (sender, receiver, mail) = (Sender::new(), Receiver::start().await, Mail::new());
    let url = world.signed_source("main", &sender).await;
    world.endpoint(&receiver, &[]).await;
    for (name, second, status) in
        [("delivered", 2, "delivered"), ("bounce", 9, "bounced"), ("open", 20, "opened")]
    {
        let batch = world.batch(&sender.batch(&[mail.event(name, second)]).to(&url).await.unwrap()).await;
        assert_eq!(tally(&batch), [1, 1, 0, 0, 0, 0], "{name}");
        assert_eq!(world.message(&mail).await["status"], status);
    }
    let again = world.batch(&sender.batch(&[mail.event("bounce", 10)]).to(&url).await.unwrap()).await;
    assert_eq!(tally(&again), [1, 0, 1, 0, 0, 0], "a second bounce is new and changes nothing");
    world.nothing_owed().await;
    assert_eq!(
        tale(&receiver),
        [
            told("message.delivered", 1, false, "delivered"),
            told("message.failed", 2, false, "bounced"),
            told("message.seen", 3, false, "opened"),
        ]
    );
    let standing = world.cli_json(&["recipient", "show", &mail.recipient]).await;
    assert!(standing.to_string().contains("\"bounced\""), "{standing}");
    world.finish().await;
}
