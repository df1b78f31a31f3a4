//! Traffic that goes on while a test breaks things, and an account of it that does not come from the product.
//!
//! Like SendGrid, a lane sends each batch again until it is answered 204, at whichever ingest is next. Events of a
//! message are spread over POSTs in any order, and some are repeated: what must come of them does not depend on it.

use super::http::Answer;
use super::mail::Mail;
use super::receiver::{Notification, Receiver};
use super::sender::{Post, Sender};
use super::wait::{DEADLINE, wait_for};
use rand::RngExt as _;
use rand::seq::SliceRandom as _;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::{interval, timeout};
use tokio_postgres::Client;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

const LANES: usize = 2;
const MAILS_PER_ROUND: usize = 4;
/// Pause between a lane's rounds: enough traffic to be always in the middle of something.
const PACE: Duration = Duration::from_millis(100);
/// Pause before a refused batch is sent again.
const RETRY: Duration = Duration::from_millis(250);
/// Longest a batch may be refused: above the longest outage of a test.
const ACCEPT_DEADLINE: Duration = Duration::from_secs(180);

/// What the sender knows.
#[derive(Debug, Default)]
pub(crate) struct Account {
    /// Batches answered 204 and how many elements each had.
    pub(crate) batches: BTreeMap<Uuid, i32>,
    /// The `sg_event_id`s in them.
    pub(crate) events: BTreeSet<String>,
    /// What a consumer of default types must be told: recipient and type.
    pub(crate) owed: BTreeSet<(String, String)>,
    /// Answers that were no 204, and requests without any.
    pub(crate) refusals: usize,
}

/// Running traffic.
pub(crate) struct Load {
    account: Arc<Mutex<Account>>,
    enough: CancellationToken,
    lanes: JoinSet<()>,
}

impl Load {
    /// Sends to these URLs in turn until told to stop.
    pub(crate) fn start(sender: &Sender, urls: &[String]) -> Self {
        let (account, enough) = (Arc::<Mutex<Account>>::default(), CancellationToken::new());
        let mut lanes = JoinSet::new();
        for lane in 0..LANES {
            lanes.spawn(run(lane, sender.clone(), urls.to_vec(), Arc::clone(&account), enough.clone()));
        }
        Self { account, enough, lanes }
    }

    /// Waits until this many more batches are accepted.
    pub(crate) async fn goes_on(&self, batches: usize) {
        let goal = self.accepted() + batches;
        wait_for("the load to go on", DEADLINE, async || {
            let accepted = self.accepted();
            if accepted >= goal { Ok(()) } else { Err(format!("{accepted} of {goal} batches accepted")) }
        })
        .await;
    }

    /// What is owed for every event made so far, sent or not.
    pub(crate) fn owed(&self) -> BTreeSet<(String, String)> {
        self.account.lock().unwrap().owed.clone()
    }

    pub(crate) fn accepted(&self) -> usize {
        self.account.lock().unwrap().batches.len()
    }

    /// Ends it, after every batch that was begun is accepted.
    pub(crate) async fn stop(self) -> Account {
        self.enough.cancel();
        self.lanes.join_all().await;
        std::mem::take(&mut self.account.lock().unwrap())
    }
}

async fn run(
    lane: usize,
    sender: Sender,
    urls: Vec<String>,
    account: Arc<Mutex<Account>>,
    enough: CancellationToken,
) {
    let mut pace = interval(PACE);
    let mut turns = urls.iter().cycle().skip(lane);
    while enough.run_until_cancelled(pace.tick()).await.is_some() {
        for events in round(&account) {
            let post = sender.batch(&events);
            let answer = timeout(ACCEPT_DEADLINE, accepted(&post, &mut turns, &account)).await;
            let answer = answer.unwrap_or_else(|_| panic!("no 204 in {ACCEPT_DEADLINE:?}"));
            account.lock().unwrap().accept(&answer, &events);
        }
    }
}

