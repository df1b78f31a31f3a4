use super::*;
use domain::EventKind;
use sendgrid::MessageId;
use sendgrid::logs::{LogEvent, LogStatus};
use wire::sendgrid::{Event, Reading};

const NAMED: Named<'_> = Named { sg_message_id: "abc.recvd-1.0", recipient: "a@example.com" };
const SECOND: i64 = 1_700_000_000;

fn at() -> Timestamp {
    Timestamp::from_second(SECOND).unwrap()
}

fn event(name: EventName) -> activity::Event {
    activity::Event {
        name,
        at: at(),
        reason: Some("because".to_owned()),
        attempt: Some(3),
        url: Some("https://example.com/".to_owned()),
        bounce_type: None,
        user_agent: Some("curl".to_owned()),
        mx_server: Some("mx.example.com".to_owned()),
    }
}

fn message(events: Vec<activity::Event>) -> activity::Message {
    activity::Message {
        msg_id: MessageId::new("abc.recvd-1.0").unwrap(),
        from_email: None,
        to_email: None,
        subject: None,
        status: activity::Status::Delivered,
        categories: vec!["welcome".to_owned()],
        unique_args: BTreeMap::from([("type".to_owned(), "trial".to_owned())]),
        asm_group_id: Some(7),
        template_id: None,
        outbound_ip: None,
        events,
        unreadable: 0,
    }
}

/// As the worker reads it.
fn read<T>(fact: &Fact, look: impl FnOnce(&Event<'_>) -> T) -> T {
    let body = format!("[{}]", Value::Object(fact.element.clone()));
    let Reading::Elements(elements) = wire::sendgrid::read(body.as_bytes(), at()) else { panic!("{body}") };
    look(elements[0].event.as_ref().unwrap())
}

#[test]
fn every_event_of_email_activity_becomes_the_webhooks_with_its_fields_and_no_other() {
    let arguments = |event: &Event<'_>| event.custom_args.clone();
    for (name, kind) in [
        (EventName::Processed, EventKind::Processed),
        (EventName::Dropped, EventKind::Dropped),
        (EventName::Delivered, EventKind::Delivered),
        (EventName::Deferred, EventKind::Deferred),
        (EventName::Bounced, EventKind::Bounce),
        (EventName::Opened, EventKind::Open),
        (EventName::Clicked, EventKind::Click),
        (EventName::SpamReport, EventKind::SpamReport),
        (EventName::Unsubscribe, EventKind::Unsubscribe),
        (EventName::GroupUnsubscribe, EventKind::GroupUnsubscribe),
        (EventName::GroupResubscribe, EventKind::GroupResubscribe),
    ] {
        let details = of_activity(&message(vec![event(name)]), NAMED);
        let [fact] = details.facts.as_slice() else { panic!("{details:?}") };
        assert_eq!(read(fact, |event| event.kind), kind);
        assert_eq!(fact.name, kind.name());
        // Nothing of SendGrid's is taken for an argument, and no argument for a field of SendGrid's.
        assert_eq!(read(fact, arguments).as_deref(), Some(r#"{"type":"trial"}"#), "{kind:?}");
        read(fact, |event| {
            assert_eq!((event.sg_event_id.as_deref(), event.at), (None, at()));
            assert_eq!(event.sg_message_id.as_deref(), Some("abc.recvd-1.0"));
            assert_eq!((event.email.as_deref(), event.group), (Some("a@example.com"), Some(7)));
            let engaged = matches!(kind.name(), "open" | "click") || kind.name().contains("subscribe");
            assert_eq!((event.url.is_some(), event.useragent.is_some()), (engaged, engaged), "{kind:?}");
        });
    }
}

#[test]
fn a_soft_bounce_is_a_block_and_every_other_a_bounce() {
    for (bounce_type, kind) in [
        (Some(BounceType::Soft), EventKind::Blocked),
        (Some(BounceType::Hard), EventKind::Bounce),
        (Some(BounceType::Other("odd".to_owned())), EventKind::Bounce),
        (None, EventKind::Bounce),
    ] {
        let bounced = activity::Event { bounce_type, ..event(EventName::Bounced) };
        let details = of_activity(&message(vec![bounced]), NAMED);
        assert_eq!(read(&details.facts[0], |event| event.kind), kind);
        let reason = read(&details.facts[0], |event| event.reason.as_deref().map(str::to_owned));
        assert_eq!(reason.as_deref(), Some("because"));
    }
}

#[test]
fn what_has_no_name_in_the_webhook_is_said() {
    let odd = event(EventName::Other("exploded".to_owned()));
    let details = of_activity(&activity::Message { unreadable: 1, ..message(vec![odd]) }, NAMED);
    assert!(details.facts.is_empty());
    assert_eq!(details.strange.len(), 2);
    assert!(details.strange[1].1.contains("`exploded`"), "{details:?}");
}

#[test]
fn what_email_logs_says_keeps_its_fields_but_for_the_id_and_the_arguments_stay_apart() {
    let raw = json!({
        "event": "open", "timestamp": SECOND, "email": "A@example.com", "sg_event_id": "id", "ip": "192.0.2.1",
        "useragent": "curl", "custom_args": { "useragent": "mine" },
    });
    let Value::Object(element) = raw else { panic!() };
    let told = |event: &str| LogEvent {
        event: event.to_owned(),
        at: at(),
        sg_event_id: Some("id".to_owned()),
        element: element.clone(),
    };
    let message = LogMessage {
        sg_message_id: MessageId::new("abc.recvd-1.0").unwrap(),
        from_email: None,
        to_email: None,
        subject: None,
        status: LogStatus::Delivered,
        categories: vec!["welcome".to_owned()],
        custom_args: BTreeMap::from([("useragent".to_owned(), "mine".to_owned())]),
        events: vec![told("received"), told("open"), told("odd")],
        unreadable: 0,
    };
    let details = of_logs(&message, NAMED);
    let [fact] = details.facts.as_slice() else { panic!("{details:?}") };
    read(fact, |event| {
        assert_eq!((event.sg_event_id.as_deref(), event.ip.as_deref()), (None, Some("192.0.2.1")));
        assert_eq!(event.useragent.as_deref(), Some("curl"));
        assert_eq!(event.custom_args.as_deref(), Some(r#"{"useragent":"mine"}"#));
        assert_eq!(event.categories.as_deref(), Some(&["welcome".to_owned()][..]));
    });
    assert_eq!(details.strange.len(), 1, "`received` is none of the webhook's: {details:?}");
}

#[test]
fn only_opens_of_which_nobody_says_who_opened_are_kept_from_a_source_that_ignores_machines() {
    let details = of_activity(&message(vec![event(EventName::Opened), event(EventName::Clicked)]), NAMED);
    let [open, click] = details.facts.as_slice() else { panic!("{details:?}") };
    assert!(open.withheld(MachineOpens::Ignore).is_some() && open.withheld(MachineOpens::Count).is_none());
    assert!(click.withheld(MachineOpens::Ignore).is_none());
    for by_machine in [true, false] {
        let mut said = open.clone();
        said.element.insert("sg_machine_open".to_owned(), by_machine.into());
        assert!(said.withheld(MachineOpens::Ignore).is_none(), "{by_machine}");
    }
}
