//! SendGrid's test: having it sent, and waiting until it is in the ledger, which it only enters verified.
//!
//! The test is a sample of made-up events about a message to [`SAMPLE_RECIPIENT`], by SendGrid's reference of the Event
//! Webhook. So its batch is one of this source that was not in the ledger before and in which an element names that
//! address; or one of nothing but repeats, when an earlier test had the same events. Traffic that goes on meanwhile is no
//! test, but says as much about the way and the key: it counts when the time is over.
//!
//! A test is not repeated by SendGrid, and ingest may not know the key yet when the first one comes, so it is asked for
//! again, at growing intervals.

use super::ask::{Refused, refused};
use super::steps::{Taken, done};
use crate::failure::Failure;
use crate::output::Progress;
use crate::{batch, database};
use domain::SourceId;
use jiff::SignedDuration;
use jiff::civil::Date;
use sendgrid::webhook::{OAuth, Test, Webhook};
use sendgrid::{Client, Permission};
use std::collections::HashSet;
use std::time::Duration;
use store::look::Batch;
use tokio::time::{Instant, sleep, timeout_at};
use uuid::Uuid;

/// As it stands in an element.
const SAMPLE_RECIPIENT: &[u8] = b"\"example@test.com\"";

/// How often the ledger is looked at.
const POLL: Duration = Duration::from_millis(100);
/// From the first test to the second; doubled after each. Ingest reads its list of sources every few seconds.
const AGAIN: Duration = Duration::from_secs(3);
/// How far ingest's clock may be behind: as far as it may be for SendGrid's signatures.
const BEHIND_MAX: SignedDuration = SignedDuration::from_mins(5);
/// Batches that are looked at in one go, the latest of the source.
const LATEST_MAX: i64 = 500;

/// Has a webhook's test sent and waits for it, at most as long as given.
pub(super) async fn run(
    api: &Client,
    client: &store::Client,
    source: SourceId,
    webhook: &Webhook,
    patience: Duration,
) -> Result<Taken, Refused> {
    let mut watch = Watch::begin(client, source).await?;
    let deadline = Instant::now() + patience;
    let (mut again, mut pause, mut asked) = (Instant::now(), AGAIN, 0_u32);
    let mut other = None;
    let mut progress = Progress::new();
    loop {
        if Instant::now() >= again {
            ask(api, webhook, asked, deadline).await?;
            asked += 1;
            (again, pause) = (Instant::now() + pause, pause * 2);
        }
        match watch.look().await? {
            Some(Seen::Test(batch)) => return Ok(done(arrived(&batch, asked))),
            Some(Seen::Other(batch)) => other = Some(batch),
            None => {}
        }
        if Instant::now() >= deadline {
            break;
        }
        progress.show(&format!("asked for {asked} tests, waiting for one in the ledger"));
        sleep(POLL.min(deadline.saturating_duration_since(Instant::now()))).await;
    }
    match other {
        Some(batch) => Ok(done(format!(
            "batch {} of the source has arrived and verified, though it does not look like SendGrid's test",
            batch.id
        ))),
        None if patience.is_zero() => Ok(done("asked for, not waited for")),
        None => Err(nothing(patience).into()),
    }
}

/// Asks for a test. The first has to be taken; a later one that is not is not missed.
async fn ask(api: &Client, webhook: &Webhook, asked: u32, deadline: Instant) -> Result<(), Refused> {
    let Some(url) = webhook.url.clone() else {
        return Err(Failure::failed("SendGrid does not say where the webhook posts to").into());
    };
    let mut test = Test::of(&webhook.id, url);
    if let (Some(client_id), Some(token_url)) = (&webhook.oauth_client_id, &webhook.oauth_token_url) {
        let (client_id, token_url) = (client_id.clone(), token_url.clone());
        test.oauth = Some(OAuth { client_id, client_secret: None, token_url });
    }
    let asking = api.test_webhook(&test);
    if asked == 0 {
        return asking.await.map_err(|error| refused("asking for a test", Permission::TestWebhooks, &error));
    }
    drop(timeout_at(deadline, asking).await);
    Ok(())
}

