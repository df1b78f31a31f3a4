//! What has come to a source since a moment, and whether it is the test.
//!
//! Reads the ledger, nothing else. What is wrong with the database ends it.

use super::pace::Reach;
use crate::failure::Failure;
use crate::{batch, database};
use domain::SourceId;
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use std::collections::{HashMap, HashSet};
use store::look::Batch;
use uuid::Uuid;
use wire::key;

/// Whom the made-up message is to.
pub(crate) const SAMPLE_ADDRESS: &str = "example@test.com";
/// The same as it stands in an element.
const SAMPLE_RECIPIENT: &[u8] = b"\"example@test.com\"";

/// How far ingest's clock may be behind: as far as it may be for SendGrid's signatures.
const BEHIND_MAX: SignedDuration = SignedDuration::from_mins(5);
/// How far it usually is at most.
const BEHIND_USUALLY: SignedDuration = SignedDuration::from_secs(5);
/// Batches that are looked at in one go, the latest of the source.
const LATEST_MAX: i64 = 500;
/// Messages of tests that are looked at, the latest of the source.
const SAMPLES_MAX: i64 = 16;

/// What has come to a source since a moment.
pub(super) struct Watch<'a> {
    client: &'a store::Client,
    source: SourceId,
    /// The least id that a batch can have that is received from the beginning on. Ids lead with ingest's time.
    from: Uuid,
    /// The least id that one usually has that is received since the latest test was asked for.
    latest_from: Uuid,
    days: Vec<Date>,
    /// Batches that were there at the beginning, or are known not to be the test.
    known: HashSet<Uuid>,
}

pub(super) enum Seen {
    Test(Batch),
    Other(Batch),
}

impl<'a> Watch<'a> {
    pub(super) async fn begin(client: &'a store::Client, source: SourceId) -> Result<Self, Failure> {
        let now = database::now();
        let from = least_id(now, BEHIND_MAX);
        let days = batch::days(from).unwrap_or_default();
        let mut watch = Self { client, source, from, latest_from: from, days, known: HashSet::new() };
        watch.known = watch.since(from).await?.into_iter().map(|batch| batch.id).collect();
        Ok(watch)
    }

    /// A test is about to be asked for.
    pub(super) fn move_on(&mut self, now: Timestamp) {
        self.latest_from = self.latest_from.max(least_id(now, BEHIND_USUALLY));
    }

    pub(super) async fn look(&mut self, reach: Reach) -> Result<Option<Seen>, Failure> {
        let from = match reach {
            Reach::Whole => self.from,
            Reach::Latest => self.latest_from,
        };
        let mut new = self.since(from).await?;
        new.retain(|batch| !self.known.contains(&batch.id));
        if new.is_empty() {
            return Ok(None);
        }
        let ids: Vec<Uuid> = new.iter().map(|batch| batch.id).collect();
        let naming = store::look::batches_naming(self.client, &ids, &self.days, SAMPLE_RECIPIENT).await?;
        let repeats = |batch: &Batch| batch.elements > 0 && batch.elements == batch.duplicate;
        let mut test = new.iter().position(|batch| naming.contains(&batch.id));
        if test.is_none() && new.iter().any(repeats) {
            let sizes = self.sizes_of_tests().await?;
            test = new.iter().position(|batch| repeats(batch) && sizes.contains(&batch.elements));
        }
        if let Some(at) = test {
            return Ok(Some(Seen::Test(new.swap_remove(at))));
        }
        self.known.extend(ids);
        Ok(new.into_iter().next().map(Seen::Other))
    }

    /// How many events the tests of this source had that are stored. One that repeats such a one whole has as many; what
    /// else it was is known of no batch of repeats.
    async fn sizes_of_tests(&self) -> Result<HashSet<i32>, Failure> {
        let recipient = Uuid::from_bytes(key::address(self.source, SAMPLE_ADDRESS));
        let messages = store::look::messages_of_recipient(self.client, &[recipient], SAMPLES_MAX).await?;
        let messages: Vec<Uuid> = messages.iter().map(|message| message.key).collect();
        let mut sizes: HashMap<Uuid, i32> = HashMap::new();
        for event in store::look::events(self.client, &messages).await? {
            *sizes.entry(event.batch_id).or_default() += 1;
        }
        Ok(sizes.into_values().collect())
    }

    async fn since(&self, from: Uuid) -> Result<Vec<Batch>, Failure> {
        let (client, source) = (self.client, self.source.0);
        Ok(store::look::batches_since(client, &self.days, from, source, LATEST_MAX).await?)
    }
}

/// The least id that ingest gives from `at` on, if its clock is behind by so much.
fn least_id(at: Timestamp, behind: SignedDuration) -> Uuid {
    let from = at.checked_sub(behind).unwrap_or(at);
    let millisecond = u64::try_from(from.as_millisecond()).unwrap_or_default();
    uuid::Builder::from_unix_timestamp_millis(millisecond, &[0; 10]).into_uuid()
}
