//! Fields: every variant of type and spelling that is known from documentation, traffic and other people's tests.

use super::*;
use QuarantineReason as Reason;
use domain::{EventKind, Failure};

fn some<T: From<&'static str>>(text: &'static str) -> Option<T> {
    Some(text.into())
}

#[test]
fn names_and_aliases_become_kinds() {
    for (name, kind, normalised, type_) in [
        ("processed", EventKind::Processed, "processed", None),
        ("Processed", EventKind::Processed, "processed", None),
        ("deferred", EventKind::Deferred, "deferred", None),
        ("delivered", EventKind::Delivered, "delivered", None),
        ("dropped", EventKind::Dropped, "dropped", None),
        ("bounce", EventKind::Bounce, "bounce", None),
        ("blocked", EventKind::Blocked, "bounce", some("blocked")),
        (" OPEN ", EventKind::Open, "open", None),
        ("click", EventKind::Click, "click", None),
        ("spamreport", EventKind::SpamReport, "spamreport", None),
        ("spam_report", EventKind::SpamReport, "spamreport", None),
        ("unsubscribe", EventKind::Unsubscribe, "unsubscribe", None),
        ("group_unsubscribe", EventKind::GroupUnsubscribe, "group_unsubscribe", None),
        ("group_resubscribe", EventKind::GroupResubscribe, "group_resubscribe", None),
        ("account_status_change", EventKind::AccountStatusChange, "account_status_change", None),
        ("Moon Landing", EventKind::Unknown, "moon landing", None),
        ("unknown", EventKind::Unknown, "unknown", None),
    ] {
        let event = read_object(name, "");
        assert_eq!((event.kind, &*event.name, event.type_), (kind, normalised, type_), "{name}");
    }
}

