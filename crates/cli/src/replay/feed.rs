//! Giving messages to the workers at the pace at which they work them out: few parts are outstanding, and the next step is
//! chosen when the last one is given. So live batches never wait behind a replay.

use super::account::Account;
use super::select::{self, Place};
use super::until::{Over, Until};
use crate::broker::Broker;
use crate::database;
use crate::failure::Failure;
use crate::output::Progress;
use domain::MessageKey;
use jiff::Timestamp;
use std::collections::VecDeque;
use std::time::Duration;
use store::Pool;
use store::replay::Selection;
use tokio::time::timeout;
use wire::envelope::{Instruction, REPLAY_MESSAGES_MAX};

/// How often outstanding parts are looked for.
const POLL: Duration = Duration::from_millis(100);
/// Longest search for the exact time that was reached; a time that is at most a day earlier is known without it.
const REACHED_PATIENCE: Duration = Duration::from_secs(10);

pub(super) struct Feed {
    pool: Pool,
    broker: Broker,
    selection: Selection,
    /// Made with the first part: an empty choice leaves nothing behind.
    replay: Option<i64>,
    account: Account,
    /// Parts of the last step that are not given yet.
    waiting: VecDeque<Vec<MessageKey>>,
    /// Where the next step begins.
    ahead: Place,
    /// Everything up to here is given and confirmed.
    behind: Place,
    progress: Progress,
}

impl Feed {
    pub(super) fn new(pool: Pool, broker: Broker, selection: Selection) -> Self {
        let beginning = Place::beginning(&selection);
        Self {
            pool,
            broker,
            selection,
            replay: None,
            account: Account::default(),
            waiting: VecDeque::new(),
            ahead: beginning,
            behind: beginning,
            progress: Progress::new(),
        }
    }

    pub(super) fn replay(&self) -> Option<i64> {
        self.replay
    }

    pub(super) fn account(&self) -> &Account {
        &self.account
    }

    /// Whether there is nothing left to give.
    pub(super) fn gave_everything(&self) -> bool {
        self.behind == Place::Beyond
    }

    /// Gives everything and waits until it is worked out; whether that was over before. What is outstanding then goes on.
    pub(super) async fn run(&mut self, until: &Until) -> Result<Option<Over>, Failure> {
        loop {
            if let Some(over) = until.passed() {
                return Ok(Some(over));
            }
            if self.waiting.is_empty() && self.ahead != Place::Beyond {
                tokio::select! {
                    biased;
                    over = until.over() => return Ok(Some(over)),
                    step = select::step(&self.pool, &self.selection, self.ahead) => {
                        let (messages, ahead) = step?;
                        self.waiting = messages.chunks(REPLAY_MESSAGES_MAX).map(<[_]>::to_vec).collect();
                        self.ahead = ahead;
                    }
                }
            }
            if self.account.has_room()
                && let Some(part) = self.waiting.pop_front()
            {
                self.give(part).await?;
            }
            if self.waiting.is_empty() {
                self.behind = self.ahead;
            }
            self.look().await?;
            if self.gave_everything() && self.account.outstanding().is_empty() {
                return Ok(None);
            }
            let busy =
                if self.waiting.is_empty() { !self.gave_everything() } else { self.account.has_room() };
            if !busy && let Some(over) = until.over_within(POLL).await {
                return Ok(Some(over));
            }
        }
    }

    /// Everything received before this was given: where to go on from. Takes the line of progress away.
    pub(super) async fn given_until(&mut self) -> Timestamp {
        self.progress.clear();
        match timeout(REACHED_PATIENCE, select::reached(&self.pool, &self.selection, self.behind)).await {
            Ok(Ok(reached)) => reached,
            Ok(Err(_)) | Err(_) => select::reached_at_least(&self.selection, self.behind),
        }
    }

    /// Takes leave of the broker.
    pub(super) async fn finish(self) -> Result<(), Failure> {
        self.broker.finish().await
    }

    async fn give(&mut self, messages: Vec<MessageKey>) -> Result<(), Failure> {
        let replay = match self.replay {
            Some(replay) => replay,
            None => {
                let client = self.pool.get().await?;
                let made = store::replay::create(&client, &self.selection, database::now()).await?;
                *self.replay.insert(made)
            }
        };
        let count = messages.len();
        self.broker.give(&Instruction::Replay { replay, part: self.account.parts, messages }).await?;
        // What is behind has to be with the broker for sure.
        self.broker.settle().await?;
        self.account.given(count);
        Ok(())
    }

    /// Counts the parts that are done.
    async fn look(&mut self) -> Result<(), Failure> {
        let outstanding = self.account.outstanding();
        let (Some(replay), false) = (self.replay, outstanding.is_empty()) else { return Ok(()) };
        let client = self.pool.get().await?;
        for (part, what) in store::replay::progress(&client, replay, &outstanding).await? {
            self.account.done(part, what);
        }
        let Account { parts, messages, parts_done, .. } = &self.account;
        let place = match self.behind {
            Place::Inside { day, .. } => day.to_string(),
            Place::Beyond => "all given".to_owned(),
        };
        self.progress
            .show(&format!("{place}: {messages} messages given, {parts_done} of {parts} parts done"));
        Ok(())
    }
}
