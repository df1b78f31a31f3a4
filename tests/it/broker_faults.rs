//! Ingest and a broker that is full, frozen, dead or out of reach: never a 2xx that is not true.

use crate::harness::{
    Answer, Breakable, DEADLINE, Exchange, Mail, Options, Post, Sender, Server, World, tally, wait_for,
};
use hyper::Method;
use serde_json::Value;
use tokio_postgres::Client;

fn code(answer: &Answer) -> String {
    let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    body["error"].as_str().unwrap_or_default().to_owned()
}

/// A 503 says when to come again.
fn unavailable(exchange: Exchange) -> String {
    let answer = exchange.unwrap();
    assert_eq!(answer.status, 503, "{}", answer.text());
    assert_ne!(answer.header("retry-after"), "");
    assert_eq!(answer.header("sendstate-batch-id"), "");
    code(&answer)
}

async fn accepted(post: &Post, url: &str) -> Answer {
    wait_for("a 204", DEADLINE, async || {
        let answer = post.to(url).await.map_err(|error| error.to_string())?;
        if answer.status == 204 { Ok(answer) } else { Err(format!("{} {}", answer.status, answer.text())) }
    })
    .await
}

/// Waits until ingest has noticed and says so.
async fn not_ready(world: &mut World) {
    wait_for("ingest not to be ready", DEADLINE, async || match world.readiness("ingest-1").await {
        (false, _) => Ok(()),
        (true, report) => Err(report.to_string()),
    })
    .await;
}

/// Waits until the ledger knows this many batches, and returns how many of all elements were applied and duplicates.
async fn recorded(db: &Client, batches: i64) -> (i64, i64) {
    wait_for("the batches to be recorded", DEADLINE, async || {
        let sums = "SELECT count(*), sum(applied)::bigint, sum(duplicate)::bigint FROM batches";
        let row = db.query_one(sums, &[]).await.unwrap();
        let found: i64 = row.get(0);
        if found >= batches { Ok((row.get(1), row.get(2))) } else { Err(format!("{found} of {batches}")) }
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broker_short_of_memory_is_503_until_it_has_room() {
    let broker = Breakable::take().await;
    let mut world = World::start(Options::new(1, 1, 0).broker(&broker.url())).await;
    let (sender, mail) = (Sender::new(), Mail::new());
    let url = world.signed_source("main", &sender).await;
    let post = sender.batch(&[mail.event("delivered", 1)]);
    broker.alarm(true).unwrap();
    // The broker says that it blocks only to who publishes, and a first confirm may still have been on its way.
    let said = wait_for("a 503", DEADLINE, async || {
        let answer = post.to(&url).await.unwrap();
        if answer.status == 503 { Ok(code(&answer)) } else { Err(answer.status.to_string()) }
    })
    .await;
    assert!(["broker_unavailable", "confirm_timeout"].contains(&said.as_str()), "{said}");
    not_ready(&mut world).await;
    assert_eq!(unavailable(post.to(&url).await), "broker_unavailable");
    broker.alarm(false).unwrap();
    let answer = accepted(&post, &url).await;
    assert_eq!(world.batch(&answer).await["elements"], 1);
    world.empty(queue::QueueName::Batches).await;
    let counts = world.db().await.query_one("SELECT sum(applied)::bigint FROM batches", &[]).await.unwrap();
    assert_eq!(counts.get::<_, i64>(0), 1, "however often it was published");
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_frozen_broker_is_503_and_what_it_confirms_late_is_found_again() {
    let mut broker = Breakable::take().await;
    let world = World::start(Options::new(1, 1, 0).broker(&broker.url())).await;
    let (sender, mail) = (Sender::new(), Mail::new());
    let url = world.signed_source("main", &sender).await;
    assert_eq!(sender.post("[]").to(&url).await.unwrap().status, 204);
    let post = sender.batch(&[mail.event("delivered", 1), mail.event("open", 9)]);
    broker.pause().unwrap();
    assert_eq!(unavailable(post.to(&url).await), "confirm_timeout");
    broker.resume().unwrap();
    // SendGrid, having been refused, sends it again.
    accepted(&post, &url).await;
    let db = world.db().await;
    assert_eq!(recorded(&db, 3).await, (2, 2), "the refused one was published all the same");
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_confirmed_survives_the_brokers_death() {
    let mut broker = Breakable::take().await;
    let options = Options::new(1, 1, 0).broker(&broker.url());
    let mut world = World::start(options.not_started()).await;
    world.start_process("ingest-1").await;
    let (sender, mail) = (Sender::new(), Mail::new());
    let url = world.signed_source("main", &sender).await;
    // RabbitMQ 3.10 notes a new queue's first election some seconds late; killed before, it never elects again. An
    // orderly restart has it noted.
    broker.start_again().unwrap();
    let answer = accepted(&sender.batch(&[mail.event("delivered", 1)]), &url).await;
    broker.kill().unwrap();
    not_ready(&mut world).await;
    assert_eq!(unavailable(sender.post("[]").to(&url).await), "broker_unavailable");
    broker.start_again().unwrap();
    world.start_process("worker-1").await;
    assert_eq!(tally(&world.batch(&answer).await), [1, 1, 0, 0, 0, 0]);
    accepted(&sender.post("[]"), &url).await;
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_broker_503_comes_before_everything_but_404_and_405() {
    let mut world = World::start(Options::new(1, 1, 0).through_proxies()).await;
    let sender = Sender::new();
    let url = world.signed_source("main", &sender).await;
    world.proxy("ingest-1", Server::Broker).vanish();
    not_ready(&mut world).await;
    for (what, post) in [
        ("right", sender.post("[]")),
        ("unsigned", Post::unsigned("[]")),
        ("signed by a stranger", Sender::new().post("[]")),
        ("old", sender.post_at("1600000000", "[]")),
        ("too large", sender.post(vec![b' '; (5 << 20) + 1])),
    ] {
        assert_eq!(unavailable(post.to(&url).await), "broker_unavailable", "{what}");
    }
    let elsewhere = format!("{}/webhooks/sendgrid/other", world.ingest_url(1));
    assert_eq!(code(&sender.post("[]").to(&elsewhere).await.unwrap()), "unknown_source");
    assert_eq!(code(&sender.post("[]").method(Method::GET).to(&url).await.unwrap()), "method_not_allowed");
    world.proxy("ingest-1", Server::Broker).pass();
    accepted(&sender.post("[]"), &url).await;
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_silent_broker_connection_is_503_and_given_up_for_a_new_one() {
    let world = World::start(Options::new(1, 1, 0).through_proxies()).await;
    let (sender, mail) = (Sender::new(), Mail::new());
    let url = world.signed_source("main", &sender).await;
    let proxy = world.proxy("ingest-1", Server::Broker);
    proxy.stall();
    let post = sender.batch(&[mail.event("delivered", 1)]);
    assert_eq!(unavailable(post.to(&url).await), "confirm_timeout");
    proxy.cut(crate::harness::Cut::Reset);
    proxy.pass();
    let batch = world.batch(&accepted(&post, &url).await).await;
    assert_eq!(
        tally(&batch),
        [1, 1, 0, 0, 0, 0],
        "what was held back on the lost connection was never published"
    );
    proxy.half_close();
    accepted(&post, &url).await;
    world.finish().await;
}
