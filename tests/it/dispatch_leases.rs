//! The protocol of leases under contention: several dispatchers' worth of leasing and finishing at once, straight on the
//! store's functions, while more is still becoming owed.
//!
//! Leases last an hour here, so a lost wake-up is never healed in time: the test would not end.

use crate::harness::{DEADLINE, Options, World, environment, wait_for};
use jiff::Timestamp;
use std::collections::HashSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use store::delivery::{self, Attempt, Finish, Finished, LeaseRequest, Leased, Share, Verdict};
use store::{Pool, PoolSettings, Role};
use tokio::task::JoinSet;
use tokio_postgres::Client;
use tokio_util::sync::CancellationToken;
use url::Url;
use uuid::Uuid;

const SUBJECTS: i32 = 1_000;
const SEQUENCES: i32 = 4;
const LEASERS: usize = 6;
/// Small, so that the deliveries of one look are finished by several transactions at once.
const BATCH: usize = 13;
const LEASE: Duration = Duration::from_secs(3_600);
const RETRY: Duration = Duration::from_millis(3);
/// Three attempts in ten fail, but never a third one.
const FAILING: f64 = 0.3;

#[expect(clippy::disallowed_methods, reason = "the test plays a process, at whose edge the clock is read")]
fn now() -> Timestamp {
    Timestamp::now()
}

/// Subjects of which a delivery is being sent.
#[derive(Clone, Default)]
struct InHand(Arc<Mutex<HashSet<Uuid>>>);

impl InHand {
    fn begin(&self, subject: Uuid) {
        assert!(
            self.0.lock().unwrap().insert(subject),
            "two deliveries of {subject} were leased at the same time"
        );
    }

    fn end(&self, subject: Uuid) {
        assert!(self.0.lock().unwrap().remove(&subject));
    }
}

/// Owes everything bit by bit, each sequence in a transaction of its own, as workers do.
async fn owe(db: &Client) {
    let insert = "INSERT INTO delivery_queue
                      (endpoint_id, subject_key, type, notification_on, sequence, due_at, created_at)
                  SELECT 1 + i % 3, md5(i::text)::uuid, 'type-' || $3::int, '2026-01-01', $3, clock_timestamp(), now()
                  FROM generate_series($1::int, $2::int) AS i";
    for first in (0..SUBJECTS).step_by(50) {
        for sequence in 1..=SEQUENCES {
            db.execute(insert, &[&first, &(first + 49), &sequence]).await.unwrap();
        }
    }
}

async fn dispatch(pool: Pool, in_hand: InHand, enough: CancellationToken) {
    while !enough.is_cancelled() {
        let taken = take(&pool).await;
        taken.iter().for_each(|(_, subject)| in_hand.begin(*subject));
        let finishing = taken.chunks(BATCH).map(|some| finish(pool.clone(), some.to_vec(), in_hand.clone()));
        finishing.collect::<JoinSet<()>>().join_all().await;
    }
}

/// Leases with each delivery's subject.
async fn take(pool: &Pool) -> Vec<(Leased, Uuid)> {
    let client = pool.get().await.unwrap();
    let (now, lease) = (now(), Uuid::now_v7());
    let (ready, _) = delivery::ready(&client, now, &[]).await.unwrap();
    let share = |one: delivery::Ready| Share {
        endpoint_id: one.endpoint_id,
        lane: one.lane,
        room: 10,
        until: now + LEASE,
    };
    let shares = ready.into_iter().map(share).collect();
    let request = LeaseRequest { now, lease, shares, body_bytes: usize::MAX };
    let taken = delivery::lease(&client, &request).await.unwrap().deliveries;
    let subject = "SELECT subject_key FROM delivery_queue WHERE lease = $1 AND id = $2";
    let mut with_subjects = Vec::new();
    for leased in taken {
        let row = client.query_one(subject, &[&lease, &leased.id]).await.unwrap();
        with_subjects.push((leased, row.get(0)));
    }
    with_subjects
}

