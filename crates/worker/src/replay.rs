//! Messages worked out again from their stored events, after what events mean was mended.
//!
//! One part of a replay is one transaction. Whatever is derived replaces what was known, down as well as up; what was told
//! stays told (`domain::message::rederive`). A message of which retention has taken events, or that has more of them than
//! [`EVENTS_MAX`], is left alone. Which message an event belongs to is never worked out again.
//!
//! Locks messages by key, then batches by id; a deadlock with another replay is retried by the caller.

use crate::apply::tell::{self, Wanted};
use crate::batch::{Event, Naming, Source};
use crate::counts::Ending;
use crate::read;
use domain::{IgnoreReason, Message, MessageKey, Outcome, SourceId};
use jiff::{Timestamp, civil::Date};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use store::batch::{Adjustment, Tally, day};
use store::event::Conclusion;
use store::message::{Direction, Identity, MessageRow};
use store::notification::NotificationRow;
use store::replay::Replayed;
use store::{Pool, StoreError, batch, event, message, notification, replay};
use uuid::Uuid;

/// Most events of one message that are read at once: some tens of megabytes. Only what a list's archive opens for ever
/// has more.
const EVENTS_MAX: u32 = 20_000;

/// One part of a replay.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Part<'a> {
    pub(crate) replay: i64,
    pub(crate) part: i32,
    pub(crate) messages: &'a [MessageKey],
}

/// Works the messages of a part out again; `None`: that was done before.
///
/// # Errors
/// Rolled back; nothing has changed.
pub(crate) async fn apply(
    pool: &Pool,
    part: Part<'_>,
    source: (SourceId, &Arc<Source>),
    now: Timestamp,
) -> Result<Option<Replayed>, StoreError> {
    let mut client = pool.get().await?;
    let transaction = client.transaction().await?;
    if !replay::claim_part(&transaction, part.replay, part.part).await? {
        return Ok(None);
    }
    let wanted = Wanted::of(&transaction, [source.0]).await?;
    let mut found = Found::default();
    let mut keys = part.messages.to_vec();
    keys.sort_unstable();
    keys.dedup();
    let mut unknown = keys.clone();
    for row in message::lock(&transaction, &keys).await? {
        unknown.retain(|key| *key != row.key());
        let (identity, known) = row.read()?;
        let events = stored(&transaction, &[identity.key], known.events, source.1).await?;
        found.add(identity, Some(known), events, &wanted, now);
    }
    // Messages of which nothing was understood until now.
    for key in unknown {
        let events = stored(&transaction, &[key], 0, source.1).await?;
        if let Some(identity) = events.as_deref().and_then(named) {
            found.add(identity, None, events, &wanted, now);
        }
    }
    found.write(&transaction).await?;
    let replayed = Replayed { messages: keys.len() as i64, ..found.replayed };
    replay::close_part(&transaction, part.replay, part.part, replayed).await?;
    transaction.commit().await?;
    Ok(Some(replayed))
}

/// Notes that nothing of a part could be worked out: the database refuses what came of it.
///
/// # Errors
/// As any statement.
pub(crate) async fn give_up(pool: &Pool, part: Part<'_>) -> Result<(), StoreError> {
    let mut client = pool.get().await?;
    let transaction = client.transaction().await?;
    if replay::claim_part(&transaction, part.replay, part.part).await? {
        let messages = part.messages.len() as i64;
        let replayed = Replayed { messages, left_alone: messages, ..Replayed::default() };
        replay::close_part(&transaction, part.replay, part.part, replayed).await?;
    }
    transaction.commit().await?;
    Ok(())
}

/// All events of a message in their order; `None`: they are not all there, or cannot all be read, or are too many.
async fn stored(
    transaction: &deadpool_postgres::Transaction<'_>,
    key: &[MessageKey],
    folded: u32,
    source: &Arc<Source>,
) -> Result<Option<Vec<Event>>, StoreError> {
    let rows = event::of_messages(transaction, key, i64::from(EVENTS_MAX) + 1).await?;
    let unknown = IgnoreReason::UnknownEvent.as_str();
    let were_folded = rows.iter().filter(|row| row.reason.as_deref() != Some(unknown)).count();
    if rows.len() > EVENTS_MAX as usize || were_folded < folded as usize {
        return Ok(None);
    }
    let events: Option<Vec<Event>> = rows.into_iter().map(|row| read::stored(row, source)).collect();
    Ok(events.map(|mut events| {
        events.retain(Event::folds);
        events.sort_by_key(|event| event.fact.order());
        events
    }))
}

