//! What SendGrid says when something happens to a mail: one flat JSON object, keys in alphabetical order.
//!
//! Which fields an event has differs by type and is taken from real traffic: opens and clicks have no `smtp-id`,
//! spam reports and bounces by mail have lost their custom arguments, numbers come as strings in places.

use crate::chance::Chance;
use crate::mail::Mail;
use crate::step::Step;
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::{Map, Value, json};

const BROWSERS: [&str; 3] = [
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko)",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36",
    "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)",
];

/// Which step of a mail happened, and when.
#[derive(Clone, Copy, Debug)]
pub struct Happening {
    pub step: Step,
    /// How many times the same step happened before.
    pub repeat: u32,
    /// Unix seconds.
    pub at: i64,
}

/// The element SendGrid would send.
pub fn element(mail: &Mail, happening: Happening) -> Value {
    let Happening { step, repeat, at } = happening;
    // The step's own chance: the same whatever happened before.
    let mut chance = Chance::of(mail.chance.clone().draw(), (step as u64) << 32 | u64::from(repeat));
    let mut fields = Map::new();
    let mut set = |key: &str, value: Value| fields.insert(key.to_owned(), value);
    set("event", json!(step.wire_name()));
    set("timestamp", json!(at));
    set("sg_event_id", json!(event_id(mail, step, repeat, at, &mut chance)));
    if step == Step::AccountStatusChange {
        set("type", json!("compliance_suspend"));
        return Value::Object(fields);
    }
    set("email", json!(mail.email));
    if step != Step::AsyncBounce {
        set("sg_message_id", json!(mail.sg_message_id));
        if has_smtp_id(step) {
            set("smtp-id", json!(mail.smtp_id));
        }
        if step != Step::Spamreport {
            set("category", json!([mail.campaign]));
            set("campaign", json!(mail.campaign));
            set("order_id", json!(mail.order_id));
        }
    }
    for (key, value) in details(mail, step, repeat, &mut chance) {
        set(key, value);
    }
    Value::Object(fields)
}

const fn has_smtp_id(step: Step) -> bool {
    matches!(
        step,
        Step::Processed
            | Step::Deferred
            | Step::Delivered
            | Step::Bounce
            | Step::Blocked
            | Step::Dropped
            | Step::Unknown
    )
}

/// Ids of delivery events are made from the attempt, the account and the message; those of engagement are random.
fn event_id(mail: &Mail, step: Step, repeat: u32, at: i64, chance: &mut Chance) -> String {
    let Mail { user_id, message_id, .. } = mail;
    let readable = match step {
        Step::Processed => format!("processed-{user_id}-{message_id}-0"),
        Step::Dropped => format!("drop-{user_id}-{message_id}-0"),
        Step::Deferred => format!("deferred-{repeat}-{user_id}-{message_id}-0"),
        Step::Delivered => format!("delivered-{repeat}-{user_id}-{message_id}-0"),
        Step::Bounce | Step::Blocked => format!("bounce-{repeat}-{user_id}-{message_id}-0"),
        Step::AccountStatusChange => format!("{user_id}-terminate-{at}"),
        _ => return event_id_of_engagement(chance),
    };
    BASE64_URL_SAFE_NO_PAD.encode(readable)
}

/// 22 characters that mean nothing.
pub(crate) fn event_id_of_engagement(chance: &mut Chance) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(chance.bytes::<16>())
}

