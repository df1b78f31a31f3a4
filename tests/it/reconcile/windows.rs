//! What a worker makes of batches that it takes together, or one after the other: said here and not left to the clock, by
//! calling its one transaction as it does itself.

use super::{life, origins, shifted};
use crate::harness::{Mail, Options, World, environment};
use domain::{MachineOpens, Origin};
use jiff::Timestamp;
use serde_json::Value;
use std::sync::Arc;
use store::batch::Claim;
use store::{Pool, PoolSettings, Role};
use tokio_postgres::Client;
use url::Url;
use uuid::Uuid;
use worker::apply::{Intent, apply};
use worker::batch::{Batch, Source};
use worker::read;

#[expect(clippy::disallowed_methods, reason = "the test plays a process, at whose edge the clock is read")]
fn now() -> Timestamp {
    Timestamp::now()
}

/// A database, and what a worker has in hand.
struct Hand {
    world: World,
    pool: Pool,
    db: Client,
    source: Arc<Source>,
    source_id: i32,
}

/// Where a batch comes from, and its elements.
type Told<'a> = (Origin, &'a [Value]);

impl Hand {
    async fn new() -> Self {
        let world = World::start(Options::new(0, 0, 0)).await;
        let db = world.db().await;
        world.source("main", &["--unsigned"]).await;
        let row = db.query_one("SELECT id, current_database()::text FROM sources", &[]).await.unwrap();
        let mut url: Url = environment().database_url.parse().unwrap();
        url.set_path(row.get(1));
        let pool = Pool::new(&url.as_str().into(), Role::Worker, &PoolSettings::default()).unwrap();
        let source = Arc::new(Source { name: "main".to_owned(), machine_opens: MachineOpens::Count });
        Self { world, pool, db, source, source_id: row.get(0) }
    }

    /// Applies batches together; how each ended, as (elements, applied, stale, ignored, duplicate, quarantined).
    async fn takes(&self, told: &[Told<'_>]) -> Vec<[i32; 6]> {
        let batches: Vec<Batch> = told.iter().map(|told| self.read(*told)).collect();
        let window: Vec<&Batch> = batches.iter().collect();
        apply(&self.pool, &window, Intent::Commit, now()).await.unwrap();
        let mut tallies = Vec::new();
        for batch in batches {
            let tally =
                "SELECT elements, applied, stale, ignored, duplicate, quarantined FROM batches WHERE id = $1";
            let row = self.db.query_one(tally, &[&batch.claim.id]).await.unwrap();
            tallies.push(std::array::from_fn(|column| row.get(column)));
        }
        tallies
    }

    fn read(&self, (origin, elements): Told<'_>) -> Batch {
        let claim = Claim { id: Uuid::now_v7(), source_id: self.source_id, received_at: now(), origin };
        let mut elements = elements.to_vec();
        if origin == Origin::Reconcile {
            // The records have neither.
            for element in &mut elements {
                for id in ["sg_event_id", "smtp-id"] {
                    element.as_object_mut().unwrap().remove(id);
                }
            }
        }
        read::batch(claim, serde_json::to_vec(&elements).unwrap().into(), &self.source)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_both_in_one_window_the_webhooks_own_word_stays_whichever_came_first() {
    let hand = Hand::new().await;
    for recovered_first in [false, true] {
        for seconds in [-1, 0, 1] {
            let mail = Mail::new();
            let (recovered, told) = (life(&mail), life(&mail));
            let told: Vec<Value> = told.iter().map(|event| shifted(event, seconds)).collect();
            let mut window = [(Origin::Webhook, &told[..]), (Origin::Reconcile, &recovered[..])];
            let mut expected = [[4, 4, 0, 0, 0, 0], [4, 0, 0, 0, 4, 0]];
            if recovered_first {
                window.reverse();
                expected.reverse();
            }
            assert_eq!(hand.takes(&window).await, expected, "{recovered_first} {seconds}");
            let message = hand.world.message(&mail).await;
            assert_eq!((origins(&message), &message["counts"]["opens"]), (vec!["webhook"; 4], &1.into()));
            assert_eq!(message["status"], "clicked");
        }
    }
    hand.world.finish().await;
}
