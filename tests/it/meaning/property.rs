//! Random events, cut into batches, shuffled and repeated at random, through one worker and through four: always the same
//! statuses, facts, counts, failures, arguments and standings, which are those of a naive reference; and lawful tales.
//!
//! What decides between two events of one message, second and name is a key that only the product can compute. There
//! the reference allows either, and that it is always the same one is seen by comparing the two worlds.

mod generate;
mod laws;
mod reference;

use crate::harness::{DEADLINE, Options, Receiver, Sender, World, wait_for};
use futures_util::future::join_all;
use rand::rngs::StdRng;
use rand::seq::SliceRandom as _;
use rand::{RngExt as _, SeedableRng as _};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Sources that get the same events: name and what they do with machines' opens.
const SOURCES: [(&str, &str); 2] = [("counting", "count"), ("ignoring", "ignore")];
const BATCH_ELEMENTS_MAX: usize = 80;
const EVERY_TYPE: &str = "message.processed,message.deferred,message.delivered,message.failed,message.seen,\
                          message.clicked,message.complained,message.unsubscribed";

/// Of a message: its source, id and recipient. Of a recipient: its source, nothing, and its address.
type Subject = [String; 3];
type Found = BTreeMap<Subject, Value>;

#[tokio::test(flavor = "multi_thread")]
async fn any_order_split_and_repetition_of_events_comes_to_the_same() {
    let seed = seed();
    eprintln!("to repeat: SENDSTATE_TEST_SEED={seed}");
    let mut random = StdRng::seed_from_u64(seed);
    let events = generate::events(&mut random);
    let mut found = Vec::new();
    for workers in [1, 4] {
        let bodies = bodies(&events, &mut random);
        let found_now = play(&events, &bodies, workers).await;
        compare(&events, &found_now);
        found.push(found_now);
    }
    let [one, four] = found.try_into().unwrap();
    for (subject, known) in &one {
        assert_eq!(Some(known), four.get(subject), "{subject:?}: one worker, four workers");
    }
    assert_eq!(one.len(), four.len());
}

#[expect(clippy::disallowed_methods, reason = "where a failed run is told to be repeated")]
fn seed() -> u64 {
    let given = std::env::var("SENDSTATE_TEST_SEED").ok();
    given.map_or_else(rand::random, |seed| seed.parse().expect("SENDSTATE_TEST_SEED is a number"))
}

/// Every event at least once, many again in the same or another batch, some batches again as a whole.
fn bodies(events: &[Value], random: &mut StdRng) -> Vec<Vec<Value>> {
    let copies = |random: &mut StdRng| if random.random_bool(0.4) { random.random_range(2..4) } else { 1 };
    let mut all: Vec<Value> = events.iter().flat_map(|event| vec![event.clone(); copies(random)]).collect();
    all.shuffle(random);
    let mut bodies = Vec::new();
    while !all.is_empty() {
        let size = random.random_range(1..=BATCH_ELEMENTS_MAX).min(all.len());
        bodies.push(all.split_off(all.len() - size));
    }
    let again = bodies.len() / 4;
    bodies.extend_from_within(..again);
    bodies.shuffle(random);
    bodies
}

/// Sends the bodies to a new world and returns what it knows at the end.
async fn play(events: &[Value], bodies: &[Vec<Value>], workers: usize) -> Found {
    // Small windows, so that one worker has as many transactions as four.
    let options = Options::new(1, workers, 1).set("worker", "SENDSTATE_WORKER_PREFETCH", "4");
    let world = World::start(options).await;
    let (sender, receiver) = (Sender::new(), Receiver::start().await);
    world.endpoint(&receiver, &["--types", EVERY_TYPE]).await;
    let mut urls = Vec::new();
    for (name, machines) in SOURCES {
        let flags = ["--public-key", &sender.public_key(), "--machine-opens", machines];
        urls.push(world.inbound(&world.source(name, &flags).await, 1));
    }
    let posts: Vec<_> = bodies.iter().map(|body| sender.batch(body)).collect();
    for url in &urls {
        for answer in join_all(posts.iter().map(|post| post.to(url))).await {
            assert_eq!(answer.unwrap().status, 204);
        }
    }
    recorded(&world, posts.len() * urls.len()).await;
    adds_up(&world, events, bodies).await;
    world.nothing_owed().await;
    let found = known(&world, events).await;
    laws::hold(&found, &receiver.told());
    world.finish().await;
    found
}

