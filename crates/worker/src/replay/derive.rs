//! What comes of working messages out again, gathered and then written at once.

use super::Done;
use crate::apply::tell::{self, Wanted};
use crate::batch::{Event, Naming};
use crate::counts::{Counts, Ending};
use domain::{Message, Outcome, SourceId};
use jiff::{Timestamp, civil::Date};
use std::collections::BTreeMap;
use store::batch::{Adjustment, Tally, day};
use store::event::Conclusion;
use store::message::{Direction, Identity, MessageRow};
use store::notification::NotificationRow;
use store::replay::Replayed;
use store::{StoreError, batch, event, message, notification};
use uuid::Uuid;

/// Not yet written.
pub(super) struct Derived {
    now: Timestamp,
    wanted: Wanted,
    changed: Vec<MessageRow>,
    created: Vec<MessageRow>,
    concluded: Vec<Conclusion>,
    adjusted: BTreeMap<(Uuid, Date), Tally>,
    told: Vec<NotificationRow>,
    left_alone: i64,
}

impl Derived {
    pub(super) async fn new(
        transaction: &deadpool_postgres::Transaction<'_>,
        source: SourceId,
        now: Timestamp,
    ) -> Result<Self, StoreError> {
        Ok(Self {
            now,
            wanted: Wanted::of(transaction, [source]).await?,
            changed: Vec::new(),
            created: Vec::new(),
            concluded: Vec::new(),
            adjusted: BTreeMap::new(),
            told: Vec::new(),
            left_alone: 0,
        })
    }

    pub(super) const fn leave_alone(&mut self) {
        self.left_alone += 1;
    }

    /// Works a message out from all its events, which are in their order.
    pub(super) fn add(&mut self, mut identity: Identity, known: Option<Message>, events: &[Event]) {
        let Some(first) = events.first() else { return };
        let is_known = known.is_some();
        let before = known.unwrap_or_default();
        let facts: Vec<_> = events.iter().map(|event| &event.fact).collect();
        let again = before.rederive(&facts, first.source.machine_opens, self.wanted.by(identity.source));
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
        self.told.extend(again.notices.iter().map(|(cause, notice)| {
            tell::of_message(&identity, &again.message, &events[*cause], notice, self.now)
        }));
        let row = MessageRow::new(identity, again.message);
        if is_known { self.changed.push(row) } else { self.created.push(row) }
    }

    /// Applied and stale depend on the order of arrival and stay; whether an event is ignored is what may have changed.
    fn conclude(&mut self, event: &Event, outcome: Outcome) {
        let row = &event.row;
        let (ending, reason) = match outcome {
            Outcome::Applied => (Ending::Applied, None),
            Outcome::Stale => (Ending::Stale, None),
            Outcome::Ignored(reason) => (Ending::Ignored, Some(reason.as_str())),
        };
        if row.reason.as_deref() == reason {
            return;
        }
        self.concluded.push(Conclusion {
            day: row.day,
            natural_key: row.natural_key,
            outcome: ending.as_str(),
            reason,
        });
        let change = self.adjusted.entry((row.batch_id, day(row.received_at))).or_default();
        match &*row.outcome {
            "applied" => change.applied -= 1,
            "stale" => change.stale -= 1,
            _ => change.ignored -= 1,
        }
        ending.add_to(change);
        change.elements -= 1;
    }

    /// # Errors
    /// As any statement; somebody else has created one of the messages meanwhile.
    pub(super) async fn write(
        self,
        transaction: &deadpool_postgres::Transaction<'_>,
        messages: usize,
    ) -> Result<Done, StoreError> {
        if !self.concluded.is_empty() {
            event::conclude(transaction, &self.concluded).await?;
        }
        if !self.changed.is_empty() {
            let rows: Vec<&MessageRow> = self.changed.iter().collect();
            message::update(transaction, &rows, Direction::Either).await?;
        }
        if !self.created.is_empty() {
            let mut rows: Vec<&MessageRow> = self.created.iter().collect();
            rows.sort_by_key(|row| row.key());
            if message::insert(transaction, &rows).await?.len() != rows.len() {
                return Err(StoreError::Contradiction("a message was created while it was worked out"));
            }
        }
        let mut counts = Counts::default();
        self.told.iter().for_each(|row| counts.tell(&row.kind));
        let deliveries = match self.told.as_slice() {
            [] => 0,
            told => notification::tell(transaction, told).await?,
        };
        let replayed = Replayed {
            messages: messages as i64,
            changed: (self.changed.len() + self.created.len()) as i64,
            left_alone: self.left_alone,
            told: self.told.len() as i64,
        };
        let changes = self.adjusted.into_iter().filter(|(_, change)| *change != Tally::default());
        let adjusted: Vec<Adjustment> = changes
            .map(|((id, received_on), change)| Adjustment { received_on, id, state: None, change })
            .collect();
        if !adjusted.is_empty() {
            batch::adjust(transaction, &adjusted).await?;
        }
        Ok(Done { replayed, counts, deliveries })
    }
}
