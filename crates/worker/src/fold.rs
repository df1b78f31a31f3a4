//! New events into their messages: lock, fold by `domain`, write, and render what that makes worth telling.
//!
//! Relies on the transaction for the row locks. A message that another worker creates meanwhile is locked and folded
//! again from what that worker wrote; nothing folded onto an assumed empty message is kept.

use crate::batch::Event;
use domain::{Message, MessageKey, Notice, NotificationType, NotificationTypes, Outcome, SourceId};
use jiff::{Timestamp, civil::Date};
use std::collections::{BTreeMap, HashMap};
use store::message::{Identity, MessageRow};
use store::notification::NotificationRow;
use store::{StoreError, message, notification};
use uuid::Uuid;
use wire::notification::{Body, render, webhook_id};

/// How often messages may turn out to be created by somebody else within one transaction. Once is ordinary; a row that
/// is neither there to lock nor absent to create again and again means that something deletes messages.
const CREATION_RACES_MAX: usize = 4;

/// What folding came to.
#[derive(Debug, Default)]
pub(crate) struct Folded {
    /// Keys of events that found their message further on.
    pub(crate) stale: Vec<(Date, Uuid)>,
    /// In the order they are to be told, message by message.
    pub(crate) told: Vec<NotificationRow>,
}

/// Folds new events into their messages and writes those.
///
/// # Errors
/// As any statement.
pub(crate) async fn fold(
    transaction: &deadpool_postgres::Transaction<'_>,
    new: &[&Event],
    now: Timestamp,
) -> Result<Folded, StoreError> {
    let mut pending = by_message(new);
    if pending.is_empty() {
        return Ok(Folded::default());
    }
    let wanted = wanted(transaction, new).await?;
    let mut folded = Folded::default();
    for _ in 0..CREATION_RACES_MAX {
        let keys: Vec<MessageKey> = pending.keys().copied().collect();
        let mut known = Vec::new();
        for row in message::lock(transaction, &keys).await? {
            let events = pending.remove(&row.key()).unwrap_or_default();
            let (identity, message) = row.read()?;
            known.push(One::fold(identity, message, &events, &wanted, now));
        }
        write_known(transaction, known, &mut folded).await?;
        pending = create(transaction, pending, &wanted, now, &mut folded).await?;
        if pending.is_empty() {
            return Ok(folded);
        }
    }
    Err(StoreError::Contradiction("a message can neither be locked nor created"))
}

type ByMessage<'a> = BTreeMap<MessageKey, Vec<&'a Event>>;
type Wanted = HashMap<SourceId, NotificationTypes>;

fn by_message<'a>(new: &[&'a Event]) -> ByMessage<'a> {
    let mut messages = ByMessage::new();
    for event in new {
        if let Some((identity, _)) = &event.message {
            messages.entry(identity.key).or_default().push(event);
        }
    }
    for events in messages.values_mut() {
        events.sort_by_key(|event| event.order);
    }
    messages
}

async fn wanted(
    transaction: &deadpool_postgres::Transaction<'_>,
    new: &[&Event],
) -> Result<Wanted, StoreError> {
    let mut sources: Vec<SourceId> = new.iter().map(|event| SourceId(event.row.source_id)).collect();
    sources.sort_unstable();
    sources.dedup();
    let mut wanted: Wanted = sources.iter().map(|source| (*source, NotificationTypes::BY_DEFAULT)).collect();
    for (source, asked) in notification::asked_for(transaction, &sources).await? {
        wanted.entry(source).and_modify(|types| *types = types.union(asked));
    }
    Ok(wanted)
}

async fn write_known(
    transaction: &deadpool_postgres::Transaction<'_>,
    known: Vec<One>,
    folded: &mut Folded,
) -> Result<(), StoreError> {
    if known.is_empty() {
        return Ok(());
    }
    let rows: Vec<&MessageRow> = known.iter().map(|one| &one.row).collect();
    message::update(transaction, &rows).await?;
    known.into_iter().for_each(|one| one.add_to(folded));
    Ok(())
}