async fn recorded(world: &World, batches: usize) {
    let db = world.db().await;
    wait_for("every batch to be recorded", DEADLINE, async || {
        let row =
            db.query_one("SELECT count(*) FROM batches", &[]).await.map_err(|error| error.to_string())?;
        let recorded: i64 = row.get(0);
        if recorded == batches as i64 { Ok(()) } else { Err(format!("{recorded} of {batches}")) }
    })
    .await;
}

/// Each distinct event is one applied, stale or ignored element; every other element is a duplicate.
async fn adds_up(world: &World, events: &[Value], bodies: &[Vec<Value>]) {
    let audit = world.cli_json(&["audit"]).await;
    let number = |name: &str| audit[name].as_u64().unwrap() as usize;
    let elements = SOURCES.len() * bodies.iter().map(Vec::len).sum::<usize>();
    let distinct = SOURCES.len() * events.len();
    let ignored: usize = SOURCES
        .iter()
        .map(|(_, machines)| events.iter().filter(|event| reference::ignored(event, machines)).count())
        .sum();
    assert_eq!((number("elements"), number("quarantined")), (elements, 0), "{audit}");
    assert_eq!(number("applied") + number("stale") + number("ignored"), distinct, "{audit}");
    assert_eq!((number("ignored"), number("duplicate")), (ignored, elements - distinct), "{audit}");
}

/// What the command line shows of every message and recipient.
async fn known(world: &World, events: &[Value]) -> Found {
    let mut found = Found::new();
    let text = |value: &Value, key: &str| value[key].as_str().unwrap_or_default().to_owned();
    let sends: BTreeSet<_> = events.iter().map(|event| text(event, "sg_message_id")).collect();
    let sends: BTreeSet<_> = sends.iter().filter_map(|id| id.split_once('.')).map(|(send, _)| send).collect();
    for send in sends {
        let shown = world.cli_json(&["message", "show", send]).await;
        for message in shown["messages"].as_array().unwrap() {
            let subject =
                [text(message, "source"), text(message, "sg_message_id"), text(message, "recipient")];
            found.insert(subject, lasting(message));
        }
    }
    for recipient in world.cli_json(&["recipient", "list"]).await.as_array().unwrap() {
        let subject = [text(recipient, "source"), String::new(), text(recipient, "address")];
        found.insert(subject, recipient.clone());
    }
    found
}

/// Without what depends on arrival: the timeline's outcomes and the notifications, which have laws of their own.
fn lasting(message: &Value) -> Value {
    let keys = ["status", "facts", "counts", "failure", "custom_args", "categories"];
    let mut lasting: Value = keys.iter().map(|key| (*key, message[*key].clone())).collect();
    lasting["events"] = message["timeline"].as_array().unwrap().len().into();
    lasting
}

fn compare(events: &[Value], found: &Found) {
    let mut expected = BTreeSet::new();
    for (source, machines) in SOURCES {
        for ((id, recipient), events) in reference::by_message(events) {
            let subject = [source.to_owned(), id, recipient];
            let known = found.get(&subject).unwrap_or_else(|| panic!("{subject:?} is missing"));
            reference::message(&events, machines).agrees(known, &format!("{subject:?} {events:#?}"));
            expected.insert(subject);
        }
        for (address, events) in reference::by_recipient(events) {
            let subject = [source.to_owned(), String::new(), address];
            let known = found.get(&subject).unwrap_or_else(|| panic!("{subject:?} is missing"));
            reference::recipient(&events).agrees(known, &format!("{subject:?} {events:#?}"));
            expected.insert(subject);
        }
    }
    let invented: Vec<_> = found.keys().filter(|subject| !expected.contains(*subject)).collect();
    assert!(invented.is_empty(), "{invented:?}");
}
