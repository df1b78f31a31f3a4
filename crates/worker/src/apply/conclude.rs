//! From new events to everything that follows from them: messages, recipients, notifications, what stays pending.
//!
//! The middle of every transaction here, whoever brought the events: a window of batches, or a pending bounce. Locks
//! messages, then recipients, each by key.

use super::fold;
use super::place::{self, Places};
use super::recipients;
use super::tell::{self, Wanted};
use crate::batch::Event;
use domain::correlation::PENDING_FOR;
use domain::{EventKind, NotificationType, SourceId};
use jiff::{SignedDuration, Timestamp};
use std::borrow::Cow;
use std::collections::HashSet;
use store::event::Conclusion;
use store::notification::NotificationRow;
use store::{StoreError, event, notification, pending};
use uuid::Uuid;

/// How long a bounce waits between two looks for its message.
pub(crate) const LOOK_AGAIN_AFTER: SignedDuration = SignedDuration::from_secs(60);

/// When events came into the ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Recorded {
    /// In this transaction: one that was told before is taken out of it.
    Now,
    /// Before: they are counted as they are, and only now find their message.
    Before,
}

/// What followed from new events.
#[derive(Debug, Default)]
pub(crate) struct Concluded<'a> {
    /// (batch, ordinal) of events that found their message further on.
    pub(crate) stale: HashSet<(Uuid, i32)>,
    /// Of events that were told before, though no key says so: taken back as duplicates, or, if they were pending, left as
    /// they are.
    pub(crate) repeated: HashSet<(Uuid, i32)>,
    pub(crate) places: Places<'a>,
    /// How many notifications of each type, in the order of [`NotificationType::ALL`].
    pub(crate) told: [u64; NotificationType::ALL.len()],
    pub(crate) deliveries: u64,
}

/// Draws every conclusion from events that are new to the ledger.
///
/// # Errors
/// As any statement.
pub(crate) async fn conclude<'a>(
    transaction: &deadpool_postgres::Transaction<'_>,
    new: &[&'a Event],
    now: Timestamp,
) -> Result<Concluded<'a>, StoreError> {
    let wanted = wanted(transaction, new).await?;
    let (mut concluded, mut told) = place_and_fold(transaction, new, Recorded::Now, &wanted, now).await?;
    let new = concluded.without_repeats(new);
    let pending: Vec<_> = concluded.places.pending.iter().map(|event| key(event)).collect();
    if !pending.is_empty() {
        pending::keep(transaction, &pending, now + LOOK_AGAIN_AFTER, now + PENDING_FOR).await?;
    }
    told.extend(recipients::fold(transaction, &new, &concluded.places.placed, &wanted, now).await?);
    let accounts = new.iter().filter(|event| event.fact.kind == EventKind::AccountStatusChange);
    let asked = |event: &&&Event| wanted.by(source(event)).contains(NotificationType::AccountStatusChanged);
    told.extend(accounts.filter(asked).map(|event| tell::of_account(event, now)));
    concluded.tell(transaction, &told).await?;
    Ok(concluded)
}

/// Draws from bounces that were pending what follows for their messages, if these are there now; for their recipients it
/// was drawn at once. Nothing follows from one that was recovered meanwhile: its message has it.
///
/// # Errors
/// As any statement.
pub(crate) async fn conclude_pending<'a>(
    transaction: &deadpool_postgres::Transaction<'_>,
    bounces: &[&'a Event],
    now: Timestamp,
) -> Result<Concluded<'a>, StoreError> {
    let wanted = wanted(transaction, bounces).await?;
    let (mut concluded, told) = place_and_fold(transaction, bounces, Recorded::Before, &wanted, now).await?;
    concluded.tell(transaction, &told).await?;
    Ok(concluded)
}

async fn place_and_fold<'a>(
    transaction: &deadpool_postgres::Transaction<'_>,
    events: &[&'a Event],
    recorded: Recorded,
    wanted: &Wanted,
    now: Timestamp,
) -> Result<(Concluded<'a>, Vec<NotificationRow>), StoreError> {
    let mut places = place::place(transaction, events).await?;
    let folded = fold::fold(transaction, &places.placed, wanted, now).await?;
    let position = |event: &&Event| (event.row.batch_id, event.row.ordinal);
    let repeated: HashSet<_> = folded.repeated.iter().map(position).collect();
    if !repeated.is_empty() {
        if recorded == Recorded::Now {
            let rows: Vec<_> = folded.repeated.iter().map(|event| &event.row).collect();
            event::take_back(transaction, &rows).await?;
        }
        places.placed.retain(|one| !repeated.contains(&position(&one.event)));
    }
    let found: Vec<_> = places
        .placed
        .iter()
        .filter_map(|one| {
            one.by().map(|by| (one.event.row.day, one.event.row.natural_key, one.identity().key, by))
        })
        .collect();
    if !found.is_empty() {
        event::attach(transaction, &found).await?;
    }
    let stale: Vec<Conclusion> = folded
        .stale
        .iter()
        .map(|event| Conclusion {
            day: event.row.day,
            natural_key: event.row.natural_key,
            outcome: "stale",
            reason: None,
        })
        .collect();
    if !stale.is_empty() {
        event::conclude(transaction, &stale).await?;
    }
    let stale = folded.stale.iter().map(position).collect();
    Ok((Concluded { stale, repeated, places, ..Concluded::default() }, folded.told))
}

impl Concluded<'_> {
    /// Those that are new after all.
    pub(crate) fn without_repeats<'n, 'a>(&self, new: &'n [&'a Event]) -> Cow<'n, [&'a Event]> {
        if self.repeated.is_empty() {
            return Cow::Borrowed(new);
        }
        let is_new = |event: &&&Event| !self.repeated.contains(&(event.row.batch_id, event.row.ordinal));
        new.iter().filter(is_new).copied().collect()
    }

    async fn tell(
        &mut self,
        transaction: &deadpool_postgres::Transaction<'_>,
        rows: &[NotificationRow],
    ) -> Result<(), StoreError> {
        for kind in rows.iter().filter_map(|row| NotificationType::parse(&row.kind)) {
            self.told[kind as usize] += 1;
        }
        if !rows.is_empty() {
            self.deliveries = notification::tell(transaction, rows).await?;
        }
        Ok(())
    }
}

async fn wanted(
    transaction: &deadpool_postgres::Transaction<'_>,
    events: &[&Event],
) -> Result<Wanted, StoreError> {
    if events.is_empty() {
        return Ok(Wanted::default());
    }
    Wanted::of(transaction, events.iter().map(|event| source(event))).await
}

const fn source(event: &Event) -> SourceId {
    SourceId(event.row.source_id)
}

/// Of the stored event.
pub(crate) const fn key(event: &Event) -> (jiff::civil::Date, Uuid) {
    (event.row.day, event.row.natural_key)
}