/// Sends a batch until it is answered 204.
async fn accepted(
    post: &Post,
    turns: &mut impl Iterator<Item = &String>,
    account: &Mutex<Account>,
) -> Answer {
    let mut again = interval(RETRY);
    loop {
        again.tick().await;
        let url = turns.next().expect("the load has somewhere to go");
        match post.to(url).await {
            Ok(answer) if answer.status == 204 => return answer,
            // Refused or cut off: SendGrid does not care why either.
            _ => account.lock().unwrap().refusals += 1,
        }
    }
}

/// The events of a few new messages as two batches.
fn round(account: &Mutex<Account>) -> [Vec<Value>; 2] {
    let mut random = rand::rng();
    let mut events = Vec::new();
    for number in 0..MAILS_PER_ROUND {
        let mail = Mail::new();
        let (fate, told): (&[_], &[_]) = if number == 0 {
            (&["processed", "bounce"], &["message.failed"])
        } else {
            (&["processed", "delivered", "open"], &["message.delivered", "message.seen"])
        };
        events.extend(fate.iter().zip(1..).map(|(name, seconds)| mail.event(name, seconds)));
        let owed = told.iter().map(|kind| (mail.recipient.clone(), (*kind).to_owned()));
        account.lock().unwrap().owed.extend(owed);
    }
    let repeated = events[random.random_range(..events.len())].clone();
    events.push(repeated);
    events.shuffle(&mut random);
    let second = events.split_off(events.len() / 2);
    [events, second]
}

impl Account {
    fn accept(&mut self, answer: &Answer, events: &[Value]) {
        let batch = answer.header("sendstate-batch-id").parse().expect("a 204 names its batch");
        self.batches.insert(batch, events.len().try_into().unwrap());
        self.events.extend(events.iter().map(|event| event["sg_event_id"].as_str().unwrap().to_owned()));
    }

    /// Waits until every accepted batch is in the ledger, and checks that every element of it is.
    pub(crate) async fn is_in_the_ledger(&self, db: &Client, deadline: Duration) {
        let ids: Vec<_> = self.batches.keys().copied().collect();
        let elements = "SELECT id, elements FROM batches WHERE id = ANY($1)";
        let recorded: BTreeMap<Uuid, i32> =
            wait_for("every accepted batch to be recorded", deadline, async || {
                let rows = db.query(elements, &[&ids]).await.map_err(|error| error.to_string())?;
                let all = rows.len() == ids.len();
                if all { Ok(rows) } else { Err(format!("{} of {}", rows.len(), ids.len())) }
            })
            .await
            .iter()
            .map(|row| (row.get(0), row.get(1)))
            .collect();
        assert_eq!(recorded, self.batches, "batches have other numbers of elements than were sent");
        let stored = "SELECT DISTINCT convert_from(raw, 'UTF8')::json ->> 'sg_event_id' FROM events";
        let stored: BTreeSet<String> =
            db.query(stored, &[]).await.unwrap().iter().map(|row| row.get(0)).collect();
        let lost: Vec<_> = self.events.difference(&stored).collect();
        assert!(lost.is_empty(), "{} accepted events are not in the ledger: {lost:?}", lost.len());
    }

    /// Waits until everything owed was told, and checks that nothing else was, each once and in its order.
    pub(crate) async fn was_told(&self, receiver: &Receiver, deadline: Duration) {
        wait_for("everything owed to be told", deadline, async || {
            let told = pairs(&receiver.told());
            let missing = self.owed.difference(&told).count();
            if missing == 0 { Ok(()) } else { Err(format!("{missing} of {} missing", self.owed.len())) }
        })
        .await;
        let told = receiver.told();
        assert_eq!(pairs(&told), self.owed, "something was told that nobody was owed");
        assert_eq!(told.len(), self.owed.len(), "something was told under two ids");
        let mut last = BTreeMap::new();
        for one in &told {
            let before = last.insert(&one.recipient, one.sequence).unwrap_or(Some(0));
            assert_eq!(one.sequence, before.map(|before| before + 1), "out of order: {one:?}");
        }
    }
}

fn pairs(told: &[Notification]) -> BTreeSet<(String, String)> {
    told.iter().map(|one| (one.recipient.clone(), one.kind.clone())).collect()
}
