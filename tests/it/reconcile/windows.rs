//! What a worker makes of batches that it takes together, or one after the other: said here and not left to the clock, by
//! calling its one transaction as it does itself.

use super::{life, origins, shifted};
use crate::harness::{Mail, Options, World, environment};
use crate::reprocess::anonymous_bounce;
use domain::{MachineOpens, Origin};
use jiff::Timestamp;
use serde_json::Value;
use std::sync::Arc;
use store::batch::Claim;
use store::{Pool, PoolSettings, Role, StoreError, event};
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

    async fn pending(&self) -> i64 {
        self.db.query_one("SELECT count(*) FROM pending_bounces", &[]).await.unwrap().get(0)
    }
}

/// In which company two batches come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Company {
    One,
    Each,
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

#[tokio::test(flavor = "multi_thread")]
async fn a_bounce_without_ids_that_is_recovered_too_fails_the_one_message_that_the_records_name() {
    let hand = Hand::new().await;
    for others in [0, 1] {
        for company in [Company::One, Company::Each] {
            for (recovered_first, seconds) in
                [false, true].into_iter().flat_map(|b| [-1, 0, 1].map(|s| (b, s)))
            {
                let what = format!("{others} {company:?} {recovered_first} {seconds}");
                let (mail, mut other) = (Mail::new(), Mail::new());
                other.recipient.clone_from(&mail.recipient);
                let delivered = [mail.event("delivered", 2), other.event("delivered", 3)];
                hand.takes(&[(Origin::Webhook, &delivered[..=others])]).await;
                let (recovered, told) = ([mail.event("bounce", 60)], [anonymous_bounce(&mail, 60 + seconds)]);
                let mut batches = [(Origin::Webhook, &told[..]), (Origin::Reconcile, &recovered[..])];
                if recovered_first {
                    batches.reverse();
                }
                let tallies = match company {
                    Company::One => hand.takes(&batches).await,
                    Company::Each => {
                        let first = hand.takes(&batches[..1]).await;
                        [first, hand.takes(&batches[1..]).await].concat()
                    }
                };
                let message = hand.world.message(&mail).await;
                assert_eq!((&message["status"], origins(&message).len()), (&"bounced".into(), 2), "{what}");
                if others == 1 {
                    let other = hand.world.message(&other).await;
                    assert_eq!((&other["status"], origins(&other).len()), (&"delivered".into(), 1), "{what}");
                }
                let duplicates: i32 = tallies.iter().map(|tally| tally[4]).sum();
                // Of two that may have bounced, none is known to have before the records say it.
                let by_guess = company == Company::Each && !recovered_first && others == 1;
                assert_eq!(duplicates, i32::from(!by_guess), "{what}: {tallies:?}");
                assert_eq!(hand.pending().await, 0, "{what}");
            }
        }
    }
    hand.world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bounce_without_ids_of_which_two_were_recovered_is_of_neither_and_of_no_third() {
    let hand = Hand::new().await;
    let mails: Vec<Mail> = {
        let first = Mail::new();
        let to_the_same = |mut mail: Mail| {
            mail.recipient.clone_from(&first.recipient);
            mail
        };
        let others = [to_the_same(Mail::new()), to_the_same(Mail::new())];
        [&[first][..], &others[..]].concat()
    };
    let delivered: Vec<Value> = mails.iter().map(|mail| mail.event("delivered", 2)).collect();
    hand.takes(&[(Origin::Webhook, &delivered)]).await;
    let recovered: Vec<Value> = mails[..2].iter().map(|mail| mail.event("bounce", 60)).collect();
    hand.takes(&[(Origin::Reconcile, &recovered)]).await;
    let told = [anonymous_bounce(&mails[0], 60)];
    assert_eq!(hand.takes(&[(Origin::Webhook, &told)]).await, [[1, 1, 0, 0, 0, 0]]);
    assert_eq!(
        (&hand.world.message(&mails[2]).await["status"], hand.pending().await),
        (&"delivered".into(), 0)
    );
    hand.world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_taken_for_a_repeat_leaves_the_smtp_id_by_which_a_later_event_finds_the_message() {
    let hand = Hand::new().await;
    let mail = Mail::new();
    let events = [mail.event("processed", 0), mail.event("delivered", 2)];
    assert_eq!(hand.takes(&[(Origin::Reconcile, &events)]).await, [[2, 2, 0, 0, 0, 0]]);
    assert_eq!(hand.takes(&[(Origin::Webhook, &events[..1])]).await, [[1, 0, 0, 0, 1, 0]]);
    let mut bounce = mail.event("bounce", 60);
    bounce.as_object_mut().unwrap().remove("sg_message_id");
    assert_eq!(hand.takes(&[(Origin::Webhook, &[bounce])]).await, [[1, 1, 0, 0, 0, 0]]);
    let message = hand.world.message(&mail).await;
    assert_eq!(
        (&message["status"], &message["failure"]["correlated_by"]),
        (&"bounced".into(), &"smtp_id".into())
    );
    hand.world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_what_the_same_transaction_has_stored_can_be_taken_back() {
    let hand = Hand::new().await;
    let mail = Mail::new();
    hand.takes(&[(Origin::Webhook, &[mail.event("processed", 0)])]).await;
    let key = hand.db.query_one("SELECT day, natural_key FROM events", &[]).await.unwrap();
    let mut client = hand.pool.get().await.unwrap();
    let transaction = client.transaction().await.unwrap();
    let stored = event::find(&transaction, &[(key.get(0), key.get(1))]).await.unwrap();
    let refused = event::take_back(&transaction, &stored.iter().collect::<Vec<_>>()).await;
    assert!(matches!(refused, Err(StoreError::Contradiction(_))), "{refused:?}");
    transaction.commit().await.unwrap();
    assert_eq!(origins(&hand.world.message(&mail).await), ["webhook"]);
    hand.world.finish().await;
}
