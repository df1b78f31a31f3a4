//! A message worked out again from its stored events, after what they mean was mended.
//!
//! The events are all there and are folded from nothing, so a status may fall; nobody is told of that. What was told
//! stays told. A status that rises is a move like any other, and what it makes worth telling is told once: from where
//! the message stood to where it stands, never the steps in between, which arrival order may have overtaken rightly.

use super::{Message, Telling, unsubscribes};
use crate::{EventKind, MachineOpens, MessageEvent, Notice, NotificationType, NotificationTypes, Outcome};
use std::borrow::Borrow;

/// What came of working a message out again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rederived {
    pub message: Message,
    /// How each event ended, in the order given.
    pub outcomes: Vec<Outcome>,
    /// In the order they are to be told, each with the position of the event that it is told of.
    pub notices: Vec<(usize, Notice)>,
}

impl Message {
    /// Folds all events of a message again, in the order of [`MessageEvent::order`]; `self` is what was known of it.
    ///
    /// The same events under the same rules give the same message and nothing to tell.
    #[must_use]
    pub fn rederive<E: Borrow<MessageEvent>>(
        &self,
        events: &[E],
        policy: MachineOpens,
        wanted: NotificationTypes,
    ) -> Rederived {
        let mut message = Self::default();
        let outcomes = events
            .iter()
            .map(|event| message.apply(event.borrow(), policy, NotificationTypes::NONE).outcome)
            .collect();
        message.told = self.told;
        message.sequence = self.sequence;
        let mut notices = Vec::new();
        if let Some(leading) = message.leading
            && let Some(cause) = events.iter().position(|event| event.borrow().key == leading.key)
        {
            notices.extend(
                message.tell_of(cause, events[cause].borrow(), self, wanted, |telling| telling.moves()),
            );
        }
        let first = |is: fn(EventKind) -> bool| events.iter().position(|event| is(event.borrow().kind));
        if self.facts.complained_at.is_none()
            && let Some(cause) = first(|kind| kind == EventKind::SpamReport)
        {
            notices.extend(message.tell_of(cause, events[cause].borrow(), self, wanted, |telling| {
                telling.tell(NotificationType::Complained, false);
            }));
        }
        if self.facts.unsubscribed_at.is_none()
            && let Some(cause) = first(unsubscribes)
        {
            let unsubscribed =
                |telling: &mut Telling<'_>| telling.tell(NotificationType::Unsubscribed, false);
            notices.extend(message.tell_of(cause, events[cause].borrow(), self, wanted, unsubscribed));
        }
        Rederived { message, outcomes, notices }
    }

    fn tell_of(
        &mut self,
        cause: usize,
        event: &MessageEvent,
        known: &Self,
        wanted: NotificationTypes,
        tell: fn(&mut Telling<'_>),
    ) -> Vec<(usize, Notice)> {
        let mut telling =
            Telling { message: self, event, previous: known.status, wanted, notices: Vec::new() };
        tell(&mut telling);
        telling.notices.into_iter().map(|notice| (cause, notice)).collect()
    }
}
