//! One element read into one event, by the rules of its kind.

use super::arguments::{self, Argument};
use super::fields::{self, Fields, Members, Spelling};
use super::json::Value;
use super::reason::{QuarantineReason, Unreadable};
use super::reserved::Field;
use super::value;
use domain::{EventKind, Failure, Rank};
use jiff::Timestamp;

/// `type` of a bounce after which the address is still good.
const BLOCKED: &str = "blocked";

/// What SendGrid says in one element, with every variant of spelling and type resolved.
///
/// Texts are never empty: what is null, `""` or of a senseless type is `None`. They may be as long as the body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    pub kind: EventKind,
    /// Lower case. SendGrid's name of the kind; an unknown event's own.
    pub name: String,
    /// SendGrid's own time of the event. Whole seconds in practice, at most milliseconds.
    pub at: Timestamp,
    /// As [`normalise_address`] leaves it. Absent on account events, possible on `dropped` and on unknown events, and
    /// on any event that names its message by `sg_message_id`.
    pub email: Option<String>,
    pub sg_event_id: Option<String>,
    pub sg_message_id: Option<String>,
    pub smtp_id: Option<String>,
    /// Only ever true on an open.
    pub machine_open: bool,
    /// Present exactly on `Blocked`, `Dropped` and `Bounce`.
    pub failure: Option<Failure>,
    /// `reason`, or the remote server's `response` where the event has that instead.
    pub reason: Option<String>,
    /// The text of a JSON object with sorted, unique keys.
    pub custom_args: Option<String>,
    /// Never empty, at most [`MAX_CATEGORIES`](super::MAX_CATEGORIES).
    pub categories: Option<Vec<String>>,
    /// `asm_group_id`, the unsubscribe group.
    pub group: Option<i64>,
    pub url: Option<String>,
    /// `TYPE:INDEX` of the clicked link.
    pub url_offset: Option<String>,
    pub attempt: Option<String>,
    /// `type` of a bounce (`bounce`, `blocked`) or of an account's change. Lower case.
    pub type_: Option<String>,
    pub useragent: Option<String>,
    pub ip: Option<String>,
    /// Something in one of the texts could not be kept and stands there as U+FFFD, or there were too many categories;
    /// the raw element still has it.
    pub lossy: bool,
}

/// An address as it is compared: no white space at the ends, lower case. `None` if nothing is left.
#[must_use]
pub fn normalise_address(address: &str) -> Option<String> {
    let address = address.trim();
    (!address.is_empty()).then(|| address.to_lowercase())
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

    pub(super) fn read(&mut self, raw: &'a [u8]) -> Result<Event, Unreadable> {
        let mut lossy = false;
        fields::take_apart(raw, &mut self.members, &mut lossy)?;
        let spelling = Spelling::of(&self.members);
        let name = name(fields::last(&self.members, spelling, "event"), &mut lossy)?;
        let (kind, alias_type) = kind(&name);
        let fields = fields::project(kind, spelling, &mut self.members, &mut self.arguments, &mut lossy)?;
        let at = value::timestamp(fields.get(Field::Timestamp), self.received_at)?;
        let custom_args = arguments::render(&mut self.arguments, &mut lossy)?;
        let mut texts = Texts { fields: &fields, lossy };

        let type_ =
            alias_type.map(str::to_owned).or_else(|| texts.text(Field::Type).map(|t| t.to_lowercase()));
        let kind = if type_.as_deref() == Some(BLOCKED) { blocked(kind) } else { kind };
        let reason = texts.text(Field::Reason).or_else(|| texts.text(Field::Response));
        let event = Event {
            kind,
            name: if kind == EventKind::Unknown || name == kind.name() {
                name
            } else {
                kind.name().to_owned()
            },
            at,
            email: value::address(fields.get(Field::Email), &mut texts.lossy)
                .and_then(|email| normalise_address(&email)),
            sg_event_id: texts.id(Field::EventId),
            sg_message_id: texts.id(Field::MessageId),
            smtp_id: texts.id(Field::SmtpId),
            machine_open: kind == EventKind::Open && value::truth(fields.get(Field::MachineOpen)),
            failure: (Rank::of(kind) == Some(Rank::FAILED)).then(|| texts.failure(reason.clone())),
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

impl Texts<'_, '_> {
    fn text(&mut self, field: Field) -> Option<String> {
        value::text(self.fields.get(field), &mut self.lossy)
    }

    fn id(&mut self, field: Field) -> Option<String> {
        value::id(self.fields.get(field), &mut self.lossy)
    }

    fn failure(&mut self, reason: Option<String>) -> Failure {
        Failure {
            reason,
            smtp_status: self.text(Field::Status),
            classification: self.text(Field::Classification),
            correlated_by: None,
        }
    }
}

fn name(event: Option<Value<'_>>, lossy: &mut bool) -> Result<String, Unreadable> {
    let missing = |detail| Err(Unreadable::new(QuarantineReason::MissingEvent, detail));
    let name = match event {
        None => return missing("no event".to_owned()),
        Some(Value::Text(name)) => name.decode(lossy).trim().to_lowercase(),
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
fn addressed(event: Event) -> Result<Event, Unreadable> {
    let anonymous =
        matches!(event.kind, EventKind::Dropped | EventKind::AccountStatusChange | EventKind::Unknown);
    if anonymous || event.email.is_some() || event.sg_message_id.is_some() {
        return Ok(event);
    }
    Err(Unreadable::new(QuarantineReason::MissingEmail, "neither email nor sg_message_id".to_owned()))
}