fn named(events: &[Event]) -> Option<Identity> {
    events.iter().find_map(|event| match &event.naming {
        Naming::Message(identity) => Some(identity.clone()),
        _ => None,
    })
}

/// What came of the messages of a part, not yet written.
#[derive(Default)]
struct Found {
    changed: Vec<MessageRow>,
    created: Vec<MessageRow>,
    concluded: Vec<Conclusion>,
    adjusted: BTreeMap<(Uuid, Date), Tally>,
    told: HashMap<MessageKey, Vec<NotificationRow>>,
    replayed: Replayed,
}

impl Found {
    fn add(
        &mut self,
        mut identity: Identity,
        known: Option<Message>,
        events: Option<Vec<Event>>,
        wanted: &Wanted,
        now: Timestamp,
    ) {
        let Some(events) = events else {
            self.replayed.left_alone += 1;
            return;
        };
        let Some(first) = events.first() else { return };
        let policy = first.source.machine_opens;
        let facts: Vec<_> = events.iter().map(|event| event.fact.clone()).collect();
        let before = known.clone().unwrap_or_default();
        let again = before.rederive(&facts, policy, wanted.by(identity.source));
        for (event, outcome) in events.iter().zip(&again.outcomes) {
            self.conclude(event, *outcome);
        }
        if again.message == before {
            return;
        }
        let said = || {
            events.iter().find_map(|event| match &event.naming {
                Naming::Message(identity) => identity.smtp_id_hash,
                _ => None,
            })
        };
        identity.smtp_id_hash = identity.smtp_id_hash.or_else(said);
        self.replayed.changed += 1;
        let told = again
            .notices
            .iter()
            .map(|(cause, notice)| tell::of_message(&identity, &again.message, &events[*cause], notice, now));
        self.told.insert(identity.key, told.collect());
        let row = MessageRow::new(&identity, &again.message);
        if known.is_some() { self.changed.push(row) } else { self.created.push(row) }
    }

    /// Applied and stale depend on the order of arrival and stay; whether an event is ignored is what may have changed.
    fn conclude(&mut self, event: &Event, outcome: Outcome) {
        let row = &event.row;
        let reason = match outcome {
            Outcome::Ignored(reason) => Some(reason.as_str()),
            Outcome::Applied | Outcome::Stale => None,
        };
        if row.reason.as_deref() == reason {
            return;
        }
        let ending = match outcome {
            Outcome::Applied => Ending::Applied,
            Outcome::Stale => Ending::Stale,
            Outcome::Ignored(_) => Ending::Ignored,
        };
        let (day_of_event, natural_key) = (row.day, row.natural_key);
        self.concluded.push(Conclusion { day: day_of_event, natural_key, outcome: ending.as_str(), reason });
        let change = self.adjusted.entry((row.batch_id, day(row.received_at))).or_default();
        match row.outcome.as_str() {
            "applied" => change.applied -= 1,
            "stale" => change.stale -= 1,
            _ => change.ignored -= 1,
        }
        ending.add_to(change);
        change.elements -= 1;
    }

    async fn write(&mut self, transaction: &deadpool_postgres::Transaction<'_>) -> Result<(), StoreError> {
        if !self.concluded.is_empty() {
            event::conclude(transaction, &self.concluded).await?;
        }
        if !self.changed.is_empty() {
            let rows: Vec<&MessageRow> = self.changed.iter().collect();
            message::update(transaction, &rows, Direction::Either).await?;
        }
        if !self.created.is_empty() {
            let rows: Vec<&MessageRow> = self.created.iter().collect();
            let created = message::insert(transaction, &rows).await?;
            // Somebody else has just made it, from the same events or from more.
            for row in rows.iter().filter(|row| !created.contains(&row.key())) {
                self.told.remove(&row.key());
                self.replayed.changed -= 1;
                self.replayed.left_alone += 1;
            }
        }
        let told: Vec<NotificationRow> = std::mem::take(&mut self.told).into_values().flatten().collect();
        if !told.is_empty() {
            self.replayed.told = told.len() as i64;
            notification::tell(transaction, &told).await?;
        }
        let adjusted: Vec<Adjustment> = self
            .adjusted
            .iter()
            .filter(|(_, change)| **change != Tally::default())
            .map(|((id, received_on), change)| Adjustment {
                received_on: *received_on,
                id: *id,
                state: None,
                change: *change,
            })
            .collect();
        if adjusted.is_empty() { Ok(()) } else { batch::adjust(transaction, &adjusted).await }
    }
}
