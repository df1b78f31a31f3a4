//! Whatever cannot be applied is kept whole, with a reason, and counted.

use crate::harness::{DEADLINE, Mail, Options, Sender, World, tally, wait_for};
use bytes::Bytes;
use lapin::options::BasicPublishOptions;
use lapin::types::{AMQPValue, FieldTable};
use lapin::{BasicProperties, Connection, ConnectionProperties};
use queue::{Consumer, Message, Publisher, PublisherLimits, QueueName, Unsettled, WindowLimits};
use serde_json::json;
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// Ordinals and reasons of what is held, in order.
async fn held(world: &World) -> Vec<(i32, String)> {
    let rows =
        world.db().await.query("SELECT ordinal, reason FROM quarantine ORDER BY id", &[]).await.unwrap();
    rows.iter().map(|row| (row.get(0), row.get(1))).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn unreadable_elements_are_kept_and_their_neighbours_applied() {
    let world = World::start(Options::new(1, 1, 0)).await;
    let (sender, mail) = (Sender::new(), Mail::new());
    let url = world.signed_source("main", &sender).await;
    let events = [
        mail.event("processed", 1),
        json!(7),
        json!({}),
        json!({ "event": "open", "email": "a@example.com" }),
        json!({ "event": "open", "email": "a@example.com", "timestamp": "yesterday" }),
        json!({ "event": "open", "email": "a@example.com", "timestamp": 1_000 }),
        json!({ "event": "delivered", "timestamp": 1_700_000_000 }),
        json!({ "event": "a_new_kind", "email": mail.recipient, "timestamp": 1_700_000_000, "sg_event_id": "n" }),
        mail.event("delivered", 2),
    ];
    let batch = world.batch(&sender.batch(&events).to(&url).await.unwrap()).await;
    assert_eq!((batch["state"].as_str(), tally(&batch)), (Some("recorded"), [9, 2, 0, 1, 0, 6]));
    let reasons = [
        (1, "not_an_object"),
        (2, "missing_event"),
        (3, "missing_timestamp"),
        (4, "bad_timestamp"),
        (5, "bad_timestamp"),
        (6, "missing_email"),
    ];
    assert_eq!(held(&world).await, reasons.map(|(ordinal, reason)| (ordinal, reason.to_owned())));
    assert_eq!(world.message(&mail).await["status"], "delivered");
    world.finish().await;
}

/// Puts messages into the queue that ingest publishes to, without ingest.
async fn publish(world: &World, messages: Vec<Message>) {
    let shutdown = CancellationToken::new();
    let publisher = Publisher::start(world.queues(), PublisherLimits::default(), shutdown.clone());
    for message in messages {
        wait_for("the message to be confirmed", DEADLINE, async || {
            publisher.publish(message.clone(), DEADLINE).await.map_err(|error| format!("{error:?}"))
        })
        .await;
    }
    assert_eq!(publisher.close(DEADLINE).await, Unsettled(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_ingest_did_not_write_is_kept_whole_and_once() {
    let world = World::start(Options::new(0, 1, 0)).await;
    let junk = |id: &str, body: &'static [u8]| Message {
        id: id.to_owned(),
        headers: vec![],
        body: Bytes::from_static(body),
    };
    let messages = vec![
        junk("not-a-uuid", b"[1]"),
        junk("not-a-uuid", b"[1]"),
        junk(&Uuid::now_v7().to_string(), b""),
        junk("", b"\x00\xff"),
    ];
    publish(&world, messages).await;
    let audit = wait_for("everything to be held", DEADLINE, async || {
        let audit = world.cli_json(&["audit"]).await;
        if audit["quarantined"] == 3 { Ok(audit) } else { Err(audit.to_string()) }
    })
    .await;
    assert_eq!((audit["batches"].as_i64(), audit["elements"].as_i64()), (Some(3), Some(3)));
    let held = held(&world).await;
    assert!(held.iter().all(|held| *held == (-1, "bad_envelope".to_owned())), "{held:?}");
    world.finish().await;
}

/// Takes the only message from the queue and puts it where the broker puts what it gives up on.
async fn give_up_on_the_only_message(world: &World) {
    let mut consumer = Consumer::subscribe(&world.queues(), QueueName::Batches, 1).await.unwrap();
    let limits = WindowLimits { messages: 1, bytes: usize::MAX, linger: Duration::ZERO };
    let window = consumer.window(limits).await.unwrap();
    let message = window.deliveries()[0].message.clone();
    consumer.ack(window.through()).await.unwrap();
    consumer.give_back().await;
    let connection =
        Connection::connect(world.amqp_url.as_str(), ConnectionProperties::default()).await.unwrap();
    let channel = connection.create_channel().await.unwrap();
    let mut headers = FieldTable::default();
    for (name, value) in message.headers {
        headers.insert(name.into(), AMQPValue::LongString(value.into()));
    }
    let properties = BasicProperties::default().with_message_id(message.id.into()).with_headers(headers);
    let parked = format!("{}.parked", world.queues().prefix());
    let options = BasicPublishOptions::default();
    channel
        .basic_publish("".into(), parked.into(), options, &message.body, properties)
        .await
        .unwrap()
        .await
        .unwrap();
    connection.close(200, "done".into()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_broker_gave_up_on_is_kept_whole() {
    let mut world = World::start(Options::new(1, 1, 0).not_started()).await;
    world.start_process("ingest-1").await;
    let (sender, mail) = (Sender::new(), Mail::new());
    let url = world.signed_source("main", &sender).await;
    let answer = sender.batch(&[mail.event("delivered", 1), mail.event("open", 2)]).to(&url).await.unwrap();
    give_up_on_the_only_message(&world).await;
    world.start_process("worker-1").await;
    let batch = world.batch(&answer).await;
    assert_eq!((batch["state"].as_str(), batch["source"].as_str()), (Some("quarantined"), Some("main")));
    assert_eq!(tally(&batch), [1, 0, 0, 0, 0, 1]);
    assert_eq!(held(&world).await, [(-1, "parked".to_owned())]);
    assert_eq!(world.cli_json(&["audit"]).await["parked"], 1);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_of_a_source_that_is_not_there_is_kept_whole() {
    let mut world = World::start(Options::new(1, 1, 0).not_started()).await;
    world.start_process("ingest-1").await;
    let sender = Sender::new();
    let url = world.signed_source("main", &sender).await;
    let answer = sender.batch(&[Mail::new().event("open", 2)]).to(&url).await.unwrap();
    world.db().await.batch_execute("DELETE FROM source_keys; DELETE FROM sources").await.unwrap();
    world.start_process("worker-1").await;
    let batch = world.batch(&answer).await;
    assert_eq!((batch["source"].as_str(), tally(&batch)), (None, [1, 0, 0, 0, 0, 1]));
    assert_eq!(held(&world).await, [(-1, "unknown_source".to_owned())]);
    world.finish().await;
}
