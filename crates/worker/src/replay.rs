//! Messages worked out again from their stored events, after what events mean was mended.
//!
//! One part of a replay is one transaction, under the source's policy of that moment. Whatever is derived replaces what
//! was known, down as well as up; what was told stays told (`domain::message::rederive`). A message of which retention has
//! taken events, or that has more than [`EVENTS_MAX`] or [`BYTES_MAX`] of them, is left alone. Which message an event
//! belongs to is never worked out again.
//!
//! Locks the part, then messages by key, their events, and batches by id: another replay waits for the messages, a
//! window that is in the way of their events is a deadlock at worst, and retried.

mod derive;

use crate::batch::{Event, Naming, Source};
use crate::counts::Counts;
use crate::read;
use derive::Derived;
use domain::{Message, MessageKey, SourceId};
use jiff::Timestamp;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use store::event::Extent;
use store::message::Identity;
use store::replay::Replayed;
use store::{Pool, StoreError, event, message, replay, source};
use tokio_postgres::IsolationLevel;

/// Most events of one message, and bytes of them as received, that are read at once. Reading costs several times the
/// bytes; only what a list's archive opens for ever has more.
const EVENTS_MAX: i64 = 20_000;
const BYTES_MAX: i64 = 16 << 20;

/// One part of a replay.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Part<'a> {
    pub(crate) replay: i64,
    pub(crate) part: i32,
    pub(crate) messages: &'a [MessageKey],
}

/// What came of a part.
#[derive(Clone, Debug)]
pub(crate) struct Done {
    pub(crate) replayed: Replayed,
    pub(crate) counts: Counts,
    pub(crate) deliveries: u64,
}

/// A message as it is, or `None` where nothing was understood of it until now.
type Known = Option<(Identity, Message)>;

/// Works the messages of a part out again; `None`: that was done before, or nobody asks for it any more.
///
/// # Errors
/// Rolled back; nothing has changed. One that somebody else created meanwhile is found when this is tried again.
pub(crate) async fn apply(pool: &Pool, part: Part<'_>, now: Timestamp) -> Result<Option<Done>, StoreError> {
    let mut client = pool.get().await?;
    // What is read after a lock must be what was committed before it.
    let transaction =
        client.build_transaction().isolation_level(IsolationLevel::ReadCommitted).start().await?;
    let Some(source) = source_of(&transaction, part).await? else { return Ok(None) };
    if !replay::claim_part(&transaction, part.replay, part.part).await? {
        return Ok(None);
    }
    let mut keys = part.messages.to_vec();
    keys.sort_unstable();
    keys.dedup();
    let mut known: HashMap<MessageKey, Known> = keys.iter().map(|key| (*key, None)).collect();
    for row in message::lock(&transaction, &keys).await? {
        known.insert(row.key(), Some(row.read()?));
    }
    let mut derived = Derived::new(&transaction, source.0, now).await?;
    for chunk in chunks(event::extents(&transaction, &keys).await?) {
        let mut events = read_all(&transaction, &chunk, &source.1).await?;
        for extent in chunk {
            let whole = events.remove(&extent.message).filter(|_| is_whole(&extent, &known));
            let known = known.remove(&extent.message).flatten();
            match (whole, known) {
                (None, _) => derived.leave_alone(),
                (Some(events), Some((identity, message))) => derived.add(identity, Some(message), &events),
                (Some(events), None) => match named(&events, extent.message) {
                    Some(identity) => derived.add(identity, None, &events),
                    // Of a message whose name reads differently today, nothing is made.
                    None if events.is_empty() => {}
                    None => derived.leave_alone(),
                },
            }
        }
    }
    // What is left has no event any more.
    known.into_values().flatten().for_each(|_| derived.leave_alone());
    let done = derived.write(&transaction, keys.len()).await?;
    replay::close_part(&transaction, part.replay, part.part, done.replayed).await?;
    transaction.commit().await?;
    Ok(Some(done))
}

/// Notes that nothing of a part could be worked out.
///
/// # Errors
/// As any statement.
pub(crate) async fn give_up(pool: &Pool, part: Part<'_>) -> Result<(), StoreError> {
    let mut client = pool.get().await?;
    let transaction = client.transaction().await?;
    if source_of(&transaction, part).await?.is_some()
        && replay::claim_part(&transaction, part.replay, part.part).await?
    {
        let messages = part.messages.len() as i64;
        let replayed = Replayed { messages, left_alone: messages, ..Replayed::default() };
        replay::close_part(&transaction, part.replay, part.part, replayed).await?;
    }
    transaction.commit().await.map_err(StoreError::from)
}