/// Creates the messages that were not there to lock; returns those that somebody else created first.
async fn create<'a>(
    transaction: &deadpool_postgres::Transaction<'_>,
    pending: ByMessage<'a>,
    wanted: &Wanted,
    now: Timestamp,
    folded: &mut Folded,
) -> Result<ByMessage<'a>, StoreError> {
    let mut fresh: BTreeMap<MessageKey, One> = BTreeMap::new();
    for (key, events) in &pending {
        let identity =
            events.iter().find_map(|event| event.message.as_ref()).map(|(identity, _)| identity.clone());
        if let Some(identity) = identity {
            fresh.insert(*key, One::fold(identity, Message::default(), events, wanted, now));
        }
    }
    if fresh.is_empty() {
        return Ok(ByMessage::new());
    }
    let rows: Vec<&MessageRow> = fresh.values().map(|one| &one.row).collect();
    let created = message::insert(transaction, &rows).await?;
    let mut raced = pending;
    for key in created {
        raced.remove(&key);
        if let Some(one) = fresh.remove(&key) {
            one.add_to(folded);
        }
    }
    Ok(raced)
}

/// One message folded, not yet written.
struct One {
    row: MessageRow,
    stale: Vec<(Date, Uuid)>,
    told: Vec<NotificationRow>,
}

impl One {
    fn fold(
        identity: Identity,
        mut message: Message,
        events: &[&Event],
        wanted: &Wanted,
        now: Timestamp,
    ) -> Self {
        let wanted = wanted.get(&identity.source).copied().unwrap_or(NotificationTypes::BY_DEFAULT);
        let (mut stale, mut told) = (Vec::new(), Vec::new());
        for event in events {
            let Some((_, read)) = &event.message else { continue };
            let applied = message.apply(read, event.source.machine_opens, wanted);
            if applied.outcome == Outcome::Stale {
                stale.push((event.row.day, event.row.natural_key));
            }
            told.extend(applied.notices.iter().map(|notice| tell(&identity, &message, event, notice, now)));
        }
        Self { row: MessageRow::new(&identity, &message), stale, told }
    }

    fn add_to(self, folded: &mut Folded) {
        folded.stale.extend(self.stale);
        folded.told.extend(self.told);
    }
}

/// Renders a notification once; exactly these bytes are stored, signed and sent.
fn tell(
    identity: &Identity,
    message: &Message,
    event: &Event,
    notice: &Notice,
    now: Timestamp,
) -> NotificationRow {
    let failure = message.failure.as_ref().filter(|_| notice.kind == NotificationType::Failed);
    let body = render(&Body {
        kind: notice.kind.into(),
        source: &event.source.name,
        sg_message_id: Some(&identity.sg_message_id),
        recipient: Some(&identity.recipient),
        status: Some(notice.status),
        previous_status: Some(notice.previous_status),
        sequence: Some(notice.sequence),
        implied: notice.implied,
        machine_open: notice.machine_open,
        occurred_at: notice.occurred_at,
        received_at: event.row.received_at,
        failure: failure.map(|sourced| (sourced.value.0, &sourced.value.1)),
        categories: message.categories.as_ref().map(|sourced| sourced.value.as_slice()),
        custom_args: message.custom_args.as_ref().map(|sourced| sourced.value.as_str()),
    });
    NotificationRow {
        created_on: store::batch::day(now),
        subject_key: Uuid::from_bytes(identity.key.0),
        kind: notice.kind.as_str().to_owned(),
        source_id: identity.source.0,
        webhook_id: Uuid::from_bytes(webhook_id(identity.source, identity.key, notice.kind)),
        sequence: i32::try_from(notice.sequence).ok(),
        implied: notice.implied,
        status: notice.status.as_str().to_owned(),
        occurred_at: notice.occurred_at,
        created_at: now,
        body,
    }
}