fn details(mail: &Mail, step: Step, repeat: u32, chance: &mut Chance) -> Vec<(&'static str, Value)> {
    let sender = format!("167.89.{}.{}", chance.between(0, 127), chance.between(1, 254));
    match step {
        Step::Processed => vec![("send_at", json!(0)), ("pool", json!({"name": "transactional", "id": 210}))],
        Step::Delivered => {
            let queued = chance.draw() & 0xFFFF_FFFF;
            vec![
                ("response", json!(format!("250 2.0.0 OK {queued:x} - gsmtp"))),
                ("ip", json!(sender)),
                ("tls", json!(1)),
            ]
        }
        Step::Deferred => vec![
            ("response", json!("451 4.7.1 <mx.example.com>: Greylisted, please try again in 300 seconds")),
            ("attempt", json!((repeat + 1).to_string())),
            ("ip", json!(sender)),
            ("tls", json!(0)),
        ],
        Step::Bounce => vec![
            ("type", json!("bounce")),
            ("status", json!("5.1.1")),
            (
                "reason",
                json!(format!("550 5.1.1 <{}>: Recipient address rejected: User unknown", mail.email)),
            ),
            ("bounce_classification", json!("Invalid Address")),
            ("ip", json!(sender)),
            ("tls", json!(1)),
        ],
        Step::Blocked => vec![
            ("type", json!("blocked")),
            ("status", json!("5.7.1")),
            ("reason", json!("554 5.7.1 Service unavailable; client host blocked")),
            ("bounce_classification", json!("Reputation")),
            ("ip", json!(sender)),
            ("tls", json!(1)),
        ],
        Step::AsyncBounce => vec![
            ("type", json!("bounce")),
            ("status", json!("500")),
            ("reason", json!("Delayed Bounce - Unable to Parse Server Reason")),
            ("bounce_classification", json!("Unclassified")),
        ],
        Step::Dropped => vec![("reason", json!("Bounced Address")), ("status", json!("5.0.0"))],
        Step::Open | Step::MachineOpen | Step::Click => engagement(step, chance),
        Step::GroupUnsubscribe | Step::GroupResubscribe => {
            vec![("asm_group_id", json!(10)), ("ip", json!(sender))]
        }
        Step::Spamreport | Step::Unsubscribe | Step::AccountStatusChange | Step::Unknown => Vec::new(),
    }
}

fn engagement(step: Step, chance: &mut Chance) -> Vec<(&'static str, Value)> {
    let reader = format!("198.51.100.{}", chance.between(1, 254));
    let browser = if step == Step::MachineOpen { "Mozilla/5.0" } else { chance.pick(&BROWSERS) };
    let mut fields =
        vec![("ip", json!(reader)), ("useragent", json!(browser)), ("sg_content_type", json!("html"))];
    if step == Step::Click {
        fields.push(("url", json!("https://www.example.com/account?utm_source=mail&x=<y>")));
        fields.push(("url_offset", json!({"index": chance.between(0, 5), "type": "html"})));
    } else {
        fields.push(("sg_machine_open", json!(step == Step::MachineOpen)));
    }
    fields
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::ValueEnum as _;
    use domain::EventKind;
    use jiff::Timestamp;
    use wire::sendgrid::{self, Reading};

    fn read(step: Step) -> sendgrid::Event<'static> {
        let mail = Mail::new(7, 1, 1_700_000_000);
        let body = element(&mail, Happening { step, repeat: 0, at: 1_700_000_000 }).to_string();
        // An event borrows from its body, and a test ends soon.
        let body: &str = body.leak();
        let received_at = Timestamp::from_second(1_700_000_030).unwrap();
        match sendgrid::read(body.as_bytes(), received_at) {
            Reading::Elements(mut elements) => {
                elements.remove(0).event.expect("a generated event is readable")
            }
            Reading::Unreadable(unreadable) => panic!("{step:?}: {unreadable:?}"),
        }
    }

    #[test]
    fn every_step_is_read_as_what_it_stands_for() {
        let kinds = Step::value_variants().iter().map(|step| read(*step).kind).collect::<Vec<_>>();
        use EventKind as K;
        assert_eq!(
            kinds,
            [
                K::Processed,
                K::Deferred,
                K::Delivered,
                K::Bounce,
                K::Blocked,
                K::Dropped,
                K::Open,
                K::Open,
                K::Click,
                K::SpamReport,
                K::Unsubscribe,
                K::GroupUnsubscribe,
                K::GroupResubscribe,
                K::Bounce,
                K::AccountStatusChange,
                K::Unknown,
            ]
        );
    }

    #[test]
    fn a_bounce_by_mail_names_nothing_but_the_address() {
        let event = read(Step::AsyncBounce);
        assert_eq!((event.sg_message_id, event.smtp_id, event.custom_args), (None, None, None));
        assert!(event.email.is_some());
    }

    #[test]
    fn machine_opens_are_marked_and_custom_arguments_are_flattened() {
        assert!(read(Step::MachineOpen).machine_open && !read(Step::Open).machine_open);
        let args = read(Step::Delivered).custom_args.unwrap();
        assert!(args.contains("order_id") && args.contains("campaign"), "{args}");
    }

    #[test]
    fn repeats_of_a_step_are_events_of_their_own() {
        let mail = Mail::new(7, 1, 0);
        let id =
            |repeat| element(&mail, Happening { step: Step::Open, repeat, at: 5 })["sg_event_id"].to_string();
        assert_ne!(id(0), id(1));
        assert_eq!(id(1), id(1));
    }
}