fn arrived(batch: &Batch, asked: u32) -> String {
    let Batch { id, elements, applied, stale, ignored, duplicate, quarantined, .. } = batch;
    let again = if asked > 1 { format!(", asked for {asked} times") } else { String::new() };
    format!(
        "batch {id} has arrived and verified{again}: {elements} events, {applied} applied, {stale} stale, {ignored} \
         ignored, {duplicate} duplicate, {quarantined} quarantined"
    )
}

fn nothing(patience: Duration) -> Failure {
    Failure::failed(format!(
        "SendGrid has taken the order, but no test has entered the ledger within {}",
        humantime::format_duration(patience)
    ))
    .next(
        "see whether the URL leads to ingest from outside, whether ingest's log or metrics tell of refused requests, and \
         whether a worker runs; then run this again",
    )
}

/// What has come to a source since a moment.
struct Watch<'a> {
    client: &'a store::Client,
    source: SourceId,
    /// The least id that a batch can have that is received from then on. Ids lead with ingest's time.
    from: Uuid,
    days: Vec<Date>,
    /// Batches that were there at the beginning, or are known not to be the test.
    known: HashSet<Uuid>,
}

enum Seen {
    Test(Batch),
    Other(Batch),
}

impl<'a> Watch<'a> {
    async fn begin(client: &'a store::Client, source: SourceId) -> Result<Self, Failure> {
        let now = database::now();
        let from = now.checked_sub(BEHIND_MAX).unwrap_or(now);
        let millisecond = u64::try_from(from.as_millisecond()).unwrap_or_default();
        let from = uuid::Builder::from_unix_timestamp_millis(millisecond, &[0; 10]).into_uuid();
        let days = batch::days(from).unwrap_or_default();
        let mut watch = Self { client, source, from, days, known: HashSet::new() };
        watch.known = watch.latest().await?.into_iter().map(|batch| batch.id).collect();
        Ok(watch)
    }

    async fn look(&mut self) -> Result<Option<Seen>, Failure> {
        let mut new = self.latest().await?;
        new.retain(|batch| !self.known.contains(&batch.id));
        if new.is_empty() {
            return Ok(None);
        }
        let ids: Vec<Uuid> = new.iter().map(|batch| batch.id).collect();
        let naming = store::look::batches_naming(self.client, &ids, &self.days, SAMPLE_RECIPIENT).await?;
        let repeats = |batch: &Batch| batch.elements > 0 && batch.elements == batch.duplicate;
        if let Some(at) = new.iter().position(|batch| naming.contains(&batch.id) || repeats(batch)) {
            return Ok(Some(Seen::Test(new.swap_remove(at))));
        }
        self.known.extend(ids);
        Ok(new.into_iter().next().map(Seen::Other))
    }

    async fn latest(&self) -> Result<Vec<Batch>, Failure> {
        let (client, source) = (self.client, self.source.0);
        Ok(store::look::batches_since(client, &self.days, self.from, source, LATEST_MAX).await?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::Timestamp;

    fn batch(elements: i32, duplicate: i32) -> Batch {
        Batch {
            id: Uuid::from_u128(7),
            source: Some("main".to_owned()),
            source_id: 1,
            received_at: Timestamp::UNIX_EPOCH,
            state: "recorded".to_owned(),
            elements,
            applied: elements - duplicate,
            stale: 0,
            ignored: 0,
            duplicate,
            quarantined: 0,
        }
    }

    #[test]
    fn it_is_said_how_the_tests_events_ended_and_how_often_it_was_asked_for() {
        let once = arrived(&batch(11, 1), 1);
        assert!(once.contains("11 events, 10 applied") && once.contains("1 duplicate"), "{once}");
        assert!(!once.contains("times"), "{once}");
        assert!(arrived(&batch(11, 1), 3).contains("asked for 3 times"));
    }

    #[test]
    fn a_test_that_never_came_leads_to_the_places_to_look_at() {
        let failure = nothing(Duration::from_secs(60));
        assert_eq!(failure.code, 1);
        assert!(failure.to_string().contains("within 1m"), "{failure}");
    }
}
