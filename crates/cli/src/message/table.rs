//! Messages as people read them.

use super::document::{Document, MessageDocument, NotificationDocument};
use crate::output::{self, plain};
use domain::Origin;

/// More messages than this are listed, one line each; up to this many are shown whole.
const WHOLE_MAX: usize = 5;

pub(crate) fn text(document: &Document<'_>) -> String {
    if document.messages.len() > WHOLE_MAX {
        return list(&document.messages);
    }
    document.messages.iter().map(whole).collect::<Vec<_>>().join("\n\n")
}

fn list(messages: &[MessageDocument<'_>]) -> String {
    let mut table = output::table(&["source", "sg_message_id", "recipient", "status", "latest event"]);
    for message in messages {
        table.add_row([
            message.source.unwrap_or("-").to_owned(),
            plain(message.sg_message_id),
            plain(message.recipient),
            message.status.to_owned(),
            message.facts.latest_event_at.clone().unwrap_or_else(|| "-".to_owned()),
        ]);
    }
    table.trim_fmt()
}

fn whole(message: &MessageDocument<'_>) -> String {
    let mut head = output::table(&["message", &plain(message.sg_message_id)]);
    head.add_row(["source", message.source.unwrap_or("-")]);
    head.add_row(["recipient", &plain(message.recipient)]);
    head.add_row(["status", message.status]);
    if let Some(failure) = &message.failure {
        let why = [failure.smtp_status, failure.classification, failure.reason]
            .into_iter()
            .flatten()
            .collect::<Vec<_>>();
        head.add_row(["failure", &format!("{}: {}", failure.kind, plain(&why.join(", ")))]);
    }
    let counts = &message.counts;
    head.add_row([
        "counts",
        &format!(
            "{} opens, {} machine opens, {} clicks, {} deferrals",
            counts.opens, counts.machine_opens, counts.clicks, counts.deferrals
        ),
    ]);
    if let Some(categories) = message.categories {
        head.add_row(["categories", &plain(&categories.join(", "))]);
    }
    [head.trim_fmt(), timeline(message), notifications(&message.notifications)].join("\n\n")
}

fn timeline(message: &MessageDocument<'_>) -> String {
    let mut table = output::table(&["time", "event", "outcome", "reason"]);
    for entry in &message.timeline {
        let reason = entry.reason.as_deref().map(plain).unwrap_or_default();
        // An event that did not name its message says how it came to it, and one that was recovered that it was.
        let by = entry.correlated_by.as_ref().map_or_else(String::new, |by| format!(", by {by}"));
        let recovered = if entry.origin == Origin::Reconcile.as_str() { ", recovered" } else { "" };
        let outcome = format!("{}{by}{recovered}", entry.outcome);
        table.add_row([&entry.timestamp, &plain(&entry.event), &outcome, &reason]);
    }
    if message.timeline_truncated {
        table.add_row(["…", "and more", "", ""]);
    }
    table.trim_fmt()
}

fn notifications(told: &[NotificationDocument]) -> String {
    if told.is_empty() {
        return "Nothing was told about it.".to_owned();
    }
    let mut table = output::table(&["seq", "notification", "status", "id", "deliveries"]);
    for notification in told {
        let deliveries: Vec<String> = notification
            .deliveries
            .iter()
            .map(|delivery| {
                format!(
                    "endpoint {}: {} ({} attempts)",
                    delivery.endpoint_id, delivery.state, delivery.attempts
                )
            })
            .collect();
        let implied = if notification.implied { " (implied)" } else { "" };
        table.add_row([
            notification.sequence.map_or_else(|| "-".to_owned(), |sequence| sequence.to_string()),
            format!("{}{implied}", notification.r#type),
            notification.status.clone().unwrap_or_else(|| "-".to_owned()),
            notification.id.clone(),
            deliveries.join("\n"),
        ]);
    }
    table.trim_fmt()
}