#[test]
fn a_blocked_message_reads_the_same_under_both_names() {
    let documented = read_object("bounce", r#","type":"Blocked","reason":"try later","status":"4.2.2""#);
    let alias = read_object("blocked", r#","reason":"try later","status":"4.2.2""#);
    assert_eq!(documented, alias);
    let source = domain::SourceId(1);
    assert_eq!(crate::key::natural(source, &documented), crate::key::natural(source, &alias));
}

#[test]
fn an_event_without_a_name_is_quarantined() {
    for event in
        ["", r#""event":null,"#, r#""event":"","#, r#""event":" ","#, r#""event":5,"#, r#""event":["open"],"#]
    {
        let element = format!(r#"{{{event}"email":"reader@example.org","timestamp":1710334643}}"#);
        assert_eq!(refused(&element), Reason::MissingEvent, "{element}");
    }
}

#[test]
fn everything_of_a_bounce_is_read() {
    let event = event(
        r#"{"bounce_classification":"Invalid Address","category":["billing","2024"],"email":"Gone@Example.org",
            "event":"bounce","ip":"192.0.2.7","order":"A-1","reason":"550 5.1.1 unknown user","smtp-id":"<x@mx.example>",
            "sg_event_id":"Ym91bmNlLTAtMQ","sg_message_id":"kQ4mZ1x7TnyVbA2cR9pL0w.recvd-6c5f9d8b7-x2x9z-1-65F1A2B3-1C.0",
            "status":"5.1.1","timestamp":1710334643,"tls":1,"type":"bounce"}"#,
    );
    let expected = Event {
        kind: EventKind::Bounce,
        name: "bounce".into(),
        at: Timestamp::from_second(1_710_334_643).unwrap(),
        email: some("gone@example.org"),
        sg_event_id: some("Ym91bmNlLTAtMQ"),
        sg_message_id: some("kQ4mZ1x7TnyVbA2cR9pL0w.recvd-6c5f9d8b7-x2x9z-1-65F1A2B3-1C.0"),
        smtp_id: some("<x@mx.example>"),
        machine_open: false,
        failure: Some(Failure {
            reason: some("550 5.1.1 unknown user"),
            smtp_status: some("5.1.1"),
            classification: some("Invalid Address"),
            correlated_by: None,
        }),
        reason: some("550 5.1.1 unknown user"),
        custom_args: some(r#"{"order":"A-1"}"#),
        categories: Some(vec!["billing".to_owned(), "2024".to_owned()]),
        group: None,
        url: None,
        url_offset: None,
        attempt: None,
        type_: some("bounce"),
        useragent: None,
        ip: some("192.0.2.7"),
        lossy: false,
    };
    assert_eq!(event, expected);
}

#[test]
fn everything_of_a_click_is_read() {
    let event = read_object(
        "click",
        r#","url":"https://example.org/?a=1&b=2","url_offset":{"type":"html","index":3},"useragent":"Browser/1",
           "ip":"2001:db8::1","sg_content_type":"html","asm_group_id":17,"category":"news""#,
    );
    assert_eq!(event.url, some("https://example.org/?a=1&b=2"));
    assert_eq!(event.url_offset, some("html:3"));
    assert_eq!((event.useragent, event.ip), (some("Browser/1"), some("2001:db8::1")));
    assert_eq!((event.group, event.categories), (Some(17), Some(vec!["news".to_owned()])));
    assert_eq!((event.custom_args, event.failure), (None, None));
}

#[test]
fn an_asynchronous_bounce_may_have_no_ids_status_or_reason() {
    for ids in ["", r#","sg_message_id":"","smtp-id":null,"sg_event_id":"""#] {
        let event = read_object("bounce", ids);
        assert_eq!((event.sg_message_id, event.smtp_id, event.sg_event_id), (None, None, None));
        assert_eq!(event.failure, Some(Failure::default()));
    }
    let event = read_object("bounce", r#","type":"blocked","reason":"lookup <nil>: unrecognized address""#);
    assert_eq!(event.kind, EventKind::Blocked);
    assert_eq!(event.reason, some("lookup <nil>: unrecognized address"));
}

#[test]
fn an_account_event_names_nobody() {
    let event = event(
        r#"{"event":"account_status_change","sg_event_id":"MQ","timestamp":1710334643,"type":"compliance_suspend"}"#,
    );
    assert_eq!(event.kind, EventKind::AccountStatusChange);
    assert_eq!((event.email, event.type_, event.failure), (None, some("compliance_suspend"), None));
}

#[test]
fn addresses_are_trimmed_and_lower_case() {
    for (email, expected) in [
        (r#""Reader@Example.ORG""#, some("reader@example.org")),
        (r#"" a@example.org\r\n""#, some("a@example.org")),
        (r#""invalid@invalid""#, some("invalid@invalid")),
        (r#""ÄÖ@example.org""#, some("äö@example.org")),
        (r#""Reader, A. <Reader@example.org>""#, some("reader@example.org")),
        (r#""<reader@example.org>""#, some("reader@example.org")),
        (r#""\"a<b>\"@example.org""#, some("\"a<b>\"@example.org")),
        (r#""no address <here>""#, some("no address <here>")),
        (r#""<>""#, some("<>")),
        (r#"["reader@example.org"]"#, some("reader@example.org")),
        (r#"["a@example.org","b@example.org"]"#, None),
        ("[]", None),
        (r#"[["a@example.org"]]"#, None),
        (r#""""#, None),
        (r#"" ""#, None),
        ("null", None),
        (r#"{"email":"a@example.org"}"#, None),
    ] {
        let element = format!(r#"{{"event":"dropped","email":{email},"timestamp":1710334643}}"#);
        assert_eq!(event(element).email, expected, "{email}");
    }
}

#[test]
fn an_event_that_names_nobody_is_quarantined_unless_its_kind_may() {
    for (members, accepted) in [
        (r#""event":"open""#, false),
        (r#""event":"open","email":"""#, false),
        (r#""event":"unsubscribe","smtp-id":"<x@y>""#, false),
        (r#""event":"open","sg_message_id":"a.b""#, true),
        (r#""event":"dropped","email":"""#, true),
        (r#""event":"account_status_change""#, true),
        (r#""event":"something new""#, true),
    ] {
        let read = one(format!(r#"{{{members},"timestamp":1710334643}}"#));
        assert_eq!(
            read.as_ref().err().map(|error| error.reason),
            (!accepted).then_some(Reason::MissingEmail)
        );
    }
}

#[test]
fn categories_are_one_string_or_a_list_or_none() {
    for (category, expected) in [
        (r#""news""#, Some(vec!["news"])),
        (r#"["news"]"#, Some(vec!["news"])),
        (r#"["news","a b","news"]"#, Some(vec!["news", "a b", "news"])),
        (r#"[7,"x",null,"",{"y":1}]"#, Some(vec!["7", "x"])),
        ("7", Some(vec!["7"])),
        ("[]", None),
        ("null", None),
        (r#""""#, None),
        (r#"{"a":"b"}"#, None),
    ] {
        let categories = read_object("open", &format!(r#","category":{category}"#)).categories;
        let expected = expected.map(|list| list.into_iter().map(str::to_owned).collect());
        assert_eq!(categories, expected, "{category}");
    }
}

#[test]
fn numbers_may_come_as_strings_and_strings_as_numbers() {
    for attempt in ["\"45\"", "45", "\" 45 \""] {
        let event =
            read_object("deferred", &format!(r#","attempt":{attempt},"response":"451 busy","tls":"1""#));
        assert_eq!((event.attempt, event.reason), (some("45"), some("451 busy")));
    }
    for (group, expected) in [
        ("17", Some(17)),
        ("\"17\"", Some(17)),
        ("17.0", Some(17)),
        ("\" 17.0\"", Some(17)),
        ("1.7e1", Some(17)),
        ("-1", Some(-1)),
        ("9223372036854775807", Some(i64::MAX)),
        ("9223372036854775808", None),
        ("1e18", None),
        ("1.5", None),
        ("1e-400", None),
        ("1e400", None),
        ("\"inf\"", None),
        ("\"\"", None),
        ("true", None),
        ("null", None),
        ("[]", None),
    ] {
        assert_eq!(read_object("open", &format!(r#","asm_group_id":{group}"#)).group, expected, "{group}");
    }
    for pool in [r#"{"name":"main","id":210}"#, r#"{"name":"main","id":"210"}"#] {
        let event = read_object("processed", &format!(r#","pool":{pool},"send_at":"1710334643""#));
        assert_eq!(event.custom_args, None);
    }
    let event = read_object("bounce", r#","status":550,"sg_event_id":7"#);
    assert_eq!(event.failure.unwrap().smtp_status, some("550"));
    assert_eq!(event.sg_event_id, some("7"));
}

#[test]
fn only_an_open_can_be_a_machine_s() {
    for (value, machine) in [
        ("true", true),
        ("\"true\"", true),
        ("1", true),
        ("\"1\"", true),
        ("\" True \"", true),
        ("1.0", true),
        ("false", false),
        ("\"false\"", false),
        ("0", false),
        ("2", false),
        ("\"yes\"", false),
        ("\"\"", false),
        ("null", false),
        ("{}", false),
    ] {
        let members = format!(r#","sg_machine_open":{value}"#);
        assert_eq!(read_object("open", &members).machine_open, machine, "{value}");
        assert!(!read_object("click", &members).machine_open);
    }
    assert!(!read_object("open", "").machine_open);
}

#[test]
fn ids_are_opaque_and_of_any_length() {
    let long = "x".repeat(300);
    for id in ["rbtnWrG1DVDGGGFHFyun0A==", "AB2e", " padded ", &long] {
        let event = read_object("open", &format!(r#","sg_event_id":"{id}""#));
        assert_eq!(event.sg_event_id.as_deref(), Some(id));
    }
}

#[test]
fn what_identifies_nothing_is_no_id() {
    for id in ["null", r#""""#, r#"" \t""#, "true", "[]", r#"{"id":"x"}"#] {
        let event =
            read_object("open", &format!(r#","sg_event_id":{id},"sg_message_id":{id},"smtp-id":{id}"#));
        assert_eq!((event.sg_event_id, event.sg_message_id, event.smtp_id), (None, None, None), "{id}");
        assert_eq!(event.custom_args, None);
    }
}

#[test]
fn where_a_link_stood_does_not_depend_on_how_it_is_written() {
    for (offset, expected) in [
        (r#"{"index":0,"type":"html"}"#, some("html:0")),
        (r#"{ "type" : "html", "index" : "0" }"#, some("html:0")),
        (r#"{"type":"text"}"#, some("text:")),
        (r#"{"index":1}"#, some(":1")),
        ("{}", None),
        ("null", None),
        (r#"{"Index":2,"Type":"html"}"#, some("html:2")),
        ("4", some("4")),
    ] {
        assert_eq!(
            read_object("click", &format!(r#","url_offset":{offset}"#)).url_offset,
            expected,
            "{offset}"
        );
    }
}

#[test]
fn of_a_key_that_is_there_twice_the_last_counts() {
    let event =
        read_object("open", r#","email":"second@example.org","order":"1","order":"2","ip":"1","ip":null"#);
    assert_eq!(event.email, some("second@example.org"));
    assert_eq!((event.custom_args, event.ip), (some(r#"{"order":"2"}"#), None));
    assert_eq!(read_object("open", r#","event":"click""#).kind, EventKind::Click);
}
