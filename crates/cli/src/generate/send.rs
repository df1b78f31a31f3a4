//! Sending at a rate that the answers do not set (open loop), with a bound on what is under way.

use super::Report;
use super::bodies::Bodies;
use super::client::{Answer, Client};
use crate::args::GenerateArgs;
use crate::failure::Failure;
use crate::output::{self, Progress};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::task::{JoinError, JoinSet};
use tokio::time::{Instant, sleep_until};
use url::Url;
use uuid::Uuid;
use wire::signature::SigningKey;

/// How often progress is shown.
const SHOW_EVERY: Duration = Duration::from_millis(200);

/// Sends every body; stops early at the first SIGINT or SIGTERM and accounts for what was sent.
pub(crate) async fn all(
    bodies: Bodies,
    key: &SigningKey,
    args: &GenerateArgs,
    url: Url,
    report: &mut Report,
) -> Result<(), Failure> {
    let client = Client::new()?;
    let stop = service::shutdown::on_signal();
    let under_way = Arc::new(Semaphore::new(usize::from(args.concurrency)));
    let mut tasks = JoinSet::new();
    let mut tally =
        Tally { report, accepted: Vec::new(), progress: Progress::new(), shown: Instant::now(), why: None };
    let start = Instant::now();
    let mut wave = 0;
    for (number, body) in (0_u64..).zip(bodies) {
        let body = body?;
        if body.wave > wave {
            wave = body.wave;
            while let Some(ended) = tasks.join_next().await {
                tally.add(ended)?;
            }
        }
        if let Some(rate) = args.rate {
            let due = start + Duration::from_secs_f64(tally.report.events as f64 / rate);
            stop.run_until_cancelled(sleep_until(due)).await;
        }
        let permit = Arc::clone(&under_way).acquire_owned().await.expect("the semaphore is never closed");
        if stop.is_cancelled() {
            output::note("sendstate: stopped before everything was sent");
            break;
        }
        tally.report.posts += 1;
        tally.report.events += body.events;
        let (client, url, key, timestamp) = (client.clone(), url.clone(), key.clone(), args.timestamp);
        tasks.spawn(async move {
            let answer = client.send(url, super::sign(body.bytes, &key, timestamp)).await;
            drop(permit);
            (number, answer)
        });
        while let Some(ended) = tasks.try_join_next() {
            tally.add(ended)?;
        }
    }
    while let Some(ended) = tasks.join_next().await {
        tally.add(ended)?;
    }
    tally.finish();
    Ok(())
}

struct Tally<'a> {
    report: &'a mut Report,
    /// In the order answered, with the number of the POST.
    accepted: Vec<(u64, Uuid)>,
    progress: Progress,
    shown: Instant,
    /// Why the first unanswered POST was not answered.
    why: Option<String>,
}

impl Tally<'_> {
    fn add(&mut self, ended: Result<(u64, Answer), JoinError>) -> Result<(), Failure> {
        let (number, answer) =
            ended.map_err(|error| Failure::failed(format!("a POST did not end: {error}")))?;
        *self.report.answers.entry(answer.label()).or_default() += 1;
        match answer {
            Answer::Status { code: 204, batch: Some(id) } => self.accepted.push((number, id)),
            Answer::Status { .. } => {}
            Answer::None(why) => {
                self.why.get_or_insert(why);
            }
        }
        if self.shown.elapsed() >= SHOW_EVERY {
            self.shown = Instant::now();
            let answered: u64 = self.report.answers.values().sum();
            self.progress.show(&format!("{answered} of {} POSTs answered", self.report.posts));
        }
        Ok(())
    }

    fn finish(mut self) {
        self.progress.clear();
        if let Some(why) = self.why {
            output::note(&format!("sendstate: a POST was not answered: {why}"));
        }
        self.accepted.sort_unstable();
        self.report.batches = self.accepted.into_iter().map(|(_, id)| id).collect();
    }
}
