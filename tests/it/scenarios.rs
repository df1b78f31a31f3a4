//! `sendstate generate --scenario`, sent to a real pipeline: each story ends as it says.

use crate::harness::{DEADLINE, Options, Receiver, World, now_seconds, tally, wait_for};
use jiff::Timestamp;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// A pipeline with a source that takes what `generate` signs here.
async fn world() -> World {
    // Looks each second whether a bounce is due that is to be looked at again.
    let options = Options::new(1, 1, 1).set("worker", "SENDSTATE_WORKER_SWEEP_EVERY", "1s");
    let world = World::start(options).await;
    let made = world.cli_json(&["generate", "--private-key", "k.pem", "--messages", "0", "--curl"]).await;
    world.source("main", &["--public-key", made["public_key"].as_str().unwrap()]).await;
    world
}

/// What was sent and how it ended: events by the address they are about, and the sum of all batches' numbers.
struct Sent {
    events: BTreeMap<String, Vec<Value>>,
    total: [i64; 6],
}

/// Sends a scenario, waits until it is in the ledger, and reads its events from files that the same seed makes.
async fn send(world: &World, scenario: &str, more: &[&str]) -> Sent {
    // The same for both runs, also if midnight is between them; what happens two days later is over by now.
    let start = Timestamp::from_second(now_seconds() - 3 * 24 * 60 * 60).unwrap().to_string();
    let story =
        ["generate", "--private-key", "k.pem", "--scenario", scenario, "--seed", "7", "--start", &start];
    let to = ["--to", "/webhooks/sendgrid/main"];
    let sent = world.cli_json(&[&story, more, &to].concat()).await;
    let posts = sent["posts"].as_u64().unwrap();
    assert_eq!(sent["answers"], serde_json::json!({ "204": posts }), "{sent}");
    let mut total = [0; 6];
    for id in sent["batches"].as_array().unwrap() {
        let batch = world.cli_json(&["batch", "show", id.as_str().unwrap(), "--wait", "60s"]).await;
        total.iter_mut().zip(tally(&batch)).for_each(|(sum, number)| *sum += number);
    }
    assert_eq!(total[0], sent["events"].as_i64().unwrap());
    world.cli_json(&[&story, more, &["--out", "story"]].concat()).await;
    let mut events: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for number in 1..=posts {
        let body = std::fs::read(world.directory().join(format!("story/{number:06}.body"))).unwrap();
        for event in serde_json::from_slice::<Vec<Value>>(&body).unwrap() {
            events.entry(event["email"].as_str().unwrap().to_owned()).or_default().push(event);
        }
    }
    Sent { events, total }
}

impl Sent {
    /// Whether an event of one of these names came to this address.
    fn has(&self, email: &str, names: &[&str]) -> bool {
        self.events[email].iter().any(|event| names.iter().any(|name| event["event"] == *name))
    }

    async fn status(&self, world: &World, email: &str) -> String {
        let found = world.cli_json(&["message", "show", "--recipient", email]).await;
        let messages = found["messages"].as_array().unwrap();
        assert_eq!(messages.len(), 1, "{found}");
        messages[0]["status"].as_str().unwrap().to_owned()
    }
}

/// Bounces that were applied together with their deliveries are looked at again; does not wait for the minute to pass.
async fn nothing_pending(world: &World) {
    let db = world.db().await;
    wait_for("every bounce to be settled", DEADLINE, async || {
        let due =
            "UPDATE pending_bounces SET next_try_at = now() - interval '1 second' WHERE next_try_at > now()";
        db.execute(due, &[]).await.map_err(|error| error.to_string())?;
        let row = db.query_one("SELECT count(*) FROM pending_bounces", &[]).await;
        match row.map_err(|error| error.to_string())?.get(0) {
            0_i64 => Ok(()),
            left => Err(format!("{left} pending")),
        }
    })
    .await;
}

/// Types told of each address, in order.
fn tales(receiver: &Receiver) -> BTreeMap<String, Vec<String>> {
    let mut tales: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for one in receiver.notifications() {
        tales.entry(one.recipient).or_default().push(one.kind.trim_start_matches("message.").to_owned());
    }
    tales
}

