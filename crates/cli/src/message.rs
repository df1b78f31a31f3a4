//! `sendstate message show`.

mod document;
pub(crate) mod find;
mod table;
mod timeline;

use crate::args::MessageShow;
use crate::failure::Failure;
use crate::output::{self, plain};
use crate::settings::Global;
use crate::{database, source};
use document::{Document, MessageDocument};
use std::collections::HashMap;
use store::look::{self, Delivery, Event, Message, Notification};
use uuid::Uuid;

/// Messages whose events and notifications are fetched together. Bounds memory: raw events can be large.
const TOGETHER: usize = 50;

pub(crate) async fn show(global: &Global, args: &MessageShow) -> Result<(), Failure> {
    let client = database::operator(global).await?;
    let sources = source::chosen(&client, args.source.as_deref()).await?;
    let (id, recipient) = (args.id.as_deref(), args.recipient.as_deref());
    let messages = find::messages(&client, &sources, id, recipient, args.limit).await?;
    if messages.is_empty() {
        return Err(not_found(id, recipient));
    }
    let mut documents = Vec::with_capacity(messages.len());
    for some in messages.chunks(TOGETHER) {
        documents.extend(with_details(&client, some).await?);
    }
    let truncated = documents.len() >= usize::from(args.limit);
    if truncated {
        output::note(&format!("sendstate: only the newest {} are shown; --limit shows more", args.limit));
    }
    let document = Document { messages: documents, truncated };
    output::print(global.json, &document, || table::text(&document))
}

/// Adds to each message what happened to it and what was told about it.
async fn with_details<'a>(
    client: &store::Client,
    messages: &'a [Message],
) -> Result<Vec<MessageDocument<'a>>, Failure> {
    let keys: Vec<Uuid> = messages.iter().map(|message| message.key).collect();
    let mut events: HashMap<Uuid, Vec<Event>> = HashMap::new();
    for event in look::events(client, &keys).await? {
        events.entry(event.message_key).or_default().push(event);
    }
    let mut notifications: HashMap<Uuid, Vec<Notification>> = HashMap::new();
    for notification in look::notifications(client, &keys).await? {
        notifications.entry(notification.subject_key).or_default().push(notification);
    }
    let mut deliveries: HashMap<(Uuid, String), Vec<Delivery>> = HashMap::new();
    for delivery in look::deliveries(client, &keys, database::now()).await? {
        deliveries.entry((delivery.subject_key, delivery.kind.clone())).or_default().push(delivery);
    }
    Ok(messages
        .iter()
        .map(|message| {
            let events = events.remove(&message.key).unwrap_or_default();
            let notifications = notifications.remove(&message.key).unwrap_or_default();
            MessageDocument::new(message, &events, &notifications, &deliveries)
        })
        .collect())
}

/// Why there is nothing to show.
pub(crate) fn not_found(id: Option<&str>, recipient: Option<&str>) -> Failure {
    let which = match (id, recipient) {
        (Some(id), Some(recipient)) => format!("{} to {}", plain(id), plain(recipient)),
        (Some(id), None) => plain(id),
        (None, recipient) => format!("to {}", recipient.map(plain).unwrap_or_default()),
    };
    let next = match id {
        Some(_) => "ids are case-sensitive; give a whole sg_message_id or a whole X-Message-Id",
        None => "give the whole address; `sendstate audit` says whether anything has arrived",
    };
    Failure::not_found(format!("no event of a message {which} has been applied")).next(next)
}
