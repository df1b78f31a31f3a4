//! Cutting what was chosen into instructions, and giving those to the workers while the choice goes on.

use super::select::Selection;
use crate::broker::Broker;
use crate::database;
use crate::failure::Failure;
use domain::MessageKey;
use wire::envelope::{Instruction, REPLAY_MESSAGES_MAX};

/// Messages chosen and not given yet; fewer than one part of them between calls.
pub(super) struct Parts {
    /// Beside the one that chooses: a transaction that only reads cannot make a replay.
    client: store::Client,
    broker: Broker,
    selection: Selection,
    /// Made with the first part: an empty choice leaves nothing behind.
    replay: Option<i64>,
    waiting: Vec<MessageKey>,
    parts: i32,
    messages: u64,
}

/// What the workers were given.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Given {
    pub replay: Option<i64>,
    pub parts: i32,
    pub messages: u64,
}

impl Parts {
    pub(super) fn new(client: store::Client, broker: Broker, selection: Selection) -> Self {
        Self { client, broker, selection, replay: None, waiting: Vec::new(), parts: 0, messages: 0 }
    }

    /// Adds chosen messages and gives every part that is full.
    pub(super) async fn add(&mut self, messages: Vec<MessageKey>) -> Result<(), Failure> {
        self.messages += messages.len() as u64;
        self.waiting.extend(messages);
        for part in full(&mut self.waiting) {
            self.give(part).await?;
        }
        Ok(())
    }

    /// Messages chosen so far.
    pub(super) fn messages(&self) -> u64 {
        self.messages
    }

    /// Gives the rest, and waits for the broker's confirms.
    pub(super) async fn finish(mut self) -> Result<Given, Failure> {
        let rest = std::mem::take(&mut self.waiting);
        if !rest.is_empty() {
            self.give(rest).await?;
        }
        self.broker.finish().await?;
        Ok(Given { replay: self.replay, parts: self.parts, messages: self.messages })
    }

    async fn give(&mut self, messages: Vec<MessageKey>) -> Result<(), Failure> {
        let replay = match self.replay {
            Some(replay) => replay,
            None => {
                let Selection { source, from, to } = self.selection;
                let made = store::replay::create(&self.client, source, from, to, database::now()).await?;
                *self.replay.insert(made)
            }
        };
        self.broker.give(&Instruction::Replay { replay, part: self.parts, messages }).await?;
        self.parts += 1;
        Ok(())
    }
}

/// Takes whole parts from the front.
fn full(waiting: &mut Vec<MessageKey>) -> Vec<Vec<MessageKey>> {
    let rest = waiting.split_off(waiting.len() - waiting.len() % REPLAY_MESSAGES_MAX);
    let whole = std::mem::replace(waiting, rest);
    whole.chunks(REPLAY_MESSAGES_MAX).map(<[_]>::to_vec).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_as_large_as_they_may_be_and_nothing_is_left_out() {
        let keys =
            |count: u16| (0..count).map(|key| MessageKey(u128::from(key).to_be_bytes())).collect::<Vec<_>>();
        for (count, parts, left) in [(0, 0, 0), (499, 0, 499), (500, 1, 0), (1_234, 2, 234)] {
            let mut waiting = keys(count);
            let whole = full(&mut waiting);
            assert_eq!((whole.len(), waiting.len()), (parts, left), "{count}");
            let all: Vec<_> = whole.into_iter().flatten().chain(waiting).collect();
            assert_eq!(all, keys(count));
        }
    }
}
