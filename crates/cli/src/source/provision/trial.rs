//! SendGrid's test: having it sent, and waiting until it is in the ledger, which it only enters verified.
//!
//! The test is a sample of made-up events about a message to [`watch::SAMPLE_ADDRESS`], by SendGrid's reference of the Event
//! Webhook. So its batch is one of this source that was not in the ledger before and in which an element names that
//! address; or one of nothing but repeats, when a test of as many events is stored already, because the next one may have the
//! same events.
//! Traffic that goes on meanwhile is no test. It verified too, but perhaps with another key of the source, so what it is
//! worth is for the command to say.
//!
//! A test is not repeated by SendGrid, and ingest may not know the key yet when the first one comes, so it is asked for
//! again, at growing intervals.

mod pace;
mod watch;

use super::ask::{Refused, refused};
use crate::database;
use crate::failure::Failure;
use crate::output::Progress;
use domain::SourceId;
use pace::{Pace, Turn};
use sendgrid::webhook::{OAuth, Test, Webhook};
use sendgrid::{Client, Permission};
use std::time::Duration;
use store::look::Batch;
use tokio::time::{Instant, sleep, timeout_at};
pub(crate) use watch::SAMPLE_ADDRESS;
use watch::{Seen, Watch};

/// What has come of a test, in words.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Heard {
    /// It is in the ledger.
    Test(String),
    /// Something of the source is, which is not the test.
    Other(String),
    Nothing,
    NotAwaited,
}

/// Has a webhook's test sent and waits for it, at most as long as given.
pub(super) async fn run(
    api: &Client,
    client: &store::Client,
    source: SourceId,
    webhook: &Webhook,
    patience: Duration,
) -> Result<Heard, Refused> {
    let mut watch = Watch::begin(client, source).await?;
    let began = Instant::now();
    let deadline = began + patience;
    let mut pace = Pace::new(began, deadline);
    let (mut other, mut asked) = (None, 0_u32);
    let mut progress = Progress::new();
    loop {
        let Turn { asks, reach, pause } = pace.turn(Instant::now());
        if asks {
            watch.move_on(database::now());
            ask(api, webhook, asked, deadline).await?;
            asked += 1;
        }
        match watch.look(reach).await? {
            Some(Seen::Test(batch)) => return Ok(Heard::Test(arrived(&batch, asked))),
            Some(Seen::Other(batch)) => other = Some(batch),
            None => {}
        }
        let Some(pause) = pause else { break };
        progress.show(&format!("asked for {asked} tests, waiting for one in the ledger"));
        sleep(pause).await;
    }
    Ok(match other {
        Some(batch) => Heard::Other(format!(
            "batch {} of the source has arrived and verified, and is not SendGrid's test",
            batch.id
        )),
        None if patience.is_zero() => Heard::NotAwaited,
        None => Heard::Nothing,
    })
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

/// The failure of [`Heard::Nothing`]. `has_secret_of`: the source, if SendGrid gets tokens for it with a secret that it has
/// from before, which nobody can hold against the source's.
pub(super) fn nothing(patience: Duration, has_secret_of: Option<&str>) -> Failure {
    let secret = has_secret_of.map(|source| {
        format!(
            "; SendGrid may have another OAuth secret than the source (ingest's metrics tell of `invalid_client` then): make \
             a new one and enter it there: sendstate source oauth {source} rotate"
        )
    });
    Failure::failed(format!(
        "SendGrid has taken the order, but no test has entered the ledger within {}",
        humantime::format_duration(patience)
    ))
    .next(format!(
        "see whether the URL leads to ingest from outside, whether ingest's log or metrics tell of refused requests, and \
         whether a worker runs{}; then run this again",
        secret.unwrap_or_default()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::Timestamp;
    use uuid::Uuid;

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
        let failure = nothing(Duration::from_secs(60), None);
        assert_eq!(failure.code, 1);
        assert!(failure.to_string().contains("within 1m"), "{failure}");
        assert!(!failure.to_string().contains("oauth"), "{failure}");
        let with_secret = nothing(Duration::from_secs(60), Some("main"));
        assert!(with_secret.to_string().contains("source oauth main rotate"), "{with_secret}");
    }
}