#[tokio::test(flavor = "multi_thread")]
async fn a_whole_life_ends_clicked_and_tells_every_step_once_and_in_order() {
    let (world, receiver) = (world().await, Receiver::start().await);
    let types = "message.processed,message.deferred,message.delivered,message.seen,message.clicked,\
                 message.complained,message.unsubscribed";
    world.endpoint(&receiver, &["--types", types]).await;
    let more = ["--messages", "3", "--custom-arg", "tenant=7", "--category", "a", "--category", "b"];
    let sent = send(&world, "life", &more).await;
    assert_eq!((sent.events.len(), sent.total), (3, [33, 33, 0, 0, 0, 0]));
    world.nothing_owed_of(21).await;
    let tales = tales(&receiver);
    for email in sent.events.keys() {
        let steps = ["processed", "deferred", "delivered", "seen", "clicked", "complained", "unsubscribed"];
        assert_eq!(tales[email], steps);
        let found = world.cli_json(&["message", "show", "--recipient", email]).await;
        let message = &found["messages"][0];
        assert_eq!(message["status"], "clicked");
        assert_eq!(message["custom_args"], serde_json::json!({ "tenant": "7" }));
        assert_eq!(message["categories"], serde_json::json!(["a", "b"]));
        let counts = &message["counts"];
        assert_eq!(
            (&counts["opens"], &counts["clicks"], &counts["deferrals"]),
            (&1.into(), &1.into(), &2.into())
        );
    }
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_asynchronous_bounce_fails_the_one_message_that_it_can_mean() {
    let (world, receiver) = (world().await, Receiver::start().await);
    world.endpoint(&receiver, &[]).await;
    let sent = send(&world, "async-bounce", &["--messages", "4"]).await;
    assert_eq!((sent.events.len(), sent.total), (4, [12, 12, 0, 0, 0, 0]));
    nothing_pending(&world).await;
    world.nothing_owed_of(8).await;
    let tales = tales(&receiver);
    for email in sent.events.keys() {
        assert_eq!(tales[email], ["delivered", "failed"]);
        assert_eq!(sent.status(&world, email).await, "bounced");
    }
    let failed = receiver.notifications().into_iter().filter(|one| one.kind == "message.failed");
    let by: BTreeSet<String> =
        failed.map(|one| one.body["data"]["failure"]["correlated_by"].to_string()).collect();
    assert_eq!(by, BTreeSet::from(["\"recipient\"".to_owned()]));
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_campaign_tells_of_each_mail_what_its_own_events_say() {
    let (world, receiver) = (world().await, Receiver::start().await);
    world.endpoint(&receiver, &[]).await;
    let sent = send(&world, "campaign", &["--messages", "120", "--batch", "50"]).await;
    assert_eq!(sent.total[1] + sent.total[2], sent.total[0], "{:?}", sent.total);
    let mut expected: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for email in sent.events.keys() {
        let told = [
            ("delivered", sent.has(email, &["delivered", "open", "click"])),
            ("failed", sent.has(email, &["bounce", "dropped"])),
            ("seen", sent.has(email, &["open", "click"])),
        ];
        let told: Vec<String> =
            told.iter().filter(|(_, told)| *told).map(|(kind, _)| (*kind).to_owned()).collect();
        expected.insert(email.clone(), told);
    }
    let notifications: usize = expected.values().map(Vec::len).sum();
    world.nothing_owed_of(i64::try_from(notifications).unwrap()).await;
    assert_eq!((sent.events.len(), tales(&receiver)), (120, expected));
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn duplicates_change_nothing_and_tell_nobody_twice() {
    let (world, receiver) = (world().await, Receiver::start().await);
    world.endpoint(&receiver, &[]).await;
    let sent = send(&world, "duplicates", &["--messages", "5", "--batch", "7"]).await;
    let [elements, applied, stale, _, duplicate, _] = sent.total;
    // Four events of each mail twice, and its open and its click a third time.
    assert_eq!((elements, applied + stale, duplicate), (50, 20, 30));
    world.nothing_owed_of(10).await;
    let tales = tales(&receiver);
    for email in sent.events.keys() {
        assert_eq!(tales[email], ["delivered", "seen"]);
        assert_eq!(sent.status(&world, email).await, "clicked");
    }
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn disorder_ends_as_order_would() {
    let (world, receiver) = (world().await, Receiver::start().await);
    world.endpoint(&receiver, &[]).await;
    let sent = send(&world, "disorder", &["--messages", "9"]).await;
    assert_eq!((sent.total[1] + sent.total[2], sent.events.len()), (sent.total[0], 9));
    let mut ends = BTreeMap::new();
    for email in sent.events.keys() {
        let expected = match (sent.has(email, &["click"]), sent.has(email, &["open"])) {
            (true, _) => "clicked",
            (false, true) => "opened",
            (false, false) => "bounced",
        };
        assert_eq!(sent.status(&world, email).await, expected);
        *ends.entry(expected).or_insert(0) += 1;
    }
    assert_eq!(ends, BTreeMap::from([("bounced", 3), ("clicked", 3), ("opened", 3)]));
    world.nothing_owed_of(15).await;
    for (email, tale) in tales(&receiver) {
        let expected: &[&str] =
            if sent.has(&email, &["open"]) { &["delivered", "seen"] } else { &["failed"] };
        assert_eq!(tale, expected, "{email}");
    }
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_test_payload_is_applied_whole_and_all_of_its_one_message() {
    let (world, receiver) = (world().await, Receiver::start().await);
    world.endpoint(&receiver, &[]).await;
    let sent = send(&world, "test", &[]).await;
    assert_eq!(sent.total, [11, 11, 0, 0, 0, 0]);
    world.nothing_owed_of(3).await;
    assert_eq!(
        tales(&receiver),
        BTreeMap::from([(
            "example@test.com".to_owned(),
            ["delivered", "failed", "seen"].map(str::to_owned).to_vec()
        )])
    );
    let found = world.cli_json(&["message", "show", "14c5d75ce93.dfd.64b469"]).await;
    assert_eq!(found["messages"][0]["status"], "clicked");
    world.finish().await;
}
