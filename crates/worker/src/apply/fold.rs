//! Placed events into their messages: lock, fold by `domain`, write, and render what that makes worth telling.
//!
//! Relies on the transaction for the row locks. A message that another worker creates meanwhile is locked and folded
//! again from what that worker wrote; nothing folded onto an assumed empty message is kept. Events that turn out, under the
//! lock, to have been told before are not folded.

use super::place::Placed;
use super::repeat::{self, Locked};
use super::tell::{self, Wanted};
use crate::batch::Event;
use domain::{Message, MessageKey, Outcome};
use jiff::Timestamp;
use std::borrow::Cow;
use std::collections::BTreeMap;
use store::message::{Direction, Identity, MessageRow};
use store::notification::NotificationRow;
use store::{StoreError, message};
use uuid::Uuid;

/// How often messages may turn out to be created by somebody else within one transaction. Once is ordinary; a row that
/// is neither there to lock nor absent to create again and again means that something deletes messages.
const CREATION_RACES_MAX: usize = 4;

/// What folding came to.
#[derive(Debug, Default)]
pub(crate) struct Folded<'a> {
    /// Events that found their message further on.
    pub(crate) stale: Vec<&'a Event>,
    /// Events that were told before, though no key said so.
    pub(crate) repeated: Vec<&'a Event>,
    /// In the order they are to be told, message by message.
    pub(crate) told: Vec<NotificationRow>,
}

/// Folds events into their messages and writes those.
///
/// # Errors
/// As any statement.
pub(crate) async fn fold<'a>(
    transaction: &deadpool_postgres::Transaction<'_>,
    placed: &[Placed<'a>],
    wanted: &Wanted,
    now: Timestamp,
) -> Result<Folded<'a>, StoreError> {
    let mut pending = by_message(placed);
    let mut folded = Folded::default();
    for _ in 0..CREATION_RACES_MAX {
        if pending.is_empty() {
            return Ok(folded);
        }
        let keys: Vec<MessageKey> = pending.keys().copied().collect();
        let (mut known, mut suspects): (_, Vec<Locked<'_, 'a>>) = (Vec::new(), Vec::new());
        // Of each suspect: whether an event said its smtp-id now, which is kept also where that event is taken out.
        let mut learned = Vec::new();
        for row in message::lock(transaction, &keys).await? {
            let events = pending.remove(&row.key()).unwrap_or_default();
            let (mut identity, message) = row.read()?;
            let before = identity.smtp_id_hash;
            learn_smtp_id(&mut identity, &events);
            if repeat::possible(&message, &events) {
                learned.push(before != identity.smtp_id_hash);
                suspects.push((identity, message, events));
            } else {
                known.push(One::fold(identity, message, &events, wanted, now));
            }
        }
        if !suspects.is_empty() {
            folded.repeated.extend(repeat::take_out(transaction, &mut suspects, &batches(placed)).await?);
            let left = suspects
                .into_iter()
                .zip(learned)
                .filter(|((.., events), learned)| *learned || !events.is_empty());
            known.extend(
                left.map(|((identity, message, events), _)| {
                    One::fold(identity, message, &events, wanted, now)
                }),
            );
        }
        write_known(transaction, known, &mut folded).await?;
        pending = create(transaction, pending, wanted, now, &mut folded).await?;
    }
    if pending.is_empty() {
        return Ok(folded);
    }
    Err(StoreError::Contradiction("a message can neither be locked nor created"))
}

type ByMessage<'p, 'a> = BTreeMap<MessageKey, Vec<&'p Placed<'a>>>;

fn by_message<'p, 'a>(placed: &'p [Placed<'a>]) -> ByMessage<'p, 'a> {
    let mut messages = ByMessage::new();
    for one in placed {
        messages.entry(one.identity().key).or_default().push(one);
    }
    for events in messages.values_mut() {
        events.sort_by_key(|one| one.fact().order());
    }
    messages
}

/// The batches that come together.
fn batches(placed: &[Placed<'_>]) -> Vec<Uuid> {
    let mut batches: Vec<Uuid> = placed.iter().map(|one| one.event.row.batch_id).collect();
    batches.sort_unstable();
    batches.dedup();
    batches
}

async fn write_known<'a>(
    transaction: &deadpool_postgres::Transaction<'_>,
    known: Vec<One<'a>>,
    folded: &mut Folded<'a>,
) -> Result<(), StoreError> {
    if known.is_empty() {
        return Ok(());
    }
    let rows: Vec<&MessageRow> = known.iter().map(|one| &one.row).collect();
    message::update(transaction, &rows, Direction::Up).await?;
    known.into_iter().for_each(|one| one.add_to(folded));
    Ok(())
}

/// Creates the messages that were not there to lock; returns those that somebody else created first.
async fn create<'p, 'a>(
    transaction: &deadpool_postgres::Transaction<'_>,
    pending: ByMessage<'p, 'a>,
    wanted: &Wanted,
    now: Timestamp,
    folded: &mut Folded<'a>,
) -> Result<ByMessage<'p, 'a>, StoreError> {
    let mut fresh: BTreeMap<MessageKey, One<'a>> = BTreeMap::new();
    for (key, all) in &pending {
        let mut events = Cow::Borrowed(all.as_slice());
        let mut repeated = Vec::new();
        // Nothing is stored of it; what comes together may still repeat each other.
        if repeat::any_recovered(&events) {
            repeated = repeat::of_each_other(events.to_mut(), |_| false);
        }
        if let Some(first) = events.first() {
            let mut identity = first.identity().clone();
            learn_smtp_id(&mut identity, all);
            let one = One::fold(identity, Message::default(), &events, wanted, now);
            fresh.insert(*key, One { repeated, ..one });
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

/// Opens, clicks and what was recovered do not say it; whichever event says it first is as good as any.
fn learn_smtp_id(identity: &mut Identity, events: &[&Placed<'_>]) {
    let said = || events.iter().find_map(|one| one.identity().smtp_id_hash);
    identity.smtp_id_hash = identity.smtp_id_hash.or_else(said);
}

/// One message folded, not yet written.
struct One<'a> {
    row: MessageRow,
    stale: Vec<&'a Event>,
    repeated: Vec<&'a Event>,
    told: Vec<NotificationRow>,
}

impl<'a> One<'a> {
    fn fold(
        identity: Identity,
        mut message: Message,
        events: &[&Placed<'a>],
        wanted: &Wanted,
        now: Timestamp,
    ) -> Self {
        let wanted = wanted.by(identity.source);
        let (mut stale, mut told) = (Vec::new(), Vec::new());
        for placed in events {
            let event = placed.event;
            let applied = message.apply(placed.fact(), event.source.machine_opens, wanted);
            if applied.outcome == Outcome::Stale {
                stale.push(event);
            }
            let notices = applied.notices.iter();
            told.extend(notices.map(|notice| tell::of_message(&identity, &message, event, notice, now)));
        }
        Self { row: MessageRow::new(identity, message), stale, repeated: Vec::new(), told }
    }

    fn add_to(self, folded: &mut Folded<'a>) {
        folded.stale.extend(self.stale);
        folded.repeated.extend(self.repeated);
        folded.told.extend(self.told);
    }
}