async fn finish(pool: Pool, taken: Vec<(Leased, Uuid)>, in_hand: InHand) {
    let finishes: Vec<Finish> = taken.iter().rev().map(|(leased, _)| ended(leased)).collect();
    let mut client = pool.get().await.unwrap();
    // From here on the next one may be leased, before this one's commit is heard of.
    taken.iter().for_each(|(_, subject)| in_hand.end(*subject));
    let transaction = client.transaction().await.unwrap();
    let finished = delivery::finish(&transaction, now(), &finishes).await.unwrap();
    transaction.commit().await.unwrap();
    assert!(finished.iter().all(|finished| *finished == Finished::Recorded), "{finished:?}");
}

fn ended(leased: &Leased) -> Finish {
    let failed = leased.attempt < 3 && rand::random::<f64>() < FAILING;
    Finish {
        delivery: leased.id,
        lease: leased.lease,
        verdict: if failed { Verdict::Retry { at: now() + RETRY } } else { Verdict::Delivered },
        attempt: Attempt {
            number: leased.attempt,
            started_at: now(),
            duration: Duration::ZERO,
            outcome: if failed { "rejected" } else { "delivered" },
            http_status: Some(if failed { 500 } else { 204 }),
            error: None,
            response: None,
        },
    }
}

async fn pool(db: &Client) -> Pool {
    let name: String = db.query_one("SELECT current_database()", &[]).await.unwrap().get(0);
    let mut url: Url = environment().database_url.parse().unwrap();
    url.set_path(&name);
    // One more for each finishing transaction of a look.
    let settings = PoolSettings { connections: 2 * LEASERS, ..PoolSettings::default() };
    Pool::new(&url.as_str().into(), Role::Dispatcher, &settings).unwrap()
}

async fn one_number(db: &Client, statement: &str) -> i64 {
    db.query_one(statement, &[]).await.unwrap().get(0)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_delivery_is_finished_once_and_in_order_and_no_wake_up_is_lost() {
    let world = World::start(Options::new(0, 0, 0)).await;
    let db = world.db().await;
    let endpoints = "INSERT INTO endpoints (url, types, allow_http, allow_networks, state_since, created_at)
                     SELECT 'https://example.com/', '{message.delivered}', false, '{}', now(), now()
                     FROM generate_series(1, 3)";
    db.execute(endpoints, &[]).await.unwrap();
    let (pool, in_hand, enough) = (pool(&db).await, InHand::default(), CancellationToken::new());
    let dispatchers: JoinSet<()> =
        (0..LEASERS).map(|_| dispatch(pool.clone(), in_hand.clone(), enough.clone())).collect();

    owe(&db).await;
    wait_for("the queue to be empty", DEADLINE, async || {
        match one_number(&db, "SELECT count(*) FROM delivery_queue").await {
            0 => Ok(()),
            owed => Err(format!("{owed} owed")),
        }
    })
    .await;
    enough.cancel();
    dispatchers.join_all().await;

    let finished =
        one_number(&db, "SELECT count(*) FROM deliveries_finished WHERE state = 'delivered'").await;
    assert_eq!(finished, i64::from(SUBJECTS * SEQUENCES));
    let overtaken = "SELECT count(*)
                     FROM (SELECT finished_at < lag(finished_at) OVER (PARTITION BY subject_key ORDER BY type) AS early
                           FROM deliveries_finished) AS finished
                     WHERE early";
    assert_eq!(one_number(&db, overtaken).await, 0, "deliveries were finished out of order");
    let counted = "SELECT count(*)
                   FROM (SELECT f.attempts, count(a.number) AS recorded
                         FROM deliveries_finished f LEFT JOIN attempts a ON a.delivery_id = f.id
                         GROUP BY f.id, f.attempts) AS one
                   WHERE attempts <> recorded";
    assert_eq!(one_number(&db, counted).await, 0, "deliveries count other attempts than were recorded");
    world.finish().await;
}
