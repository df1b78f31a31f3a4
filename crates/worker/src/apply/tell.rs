//! Notifications rendered: once, when the fact is recorded; exactly these bytes are stored, signed and sent.

use crate::batch::Event;
use domain::{EventKey, Message, Notice, NotificationType, NotificationTypes, SourceId, StandingChange};
use jiff::Timestamp;
use std::collections::HashMap;
use store::StoreError;
use store::message::Identity;
use store::notification::{self, NotificationRow};
use uuid::Uuid;
use wire::notification::{Body, Standing, render, webhook_id, webhook_id_of_event};

/// The types worth creating, per source: those told by default, and those that an endpoint asks for at this moment.
#[derive(Debug, Default)]
pub(crate) struct Wanted(HashMap<SourceId, NotificationTypes>);

impl Wanted {
    /// # Errors
    /// As any statement.
    pub(crate) async fn of(
        transaction: &deadpool_postgres::Transaction<'_>,
        sources: impl IntoIterator<Item = SourceId>,
    ) -> Result<Self, StoreError> {
        let mut sources: Vec<SourceId> = sources.into_iter().collect();
        sources.sort_unstable();
        sources.dedup();
        let mut wanted: HashMap<_, _> =
            sources.iter().map(|source| (*source, NotificationTypes::BY_DEFAULT)).collect();
        for (source, asked) in notification::asked_for(transaction, &sources).await? {
            wanted.entry(source).and_modify(|types| *types = types.union(asked));
        }
        Ok(Self(wanted))
    }

    pub(crate) fn by(&self, source: SourceId) -> NotificationTypes {
        self.0.get(&source).copied().unwrap_or(NotificationTypes::BY_DEFAULT)
    }
}

/// What an event made worth telling of its message, which is given as it stands after the event.
pub(crate) fn of_message(
    identity: &Identity,
    message: &Message,
    event: &Event,
    notice: &Notice,
    now: Timestamp,
) -> NotificationRow {
    let failure = message.failure.as_ref().filter(|_| notice.kind == NotificationType::Failed);
    let body = Body {
        kind: notice.kind,
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
        standing: None,
        account_status: None,
    };
    NotificationRow {
        sequence: i32::try_from(notice.sequence).ok(),
        status: Some(notice.status.as_str().into()),
        ..row(&body, identity.key.0, webhook_id(identity.source, identity.key, notice.kind), event, now)
    }
}

/// What an event changed about its recipient. `message`: the one that the event belongs to, if any.
pub(crate) fn of_recipient(
    event: &Event,
    recipient: &str,
    message: Option<&Identity>,
    change: StandingChange,
    now: Timestamp,
) -> NotificationRow {
    let reason = event.recipient.as_ref().and_then(|(_, fact)| fact.reason.as_deref());
    let body = Body {
        recipient: Some(recipient),
        sg_message_id: message.map(|identity| identity.sg_message_id.as_str()),
        standing: Some(Standing { change, reason }),
        ..of_event(event, change.told_as())
    };
    keyed_by_event(&body, event, now)
}

/// What an event says about the account.
pub(crate) fn of_account(event: &Event, now: Timestamp) -> NotificationRow {
    let kind = NotificationType::AccountStatusChanged;
    let body = Body { account_status: event.account_status.as_deref(), ..of_event(event, kind) };
    keyed_by_event(&body, event, now)
}

fn of_event(event: &Event, kind: NotificationType) -> Body<'_> {
    Body {
        kind,
        source: &event.source.name,
        sg_message_id: None,
        recipient: None,
        status: None,
        previous_status: None,
        sequence: None,
        implied: false,
        machine_open: false,
        occurred_at: event.fact.at,
        received_at: event.row.received_at,
        failure: None,
        categories: event.fact.categories.as_deref(),
        custom_args: event.fact.custom_args.as_deref(),
        standing: None,
        account_status: None,
    }
}

fn keyed_by_event(body: &Body<'_>, event: &Event, now: Timestamp) -> NotificationRow {
    let EventKey(key) = event.fact.key;
    let id = webhook_id_of_event(SourceId(event.row.source_id), EventKey(key), body.kind);
    row(body, key, id, event, now)
}

/// Without sequence and status, which only a message has.
fn row(
    body: &Body<'_>,
    subject: [u8; 16],
    webhook_id: [u8; 16],
    event: &Event,
    now: Timestamp,
) -> NotificationRow {
    NotificationRow {
        created_on: store::batch::day(now),
        subject_key: Uuid::from_bytes(subject),
        kind: body.kind.as_str().into(),
        source_id: event.row.source_id,
        webhook_id: Uuid::from_bytes(webhook_id),
        sequence: None,
        implied: body.implied,
        status: None,
        occurred_at: body.occurred_at,
        created_at: now,
        body: render(body),
    }
}
