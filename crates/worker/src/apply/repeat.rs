//! Events that were told before, though no key says so: what was recovered from SendGrid's records of what the webhook told,
//! and what the webhook tells after it was recovered. The rule is `domain::origin`'s; here it is asked.
//!
//! Relies on the locks of the messages: what another worker brings for one of them is committed and seen, or waits. Where
//! nothing was recovered nothing is asked: an event says what it is, and a message whether there is anything to look for.

use super::place::Placed;
use crate::batch::Event;
use domain::origin::{Sighting, repeats};
use domain::{Message, Origin};
use store::event::Sought;
use store::message::Identity;
use store::{StoreError, event};
use uuid::Uuid;

/// A locked message with what came for it.
pub(super) type Locked<'p, 'a> = (Identity, Message, Vec<&'p Placed<'a>>);

/// Whether any of these could be a repeat of what is stored of the message, or of each other.
pub(super) fn possible(message: &Message, events: &[&Placed<'_>]) -> bool {
    message.reconciled > 0 || any_recovered(events)
}

pub(super) fn any_recovered(events: &[&Placed<'_>]) -> bool {
    events.iter().any(|one| one.fact().origin == Origin::Reconcile)
}

/// Takes repeats out of what came for locked messages and returns them. `batches`: those that come together.
///
/// # Errors
/// As any statement.
pub(super) async fn take_out<'a>(
    transaction: &deadpool_postgres::Transaction<'_>,
    messages: &mut [Locked<'_, 'a>],
    batches: &[Uuid],
) -> Result<Vec<&'a Event>, StoreError> {
    let sought: Vec<Sought<'_>> = messages
        .iter()
        .flat_map(|(identity, _, events)| {
            events.iter().map(|one| Sought {
                message: identity.key,
                name: &one.event.row.name,
                at: one.fact().at,
                origin: one.fact().origin,
            })
        })
        .collect();
    let mut told_before = event::told_before(transaction, &sought, batches).await?.into_iter();
    let mut repeated = Vec::new();
    for (_, _, events) in messages {
        let known: Vec<bool> = told_before.by_ref().take(events.len()).collect();
        repeated.extend(of_each_other(events, |position| known[position]));
    }
    Ok(repeated)
}

/// Takes out of a message's events what is known, and what others of them tell.
pub(super) fn of_each_other<'a>(
    events: &mut Vec<&Placed<'a>>,
    is_known: impl Fn(usize) -> bool,
) -> Vec<&'a Event> {
    let together: Vec<Sighting<'_>> = events.iter().map(|one| one.sighting()).collect();
    let mut is_repeat = repeats(&together, is_known).into_iter();
    let mut repeated = Vec::new();
    events.retain(|one| {
        let taken_out = is_repeat.next().unwrap_or(false);
        if taken_out {
            repeated.push(one.event);
        }
        !taken_out
    });
    repeated
}
