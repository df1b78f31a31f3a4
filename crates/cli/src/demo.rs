//! `sendstate demo`: the whole scenario against a running stack, and an account of it that does not take the stack's word.
//!
//! A first part is sent, waited for in the ledger, then a second part that speaks of what the first established. The
//! demo ends when every accepted batch is in the ledger, the consumer has taken all that the reference expects, and
//! its endpoint is owed nothing; or at the deadline.

mod account;
mod ledger;
mod odd;
mod receiver;
mod reference;
mod scenario;
mod sender;
mod setup;
mod story;

use crate::args::DemoArgs;
use crate::failure::Failure;
use crate::generate::Answer;
use crate::output::Progress;
use crate::settings::Global;
use crate::{database, output};
use account::{Account, account};
use scenario::Scenario;
use sender::Sender;
use setup::Stage;
use std::collections::{BTreeSet, HashMap};
use std::time::Duration;
use store::look::{self, Batch};
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;
use traffic::join;
use uuid::Uuid;
use wire::signature::SigningKey;

/// How often the stack is looked at while waiting.
const POLL: Duration = Duration::from_millis(100);
/// The scenario's events lie this far back, so that none of them is in the future.
const BACK_S: i64 = 15 * 60;

pub(crate) async fn run(global: &Global, args: &DemoArgs) -> Result<(), Failure> {
    let deadline = Instant::now() + args.deadline;
    let mut client = database::operator(global).await?;
    // Ends the consumer however the demo ends.
    let shutdown = CancellationToken::new();
    let _ended = shutdown.clone().drop_guard();
    let stage = setup::stage(global, args, &mut client, shutdown).await?;
    story::began(&stage);
    let scenario = Scenario::new(rand::random(), args.messages, database::now().as_second() - BACK_S);
    story::planned(&scenario);

    let sender = Sender::new(stage.ingests.clone(), stage.key.clone(), deadline)?;
    let mut show =
        Show { client, stage, sender, ledger: HashMap::new(), deadline, progress: Progress::new() };
    show.sender.warm_up().await?;
    show.send(&scenario.first).await?;
    show.refuse_a_stranger().await?;
    let mut in_time = show.until_recorded().await?;
    if in_time {
        story::second_part(&scenario);
        show.send(&scenario.second).await?;
        in_time = show.until_settled().await?;
    }
    show.progress.clear();
    story::sent(&show.sender);

    let statuses = ledger::statuses(&show.client, show.stage.source, &scenario.mails).await?;
    let standings = ledger::standings(&show.client, show.stage.source, &show.addresses()).await?;
    let quarantined = ledger::quarantined(&show.client, show.stage.source).await?;
    let received = show.stage.consumer.received();
    let mut account = account(&show.sender.accepted, &show.ledger, &received);
    account.contradictions += account::misjudged(&show.sender.accepted, &standings);
    story::ended(&account, &statuses, &received, &scenario);
    story::quarantined(&quarantined, &show.stage.source_name);
    output::print(global.json, &account, || line(&account))?;
    verdict(&account, in_time, args.deadline)
}

/// The demo under way.
struct Show {
    client: store::Client,
    stage: Stage,
    sender: Sender,
    ledger: HashMap<Uuid, Batch>,
    deadline: Instant,
    progress: Progress,
}

impl Show {
    async fn send(&mut self, posts: &[scenario::Planned]) -> Result<(), Failure> {
        let progress = &mut self.progress;
        let all = posts.len();
        self.sender
            .send(posts, |accepted| progress.show(&format!("{accepted} of {all} POSTs accepted")))
            .await
    }

    /// Of everybody the accepted events speak of, each once.
    fn addresses(&self) -> Vec<String> {
        let everybody = account::facts(&self.sender.accepted).into_iter().map(|fact| fact.email);
        everybody.collect::<BTreeSet<_>>().into_iter().collect()
    }

    /// Ingest has to refuse what the source's key did not sign, and does not have to be asked twice.
    async fn refuse_a_stranger(&mut self) -> Result<(), Failure> {
        let answer = self.sender.send_refused(&join(&["{}"]), &SigningKey::generate()).await;
        self.progress.clear();
        story::refused(&answer.label());
        match answer {
            Answer::Status { code: 403, .. } => Ok(()),
            other => Err(Failure::failed(format!(
                "a POST signed by a stranger was answered {} instead of 403",
                other.label()
            ))),
        }
    }

    /// Whether every accepted batch entered the ledger before the deadline.
    async fn until_recorded(&mut self) -> Result<bool, Failure> {
        loop {
            let missing = ledger::follow(&self.client, &self.sender.accepted, &mut self.ledger).await?;
            if missing == 0 {
                return Ok(true);
            }
            if Instant::now() >= self.deadline {
                return Ok(false);
            }
            self.progress.show(&format!("{missing} batches not in the ledger yet"));
            sleep(POLL).await;
        }
    }

    /// Whether everything was recorded and told before the deadline.
    async fn until_settled(&mut self) -> Result<bool, Failure> {
        if !self.until_recorded().await? {
            return Ok(false);
        }
        loop {
            let lost = account(&self.sender.accepted, &self.ledger, &self.stage.consumer.received()).lost;
            let owed = look::unfinished_of(&self.client, self.stage.endpoint_id).await?;
            if lost == 0 && owed == 0 {
                return Ok(true);
            }
            if Instant::now() >= self.deadline {
                return Ok(false);
            }
            self.progress.show(&format!("{lost} notifications expected, {owed} deliveries owed"));
            sleep(POLL).await;
        }
    }
}

/// In the words that scripts look for.
fn line(account: &Account) -> String {
    format!(
        "posts={} events={} applied={} stale={} ignored={} duplicate={} quarantined={} delivered={} lost {}",
        account.posts,
        account.events,
        account.applied,
        account.stale,
        account.ignored,
        account.duplicate,
        account.quarantined,
        account.delivered,
        account.lost
    )
}

fn verdict(account: &Account, in_time: bool, deadline: Duration) -> Result<(), Failure> {
    if account.lost > 0 {
        return Err(Failure::failed(format!(
            "{} elements and {} notifications are lost, or did not arrive within {}",
            account.lost_elements,
            account.lost_notifications,
            humantime::format_duration(deadline)
        ))
        .next("see `sendstate audit`, and the logs of the workers and dispatchers"));
    }
    if account.contradictions > 0 {
        return Err(Failure::failed(format!(
            "{} notifications or recipients contradict the reference",
            account.contradictions
        )));
    }
    if !in_time {
        return Err(Failure::failed("not everything settled before the deadline")
            .next("give it longer with --deadline"));
    }
    Ok(())
}
