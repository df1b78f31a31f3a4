//! One element read into one event, by the rules of its kind.

use super::arguments::{self, Argument};
use super::fields::{self, Fields, Members, Spelling};
use super::json::Value;
use super::reason::{QuarantineReason, Unreadable};
use super::reserved::Field;
use super::value;
use domain::{EventKind, Failure, Rank};
use jiff::Timestamp;
use std::borrow::Cow;

/// `type` of a bounce after which the address is still good.
const BLOCKED: &str = "blocked";

/// What SendGrid says in one element, with every variant of spelling and type resolved.
///
/// Texts are never empty: what is null, `""` or of a senseless type is `None`. They may be as long as the body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event<'a> {
    pub kind: EventKind,
    /// Lower case. SendGrid's name of the kind; an unknown event's own.
    pub name: Cow<'a, str>,
    /// SendGrid's own time of the event. Whole seconds in practice, at most milliseconds.
    pub at: Timestamp,
    /// As [`normalise_address`] leaves it. Absent on account events, possible on `dropped` and on unknown events, and
    /// on any event that names its message by `sg_message_id`.
    pub email: Option<Cow<'a, str>>,
    pub sg_event_id: Option<Cow<'a, str>>,
    pub sg_message_id: Option<Cow<'a, str>>,
    pub smtp_id: Option<Cow<'a, str>>,
    /// Only ever true on an open.
    pub machine_open: bool,
    /// Present exactly on `Blocked`, `Dropped` and `Bounce`.
    pub failure: Option<Failure>,
    /// `reason`, or the remote server's `response` where the event has that instead.
    pub reason: Option<Cow<'a, str>>,
    /// The text of a JSON object with sorted, unique keys.
    pub custom_args: Option<String>,
    /// Never empty, at most [`MAX_CATEGORIES`](super::MAX_CATEGORIES).
    pub categories: Option<Vec<String>>,
    /// `asm_group_id`, the unsubscribe group.
    pub group: Option<i64>,
    pub url: Option<Cow<'a, str>>,
    /// `TYPE:INDEX` of the clicked link.
    pub url_offset: Option<Cow<'a, str>>,
    pub attempt: Option<Cow<'a, str>>,
    /// `type` of a bounce (`bounce`, `blocked`) or of an account's change. Lower case.
    pub type_: Option<Cow<'a, str>>,
    pub useragent: Option<Cow<'a, str>>,
    pub ip: Option<Cow<'a, str>>,
    /// Something in one of the texts could not be kept and stands there as U+FFFD, or there were too many categories;
    /// the raw element still has it.
    pub lossy: bool,
}

/// An address as it is compared: no white space at the ends, lower case. `None` if nothing is left.
#[must_use]
pub fn normalise_address(address: &str) -> Option<Cow<'_, str>> {
    let address = address.trim();
    (!address.is_empty()).then(|| lower_case(address.into()))
}

