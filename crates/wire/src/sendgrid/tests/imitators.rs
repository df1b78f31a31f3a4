//! What test tools, simulators and other serialisers make of SendGrid's events.

use super::*;
use QuarantineReason as Reason;
use domain::EventKind;

fn some<T: From<&'static str>>(text: &'static str) -> Option<T> {
    Some(text.into())
}

#[test]
fn a_serialiser_that_writes_keys_in_its_own_case_is_understood() {
    let theirs = event(
        r#"{"Event":"Bounce","Email":"Reader@example.org","Timestamp":"1710334643","SG_Event_Id":"e","SG_Message_Id":"m.n",
            "Smtp-Id":"<x@y>","Type":"blocked","Reason":"busy","Status":"4.2.2","OrderNo":"A-1","Unique_Args":{"Id":"7"}}"#,
    );
    let ours = read_object(
        "bounce",
        r#","sg_event_id":"e","sg_message_id":"m.n","smtp-id":"<x@y>","type":"blocked","reason":"busy",
           "status":"4.2.2","OrderNo":"A-1","unique_args":{"Id":"7"}"#,
    );
    assert_eq!(theirs, ours);
    assert_eq!(
        (theirs.kind, theirs.custom_args),
        (EventKind::Blocked, some(r#"{"Id":"7","OrderNo":"A-1"}"#))
    );
}

#[test]
fn only_who_writes_the_event_in_another_case_is_read_without_case() {
    let element = r#"{"event":"open","Email":"reader@example.org","timestamp":1710334643}"#;
    assert_eq!(refused(element), Reason::MissingEmail);
    // SendGrid's own key is there, so the other is the sender's, whatever they say.
    let element = r#"{"event":"","Event":"open","email":"reader@example.org","timestamp":1710334643}"#;
    assert_eq!(refused(element), Reason::MissingEvent);
}

#[test]
fn of_keys_in_several_cases_the_last_counts() {
    let element = r#"{"EVENT":"open","Event":"click","EMAIL":"a@example.org","email":"b@example.org","Timestamp":1710334643}"#;
    let event = event(element);
    assert_eq!((event.kind, event.email, event.custom_args), (EventKind::Click, some("b@example.org"), None));
}

#[test]
fn every_field_may_be_null() {
    for name in [
        "processed",
        "dropped",
        "delivered",
        "deferred",
        "bounce",
        "open",
        "click",
        "spamreport",
        "unsubscribe",
        "group_unsubscribe",
        "group_resubscribe",
        "account_status_change",
        "novelty",
    ] {
        let bare = read_object(name, "");
        let nulls = read_object(
            name,
            r#","sg_event_id":null,"sg_message_id":null,"smtp-id":null,"category":null,"asm_group_id":null,
               "unique_args":null,"sg_machine_open":null,"newsletter":null,"sg_content_type":null"#,
        );
        assert_eq!(bare, nulls, "{name}");
    }
    for (name, members) in [
        (
            "bounce",
            r#","reason":null,"status":null,"type":null,"bounce_classification":null,"ip":null,"tls":null"#,
        ),
        ("deferred", r#","response":null,"attempt":null,"ip":null"#),
        ("click", r#","url":null,"url_offset":null,"useragent":null,"ip":null"#),
        ("processed", r#","pool":null,"send_at":null"#),
    ] {
        assert_eq!(read_object(name, ""), read_object(name, members), "{name}");
    }
}

#[test]
fn a_field_of_a_senseless_type_is_absent_and_harms_no_other() {
    for odd in ["true", "[]", "{}", r#"["a"]"#, r#"{"a":1}"#] {
        let members = format!(
            r#","reason":{odd},"status":{odd},"type":{odd},"ip":{odd},"attempt":{odd},"sg_message_id":{odd},
               "asm_group_id":{odd},"bounce_classification":{odd},"order":"A-1""#
        );
        let expected = read_object("bounce", r#","order":"A-1""#);
        assert_eq!(read_object("bounce", &members), expected, "{odd}");
    }
}

#[test]
fn numbers_stand_for_the_text_that_they_are_written_as() {
    let event = read_object(
        "click",
        r#","sg_event_id":17,"sg_message_id":1.50,"smtp-id":1e400,"useragent":7,"url":0,"ip":-1,"category":[1.0,"x"]"#,
    );
    assert_eq!(
        (event.sg_event_id, event.sg_message_id, event.smtp_id),
        (some("17"), some("1.50"), some("1e400"))
    );
    assert_eq!((event.useragent, event.url, event.ip), (some("7"), some("0"), some("-1")));
    assert_eq!(event.categories, Some(vec!["1.0".to_owned(), "x".to_owned()]));
}

#[test]
fn texts_in_escapes_are_the_texts_themselves() {
    let escaped = read_object(
        "click",
        r#","url":"https:\/\/example.org\/?a=1\u0026b=\u003c2\u003e","useragent":"\ud83d\ude00\u00e9","n\u00e4me":"\u00fc""#,
    );
    let plain =
        read_object("click", r#","url":"https://example.org/?a=1&b=<2>","useragent":"😀é","näme":"ü""#);
    assert_eq!(escaped, plain);
    assert!(!plain.lossy);
}

/// Names of SendGrid's other interfaces (Email Activity, Email Logs) are not the webhook's.
#[test]
fn a_name_that_only_resembles_an_event_is_kept_as_unknown() {
    for name in
        ["bounced", "opened", "clicked", "spam report", "groupUnsubscribe", "drop", "cancel_drop", "received"]
    {
        let event = read_object(name, r#","type":"blocked""#);
        assert_eq!(
            (event.kind, event.name, event.failure),
            (EventKind::Unknown, name.to_lowercase().into(), None)
        );
    }
}

#[test]
fn types_of_a_bounce_other_than_blocked_are_bounces() {
    for (type_, kind, kept) in [
        (r#""bounce""#, EventKind::Bounce, some("bounce")),
        (r#""expired""#, EventKind::Bounce, some("expired")),
        (r#"" BLOCKED ""#, EventKind::Blocked, some("blocked")),
        (r#""""#, EventKind::Bounce, None),
        ("5", EventKind::Bounce, some("5")),
    ] {
        let event = read_object("bounce", &format!(r#","type":{type_}"#));
        assert_eq!((event.kind, event.type_), (kind, kept), "{type_}");
    }
    let alias = read_object("Blocked", r#","type":"bounce""#);
    assert_eq!((alias.kind, alias.type_), (EventKind::Blocked, some("blocked")));
    assert_eq!(read_object("dropped", r#","type":"blocked""#).kind, EventKind::Dropped);
}
