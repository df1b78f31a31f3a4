//! What the records say of a message as elements of the webhook: its names, its fields, no `sg_event_id`.
//!
//! Where the records say less, less is said. A field that the webhook does not have on that event would be taken for an
//! argument of the sender's, so each is only set where it has its meaning.

use domain::origin::NEAR;
use domain::{EventKind, MachineOpens};
use jiff::Timestamp;
use sendgrid::MessageId;
use sendgrid::activity::{self, BounceType, EventName};
use sendgrid::logs::{EVENTS_MAX, LogMessage};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// Events of Email Logs that the webhook does not post.
const NOT_POSTED: [&str; 2] = ["received", "cancel_drop"];

/// The webhook's field that tells an open by a machine.
const MACHINE_OPEN: &str = "sg_machine_open";

/// How the stored message is called.
#[derive(Clone, Copy, Debug)]
pub(super) struct Named<'a> {
    pub sg_message_id: &'a str,
    pub recipient: &'a str,
}

/// One thing that happened to a message.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Fact {
    /// The webhook's name of it.
    pub name: &'static str,
    pub at: Timestamp,
    pub element: Map<String, Value>,
}

impl Fact {
    /// Why it is not recovered, although it is missing. A source that ignores opens by machines cannot be given one of which
    /// the records do not say whether it is: Email Activity never does.
    pub(super) fn withheld(&self, policy: MachineOpens) -> Option<&'static str> {
        let unsaid = self.name == EventKind::Open.name() && !self.element.contains_key(MACHINE_OPEN);
        (unsaid && policy == MachineOpens::Ignore).then_some(
            "an open, of which it is not said whether a machine opened it: the source ignores such opens",
        )
    }
}

/// What the records say of a message.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Details {
    pub facts: Vec<Fact>,
    /// What else there is, each with the reason why it is no fact here.
    pub strange: Vec<(Option<Timestamp>, String)>,
}

impl Details {
    /// Whether anything is said to have happened then, or at a time that cannot be read.
    pub(super) fn tell_of(&self, at: Timestamp) -> bool {
        let facts = self.facts.iter().map(|fact| Some(fact.at));
        let mut said = facts.chain(self.strange.iter().map(|(at, _)| *at));
        said.any(|said| said.is_none_or(|said| said.duration_since(at).abs() <= NEAR))
    }

    /// Of an answer that is about another message than the one that was asked for.
    fn anothers() -> Self {
        let reason = "SendGrid answered with the events of another message".to_owned();
        Self { facts: Vec::new(), strange: vec![(None, reason)] }
    }
}

impl Named<'_> {
    /// An answer need not say the address.
    fn is(&self, id: &MessageId, address: Option<&str>) -> bool {
        let address = address.map(wire::sendgrid::normalise_address);
        id.as_str() == self.sg_message_id
            && address.is_none_or(|address| address.is_some_and(|address| address == self.recipient))
    }
}

pub(super) fn of_activity(message: &activity::Message, named: Named<'_>) -> Details {
    if !named.is(&message.msg_id, message.to_email.as_deref()) {
        return Details::anothers();
    }
    let mut details = Details::default();
    details.add_unreadable(message.unreadable);
    for event in &message.events {
        let Some(name) = event.name.webhook_name() else {
            details.add_unmapped(event.at, event.name.as_str());
            continue;
        };
        let mut element = head(name, event.at, named);
        for (field, value) in said(event) {
            element.insert(field.to_owned(), value);
        }
        if !message.categories.is_empty() {
            element.insert("category".to_owned(), json!(message.categories));
        }
        if let Some(group) = message.asm_group_id {
            element.insert("asm_group_id".to_owned(), group.into());
        }
        add_arguments(&mut element, &message.unique_args);
        details.facts.push(Fact { name, at: event.at, element });
    }
    details
}

/// The fields of its kind.
fn said(event: &activity::Event) -> Vec<(&'static str, Value)> {
    let (mut fields, reason) = (Vec::new(), event.reason.clone().map(Value::from));
    let attempt = event.attempt.map(|attempt| attempt.to_string().into());
    let engagement = [
        ("url", event.url.clone().map(Value::from)),
        ("useragent", event.user_agent.clone().map(Value::from)),
    ];
    match event.name {
        EventName::Dropped => fields.push(("reason", reason)),
        EventName::Bounced => {
            // Whatever is not called soft bounced for good, as in the webhook whatever is not called blocked.
            let blocked = event.bounce_type == Some(BounceType::Soft);
            let kind = if blocked { "blocked" } else { "bounce" };
            fields.extend([("reason", reason), ("attempt", attempt), ("type", Some(kind.into()))]);
        }
        EventName::Deferred | EventName::Delivered => {
            fields.extend([("response", reason), ("attempt", attempt)]);
        }
        EventName::Opened
        | EventName::Clicked
        | EventName::Unsubscribe
        | EventName::GroupUnsubscribe
        | EventName::GroupResubscribe => fields.extend(engagement),
        EventName::Processed | EventName::SpamReport | EventName::Other(_) => {}
    }
    fields.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
}

pub(super) fn of_logs(message: &LogMessage, named: Named<'_>) -> Details {
    if !named.is(&message.sg_message_id, message.to_email.as_deref()) {
        return Details::anothers();
    }
    let mut details = Details::default();
    details.add_unreadable(message.unreadable);
    if message.events.len() + message.unreadable >= EVENTS_MAX {
        let reason = format!("it has more events than the {EVENTS_MAX} latest, which are all that is shown");
        details.strange.push((None, reason));
    }
    for event in message.events.iter().filter(|event| !NOT_POSTED.contains(&event.event.as_str())) {
        let Some(name) = posted(&event.event) else {
            details.add_unmapped(event.at, &event.event);
            continue;
        };
        let mut element = event.element.clone();
        for key in ["sg_event_id", "custom_args"] {
            element.remove(key);
        }
        element.extend(head(name, event.at, named));
        if !message.categories.is_empty() && !element.contains_key("category") {
            element.insert("category".to_owned(), json!(message.categories));
        }
        add_arguments(&mut element, &message.custom_args);
        details.facts.push(Fact { name, at: event.at, element });
    }
    details
}

/// The webhook's own name of what happens to messages, if this is one.
fn posted(name: &str) -> Option<&'static str> {
    let of_messages = |kind: &EventKind| !matches!(kind, EventKind::AccountStatusChange | EventKind::Unknown);
    EventKind::ALL.into_iter().filter(of_messages).map(EventKind::name).find(|posted| *posted == name)
}

fn head(name: &str, at: Timestamp, named: Named<'_>) -> Map<String, Value> {
    let head = [
        ("email", named.recipient.into()),
        ("event", name.into()),
        ("sg_message_id", named.sg_message_id.into()),
        ("timestamp", at.as_second().into()),
    ];
    head.map(|(name, value): (&str, Value)| (name.to_owned(), value)).into_iter().collect()
}

/// Apart from SendGrid's own fields, so that no name of theirs can be taken for one of these.
fn add_arguments(element: &mut Map<String, Value>, arguments: &BTreeMap<String, String>) {
    if !arguments.is_empty() {
        element.insert("unique_args".to_owned(), json!(arguments));
    }
}

impl Details {
    fn add_unmapped(&mut self, at: Timestamp, name: &str) {
        self.strange.push((Some(at), format!("the webhook has no event for `{name}`")));
    }

    fn add_unreadable(&mut self, count: usize) {
        let reason = || (None, "one of its events has no name or no time".to_owned());
        self.strange.extend(std::iter::repeat_with(reason).take(count));
    }
}

#[cfg(test)]
mod tests;
