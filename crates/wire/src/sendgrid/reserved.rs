//! Which keys of an event are SendGrid's own. Every other key is a custom argument of the sender.
//!
//! Custom arguments are flattened beside SendGrid's fields. Where an event carries a field of that name, the field
//! wins; where it does not, the sender's value shows through. So each event type has its own table: `type` means
//! something on a bounce and is the sender's word on an open. Source: SendGrid's Event Webhook reference and, for
//! the fields of marketing campaigns, its sample events.

use domain::EventKind;

/// A field of SendGrid's that something is concluded from, or that is only kept out of the custom arguments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Field {
    Event,
    Timestamp,
    Email,
    EventId,
    MessageId,
    SmtpId,
    Category,
    Group,
    MachineOpen,
    Reason,
    Response,
    Status,
    Classification,
    Type,
    Attempt,
    Url,
    UrlOffset,
    UserAgent,
    Ip,
    /// Known and without consequence.
    Silent,
}

impl Field {
    pub(super) const COUNT: usize = Self::Silent as usize + 1;
}

/// The field that `key` is on an event of this kind, or `None` for a custom argument.
///
/// `Blocked` has the table of `Bounce`. An unknown event has every table: nothing is concluded from it, and its
/// fields are more likely SendGrid's than the sender's.
pub(super) fn field(kind: EventKind, campaign: bool, key: &str) -> Option<Field> {
    on_every_event(key)
        .or_else(|| on_kind(kind, key))
        .or_else(|| (campaign && of_campaign(key)).then_some(Field::Silent))
}

/// Whether this key marks an event of a marketing campaign or Single Send.
pub(super) fn marks_campaign(key: &str) -> bool {
    matches!(key, "marketing_campaign_id" | "singlesend_id" | "mc_stats")
}

fn on_every_event(key: &str) -> Option<Field> {
    Some(match key {
        "event" => Field::Event,
        "timestamp" => Field::Timestamp,
        "email" => Field::Email,
        "sg_event_id" => Field::EventId,
        "sg_message_id" => Field::MessageId,
        "smtp-id" => Field::SmtpId,
        "category" => Field::Category,
        "asm_group_id" => Field::Group,
        "sg_machine_open" => Field::MachineOpen,
        // What is in `unique_args` is merged with the other arguments.
        "newsletter" | "sg_content_type" | "sg_template_id" | "sg_template_name" | "sg_user_id"
        | "unique_args" => Field::Silent,
        _ => return None,
    })
}

fn on_kind(kind: EventKind, key: &str) -> Option<Field> {
    use EventKind as Kind;
    let any = kind == Kind::Unknown;
    let failed = matches!(kind, Kind::Bounce | Kind::Blocked);
    let attempted = matches!(kind, Kind::Delivered | Kind::Deferred) || failed;
    let unsubscribed = matches!(kind, Kind::Unsubscribe | Kind::GroupUnsubscribe | Kind::GroupResubscribe);
    let engaged = matches!(kind, Kind::Open | Kind::Click) || unsubscribed;
    let (field, on) = match key {
        "send_at" | "pool" => (Field::Silent, kind == Kind::Processed),
        "reason" => (Field::Reason, failed || kind == Kind::Dropped),
        "status" => (Field::Status, failed || kind == Kind::Dropped),
        "response" => (Field::Response, attempted),
        "attempt" => (Field::Attempt, attempted),
        "tls" | "cert_err" => (Field::Silent, attempted),
        "domain" | "from" => (Field::Silent, kind == Kind::Deferred),
        "type" => (Field::Type, failed || kind == Kind::AccountStatusChange),
        "bounce_classification" => (Field::Classification, failed),
        "ip" => (Field::Ip, attempted || engaged),
        "useragent" => (Field::UserAgent, engaged),
        "url" => (Field::Url, engaged),
        "url_offset" => (Field::UrlOffset, kind == Kind::Click),
        "date" | "reseller_id" => (Field::Silent, kind == Kind::Unsubscribe),
        _ => return None,
    };
    (on || any).then_some(field)
}

/// Some of these names are plausible for a sender's own argument (`template_id`), so they count as SendGrid's only
/// where the event is marked as a campaign's.
fn of_campaign(key: &str) -> bool {
    matches!(
        key,
        "marketing_campaign_id"
            | "marketing_campaign_name"
            | "marketing_campaign_split_id"
            | "marketing_campaign_version"
            | "mc_pod_id"
            | "mc_stats"
            | "phase_id"
            | "post_type"
            | "send_at"
            | "singlesend_id"
            | "singlesend_name"
            | "template_hash"
            | "template_id"
            | "template_version_id"
    )
}
