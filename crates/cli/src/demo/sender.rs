//! Sending as SendGrid does: to several ingests in turn, a few at a time, and again whatever is not answered 2xx.

use super::scenario::Planned;
use crate::failure::Failure;
use crate::generate::{Answer, Client, sign};
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};
use url::Url;
use uuid::Uuid;
use wire::signature::SigningKey;

/// POSTs under way at the same time.
const UNDER_WAY_MAX: usize = 8;
/// SendGrid waits longer; a demo has less time.
const RETRY_AFTER: Duration = Duration::from_millis(300);

/// A POST that was answered 204, by the generator's own list.
#[derive(Clone, Debug)]
pub(crate) struct Accepted {
    pub batch: Uuid,
    pub planned: Planned,
}

pub(crate) struct Sender {
    client: Client,
    urls: Vec<Url>,
    key: SigningKey,
    deadline: Instant,
    next: usize,
    /// How many answers had each status.
    pub answers: BTreeMap<String, u64>,
    pub accepted: Vec<Accepted>,
}

impl Sender {
    pub(crate) fn new(urls: Vec<Url>, key: SigningKey, deadline: Instant) -> Result<Self, Failure> {
        let client = Client::new()?;
        Ok(Self { client, urls, key, deadline, next: 0, answers: BTreeMap::new(), accepted: Vec::new() })
    }

    /// Waits until every ingest knows the new source and accepts for it, with batches of nothing.
    pub(crate) async fn warm_up(&mut self) -> Result<(), Failure> {
        let nothing = Planned { body: b"[]\r\n".to_vec(), elements: 0, facts: Vec::new() };
        for url in self.urls.clone() {
            let attempt = Attempt::new(self, url, nothing.clone());
            let outcome = attempt.until_accepted().await;
            self.add(outcome)?;
        }
        Ok(())
    }

    /// Sends all of these until each is accepted.
    pub(crate) async fn send(
        &mut self,
        posts: &[Planned],
        mut shown: impl FnMut(usize),
    ) -> Result<(), Failure> {
        let mut tasks = JoinSet::new();
        let mut answered = 0;
        for planned in posts {
            if tasks.len() >= UNDER_WAY_MAX
                && let Some(outcome) = tasks.join_next().await
            {
                self.add(outcome.map_err(ended_early)?)?;
                answered += 1;
                shown(answered);
            }
            self.next += 1;
            let url = self.urls[self.next % self.urls.len()].clone();
            tasks.spawn(Attempt::new(self, url, planned.clone()).until_accepted());
        }
        while let Some(outcome) = tasks.join_next().await {
            self.add(outcome.map_err(ended_early)?)?;
            answered += 1;
            shown(answered);
        }
        Ok(())
    }

    /// Sends a body that has to be refused: signed by a stranger, or not signed for these bytes.
    pub(crate) async fn send_refused(&mut self, body: &[u8], strangers_key: &SigningKey) -> Answer {
        let post = sign(body.to_vec(), strangers_key, None);
        let answer = self.client.send(self.urls[0].clone(), post).await;
        *self.answers.entry(answer.label()).or_default() += 1;
        answer
    }

    fn add(&mut self, outcome: Outcome) -> Result<(), Failure> {
        for answer in &outcome.answers {
            *self.answers.entry(answer.label()).or_default() += 1;
        }
        if let Some(batch) = outcome.batch {
            self.accepted.push(Accepted { batch, planned: outcome.planned });
            return Ok(());
        }
        match outcome.answers.last() {
            Some(Answer::None(why)) => Err(Failure::unreachable(format!("ingest cannot be reached: {why}"))
                .next("check SENDSTATE_INGEST_URL and that ingest runs")),
            Some(Answer::Status { code, .. }) => Err(Failure::failed(format!(
                "ingest did not accept a POST in time; its last answer was {code}"
            ))
            .next("see ingest's /readyz and log; 404: does it use the same database?")),
            None => Err(Failure::failed("the deadline was over before everything was sent")),
        }
    }
}

fn ended_early(error: tokio::task::JoinError) -> Failure {
    Failure::failed(format!("a POST did not end: {error}"))
}

/// One POST with its retries.
struct Attempt {
    client: Client,
    url: Url,
    key: SigningKey,
    planned: Planned,
    deadline: Instant,
}

struct Outcome {
    planned: Planned,
    answers: Vec<Answer>,
    batch: Option<Uuid>,
}

impl Attempt {
    fn new(sender: &Sender, url: Url, planned: Planned) -> Self {
        let (client, key) = (sender.client.clone(), sender.key.clone());
        Self { client, url, key, planned, deadline: sender.deadline }
    }

    async fn until_accepted(self) -> Outcome {
        let mut answers = Vec::new();
        while Instant::now() < self.deadline {
            let post = sign(self.planned.body.clone(), &self.key, None);
            let answer = self.client.send(self.url.clone(), post).await;
            answers.push(answer.clone());
            if let Answer::Status { code: 204, batch: Some(batch) } = answer {
                return Outcome { planned: self.planned, answers, batch: Some(batch) };
            }
            sleep(RETRY_AFTER).await;
        }
        Outcome { planned: self.planned, answers, batch: None }
    }
}