/// The source as it is now; `None`: it, or the replay, is gone.
async fn source_of(
    transaction: &deadpool_postgres::Transaction<'_>,
    part: Part<'_>,
) -> Result<Option<(SourceId, Arc<Source>)>, StoreError> {
    let Some(id) = replay::source(transaction, part.replay).await? else { return Ok(None) };
    let policy = source::policies(transaction, &[id.0]).await?.remove(&id.0);
    Ok(policy.map(|policy| (id, Arc::new(Source { name: policy.name, machine_opens: policy.machine_opens }))))
}

/// Whether all events are there that were ever folded, and few enough to be read.
fn is_whole(extent: &Extent, known: &HashMap<MessageKey, Known>) -> bool {
    let folded = known.get(&extent.message).and_then(Option::as_ref).map_or(0, |(_, message)| message.events);
    extent.known >= i64::from(folded) && !is_too_much(extent)
}

const fn is_too_much(extent: &Extent) -> bool {
    extent.events > EVENTS_MAX || extent.bytes > BYTES_MAX
}

/// As many messages together as may be read at once.
fn chunks(extents: Vec<Extent>) -> Vec<Vec<Extent>> {
    let mut chunks: Vec<Vec<Extent>> = Vec::new();
    let (mut events, mut bytes) = (i64::MAX, i64::MAX);
    for extent in extents {
        events = events.saturating_add(extent.events);
        bytes = bytes.saturating_add(extent.bytes);
        if events > EVENTS_MAX || bytes > BYTES_MAX {
            chunks.push(Vec::new());
            (events, bytes) = (extent.events, extent.bytes);
        }
        if let Some(chunk) = chunks.last_mut() {
            chunk.push(extent);
        }
    }
    chunks
}

/// The events of each message in their order; one of whose events one cannot be read any more is missing.
async fn read_all(
    transaction: &deadpool_postgres::Transaction<'_>,
    chunk: &[Extent],
    source: &Arc<Source>,
) -> Result<BTreeMap<MessageKey, Vec<Event>>, StoreError> {
    let readable = chunk.iter().filter(|extent| !is_too_much(extent));
    let mut messages: BTreeMap<MessageKey, Vec<Event>> =
        readable.map(|extent| (extent.message, Vec::new())).collect();
    let keys: Vec<MessageKey> = messages.keys().copied().collect();
    let rows = event::of_messages(transaction, &keys).await?;
    for row in rows {
        let Some(key) = row.message_key.map(|key| MessageKey(key.into_bytes())) else { continue };
        match read::stored(row, source) {
            Some(event) if event.folds() => messages.entry(key).and_modify(|events| events.push(event)),
            Some(_) => continue,
            None => {
                messages.remove(&key);
                continue;
            }
        };
    }
    for events in messages.values_mut() {
        events.sort_by_key(|event| event.fact.order());
    }
    Ok(messages)
}

fn named(events: &[Event], key: MessageKey) -> Option<Identity> {
    let mut identities = events.iter().filter_map(|event| match &event.naming {
        Naming::Message(identity) => Some(identity),
        _ => None,
    });
    identities.find(|identity| identity.key == key).cloned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn extent(number: u8, events: i64, bytes: i64) -> Extent {
        Extent { message: MessageKey([number; 16]), events, known: events, bytes }
    }

    #[test]
    fn what_is_read_at_once_is_bounded_and_nothing_is_left_out() {
        let extents = vec![
            extent(1, 10, 10),
            extent(2, EVENTS_MAX - 10, 10),
            extent(3, 1, 1),
            extent(4, 1, BYTES_MAX),
            extent(5, EVENTS_MAX + 1, 1),
            extent(6, 1, 1),
        ];
        let chunks = chunks(extents.clone());
        let sizes: Vec<usize> = chunks.iter().map(Vec::len).collect();
        assert_eq!(sizes, [2, 1, 1, 1, 1]);
        assert_eq!(chunks.concat(), extents);
        assert!(chunks.iter().all(|chunk| chunk.len() == 1 || !chunk.iter().any(is_too_much)));
    }
}