/// As it is where it is in lower case already, as nearly every text is that SendGrid means to be compared.
fn lower_case(text: Cow<'_, str>) -> Cow<'_, str> {
    let stays = |byte: &u8| byte.is_ascii() && !byte.is_ascii_uppercase();
    if text.as_bytes().iter().all(stays) { text } else { text.to_lowercase().into() }
}

fn normalised(address: Cow<'_, str>) -> Option<Cow<'_, str>> {
    match address {
        Cow::Borrowed(address) => normalise_address(address),
        Cow::Owned(address) => normalise_address(&address).map(|address| address.into_owned().into()),
    }
}

/// Reads elements one after another, with buffers that are kept between them.
pub(super) struct Assembler<'a> {
    received_at: Timestamp,
    members: Members<'a>,
    arguments: Vec<Argument<'a>>,
}

impl<'a> Assembler<'a> {
    pub(super) const fn new(received_at: Timestamp) -> Self {
        Self { received_at, members: Vec::new(), arguments: Vec::new() }
    }

    pub(super) fn read(&mut self, raw: &'a [u8]) -> Result<Event<'a>, Unreadable> {
        let mut lossy = false;
        fields::take_apart(raw, &mut self.members, &mut lossy)?;
        let spelling = Spelling::of(&self.members);
        let name = name(fields::last(&self.members, spelling, "event"), &mut lossy)?;
        let (kind, alias_type) = kind(&name);
        let fields = fields::project(kind, spelling, &mut self.members, &mut self.arguments, &mut lossy)?;
        let at = value::timestamp(fields.get(Field::Timestamp), self.received_at)?;
        let custom_args = arguments::render(&mut self.arguments, &mut lossy)?;
        let mut texts = Texts { fields: &fields, lossy };

        let type_ = alias_type.map(Cow::Borrowed).or_else(|| texts.text(Field::Type).map(lower_case));
        let kind = if type_.as_deref() == Some(BLOCKED) { blocked(kind) } else { kind };
        let reason = texts.text(Field::Reason).or_else(|| texts.text(Field::Response));
        let event = Event {
            kind,
            name: if kind == EventKind::Unknown { name } else { kind.name().into() },
            at,
            email: value::address(fields.get(Field::Email), &mut texts.lossy).and_then(normalised),
            sg_event_id: texts.id(Field::EventId),
            sg_message_id: texts.id(Field::MessageId),
            smtp_id: texts.id(Field::SmtpId),
            machine_open: kind == EventKind::Open && value::truth(fields.get(Field::MachineOpen)),
            failure: (Rank::of(kind) == Some(Rank::FAILED)).then(|| texts.failure(reason.as_deref())),
            reason,
            custom_args,
            categories: value::categories(fields.get(Field::Category), &mut texts.lossy),
            group: value::integer(fields.get(Field::Group)),
            url: texts.text(Field::Url),
            url_offset: value::url_offset(fields.get(Field::UrlOffset), &mut texts.lossy),
            attempt: texts.text(Field::Attempt),
            type_,
            useragent: texts.text(Field::UserAgent),
            ip: texts.text(Field::Ip),
            lossy: texts.lossy,
        };
        addressed(event)
    }
}

/// Decodes fields and remembers whether anything had to be replaced.
struct Texts<'f, 'a> {
    fields: &'f Fields<'a>,
    lossy: bool,
}

impl<'a> Texts<'_, 'a> {
    fn text(&mut self, field: Field) -> Option<Cow<'a, str>> {
        value::text(self.fields.get(field), &mut self.lossy)
    }

    fn id(&mut self, field: Field) -> Option<Cow<'a, str>> {
        value::id(self.fields.get(field), &mut self.lossy)
    }

    fn failure(&mut self, reason: Option<&str>) -> Failure {
        Failure {
            reason: reason.map(str::to_owned),
            smtp_status: self.text(Field::Status).map(Cow::into_owned),
            classification: self.text(Field::Classification).map(Cow::into_owned),
            correlated_by: None,
        }
    }
}

fn name<'a>(event: Option<Value<'a>>, lossy: &mut bool) -> Result<Cow<'a, str>, Unreadable> {
    let missing = |detail| Err(Unreadable::new(QuarantineReason::MissingEvent, detail));
    let name = match event {
        None => return missing("no event".to_owned()),
        Some(Value::Text(name)) => match name.decode(lossy) {
            Cow::Borrowed(name) => lower_case(name.trim().into()),
            Cow::Owned(name) => name.trim().to_lowercase().into(),
        },
        Some(other) => return missing(format!("event is {other}")),
    };
    if name.is_empty() { missing("event is empty".to_owned()) } else { Ok(name) }
}

/// The kind of a name in lower case, and the `type` that an alias implies. SendGrid itself sends neither alias;
/// other guides and tools do.
fn kind(name: &str) -> (EventKind, Option<&'static str>) {
    let kind = match name {
        "processed" => EventKind::Processed,
        "deferred" => EventKind::Deferred,
        "delivered" => EventKind::Delivered,
        "dropped" => EventKind::Dropped,
        "bounce" => EventKind::Bounce,
        BLOCKED => return (EventKind::Bounce, Some(BLOCKED)),
        "open" => EventKind::Open,
        "click" => EventKind::Click,
        "spamreport" | "spam_report" => EventKind::SpamReport,
        "unsubscribe" => EventKind::Unsubscribe,
        "group_unsubscribe" => EventKind::GroupUnsubscribe,
        "group_resubscribe" => EventKind::GroupResubscribe,
        "account_status_change" => EventKind::AccountStatusChange,
        _ => EventKind::Unknown,
    };
    (kind, None)
}

const fn blocked(kind: EventKind) -> EventKind {
    if matches!(kind, EventKind::Bounce) { EventKind::Blocked } else { kind }
}

/// Refuses an event that concerns somebody and names nobody.
///
/// One `sg_message_id` belongs to one recipient, so it names somebody without an address. A dropped message may have
/// an empty address (that can be why it was dropped), an account has none, and of an unknown event nothing is known.
fn addressed(event: Event<'_>) -> Result<Event<'_>, Unreadable> {
    let anonymous =
        matches!(event.kind, EventKind::Dropped | EventKind::AccountStatusChange | EventKind::Unknown);
    if anonymous || event.email.is_some() || event.sg_message_id.is_some() {
        return Ok(event);
    }
    Err(Unreadable::new(QuarantineReason::MissingEmail, "neither email nor sg_message_id".to_owned()))
}
