//! Messages as scripts read them. Keys may be added, never renamed or removed.

use super::timeline::{self, Entry};
use crate::output::time;
use domain::CorrelatedBy;
use serde::Serialize;
use serde_json::value::RawValue;
use std::collections::HashMap;
use store::look::{Delivery, EVENTS_PER_MESSAGE_MAX, Event, Message, Notification};
use uuid::Uuid;

#[derive(Serialize)]
pub(crate) struct Document<'a> {
    pub messages: Vec<MessageDocument<'a>>,
    /// There may be more than the limit let through.
    pub truncated: bool,
}

#[derive(Serialize)]
pub(crate) struct MessageDocument<'a> {
    pub source: Option<&'a str>,
    pub message_id: &'a str,
    pub sg_message_id: &'a str,
    pub recipient: &'a str,
    pub status: &'a str,
    pub facts: Facts,
    pub counts: Counts,
    pub failure: Option<Failure<'a>>,
    pub categories: Option<&'a [String]>,
    pub custom_args: Option<CustomArgs<'a>>,
    pub timeline: Vec<Entry>,
    /// The message has more events than are shown.
    pub timeline_truncated: bool,
    pub notifications: Vec<NotificationDocument>,
}

#[derive(Serialize)]
pub(crate) struct Facts {
    pub processed_at: Option<String>,
    pub delivered_at: Option<String>,
    pub failed_at: Option<String>,
    pub opened_at: Option<String>,
    pub clicked_at: Option<String>,
    pub complained_at: Option<String>,
    pub unsubscribed_at: Option<String>,
    pub latest_event_at: Option<String>,
}

#[derive(Serialize)]
pub(crate) struct Counts {
    pub opens: u32,
    pub machine_opens: u32,
    pub clicks: u32,
    pub deferrals: u32,
}

#[derive(Serialize)]
pub(crate) struct Failure<'a> {
    pub kind: &'a str,
    pub occurred_at: String,
    pub reason: Option<&'a str>,
    pub smtp_status: Option<&'a str>,
    pub classification: Option<&'a str>,
    pub correlated_by: Option<&'a str>,
}

/// Custom arguments as the object they are; as text where the stored text is no JSON.
#[derive(Serialize)]
#[serde(untagged)]
pub(crate) enum CustomArgs<'a> {
    Object(&'a RawValue),
    Text(&'a str),
}

#[derive(Serialize)]
pub(crate) struct NotificationDocument {
    pub id: String,
    pub r#type: String,
    pub sequence: Option<i32>,
    pub implied: bool,
    pub status: Option<String>,
    pub occurred_at: String,
    pub created_at: String,
    pub deliveries: Vec<DeliveryDocument>,
}

#[derive(Serialize)]
pub(crate) struct DeliveryDocument {
    pub id: i64,
    pub endpoint_id: i32,
    pub state: String,
    pub attempts: i16,
    pub due_at: Option<String>,
    pub finished_at: Option<String>,
}

/// Deliveries by the notification they are of: (message key, type).
pub(crate) type Deliveries = HashMap<(Uuid, String), Vec<Delivery>>;

impl<'a> MessageDocument<'a> {
    pub(crate) fn new(
        message: &'a Message,
        events: &[Event],
        notifications: &[Notification],
        deliveries: &Deliveries,
    ) -> Self {
        Self {
            source: message.source.as_deref(),
            message_id: wire::key::message_id(&message.sg_message_id),
            sg_message_id: &message.sg_message_id,
            recipient: &message.recipient,
            status: &message.status,
            facts: Facts::from(&message.facts),
            counts: Counts::from(message.counts),
            failure: failure(message),
            categories: message.categories.as_deref(),
            custom_args: message.custom_args.as_deref().map(|text| match serde_json::from_str(text) {
                Ok(object) => CustomArgs::Object(object),
                Err(_) => CustomArgs::Text(text),
            }),
            timeline: timeline::of(events),
            timeline_truncated: events.len() >= EVENTS_PER_MESSAGE_MAX,
            notifications: notifications.iter().map(|told| notification(told, deliveries)).collect(),
        }
    }
}

impl From<&domain::Facts> for Facts {
    fn from(facts: &domain::Facts) -> Self {
        Self {
            processed_at: facts.processed_at.map(time),
            delivered_at: facts.delivered_at.map(time),
            failed_at: facts.failed_at.map(time),
            opened_at: facts.opened_at.map(time),
            clicked_at: facts.clicked_at.map(time),
            complained_at: facts.complained_at.map(time),
            unsubscribed_at: facts.unsubscribed_at.map(time),
            latest_event_at: facts.latest_event_at.map(time),
        }
    }
}

impl From<domain::Counts> for Counts {
    fn from(counts: domain::Counts) -> Self {
        let domain::Counts { opens, machine_opens, clicks, deferrals } = counts;
        Self { opens, machine_opens, clicks, deferrals }
    }
}

fn failure(message: &Message) -> Option<Failure<'_>> {
    let (kind, at, details) = message.failure.as_ref()?;
    Some(Failure {
        kind,
        occurred_at: time(*at),
        reason: details.reason.as_deref(),
        smtp_status: details.smtp_status.as_deref(),
        classification: details.classification.as_deref(),
        correlated_by: details.correlated_by.map(CorrelatedBy::as_str),
    })
}

fn notification(told: &Notification, deliveries: &Deliveries) -> NotificationDocument {
    let owed = deliveries.get(&(told.subject_key, told.kind.clone())).map_or(&[][..], Vec::as_slice);
    NotificationDocument {
        id: wire::notification::webhook_id_text(told.webhook_id.as_bytes()),
        r#type: told.kind.clone(),
        sequence: told.sequence,
        implied: told.implied,
        status: told.status.clone(),
        occurred_at: time(told.occurred_at),
        created_at: time(told.created_at),
        deliveries: owed
            .iter()
            .map(|delivery| DeliveryDocument {
                id: delivery.id,
                endpoint_id: delivery.endpoint_id,
                state: delivery.state.clone(),
                attempts: delivery.attempts,
                due_at: delivery.due_at.map(time),
                finished_at: delivery.finished_at.map(time),
            })
            .collect(),
    }
}
