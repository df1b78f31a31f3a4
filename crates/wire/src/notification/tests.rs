use super::*;
use serde_json::{Value, json};

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn failure(reason: &str) -> Failure {
    Failure {
        reason: Some(reason.to_owned()),
        smtp_status: Some("5.1.1".to_owned()),
        classification: Some("Invalid Address".to_owned()),
        correlated_by: None,
    }
}

fn body() -> Body<'static> {
    Body {
        kind: NotificationType::Delivered,
        source: "shop",
        sg_message_id: Some("kQ4mZ1x7TnyVbA2cR9pL0w.recvd-6c5f9d8b7-x2x9z-1-65F1A2B3-1C.0"),
        recipient: Some("reader@example.org"),
        status: Some(Status::Opened),
        previous_status: Some(Status::Processed),
        sequence: Some(1),
        implied: true,
        machine_open: false,
        occurred_at: at(1_710_334_643),
        received_at: at(1_710_334_650),
        failure: None,
        categories: None,
        custom_args: None,
        standing: None,
        account_status: None,
    }
}

fn parsed(body: &Body<'_>) -> Value {
    serde_json::from_slice(&render(body)).unwrap()
}

#[test]
fn a_body_is_rendered_to_these_very_bytes() {
    let categories = ["receipts".to_owned()];
    let body = Body { categories: Some(&categories), custom_args: Some(r#"{"order":"n°7"}"#), ..body() };
    let expected = concat!(
        r#"{"type":"message.delivered","timestamp":"2024-03-13T12:57:23Z","data":{"source":"shop","#,
        r#""message_id":"kQ4mZ1x7TnyVbA2cR9pL0w","#,
        r#""sg_message_id":"kQ4mZ1x7TnyVbA2cR9pL0w.recvd-6c5f9d8b7-x2x9z-1-65F1A2B3-1C.0","#,
        r#""recipient":"reader@example.org","status":"opened","previous_status":"processed","sequence":1,"#,
        r#""implied":true,"machine_open":false,"occurred_at":"2024-03-13T12:57:23Z","#,
        r#""received_at":"2024-03-13T12:57:30Z","failure":null,"categories":["receipts"],"#,
        r#""custom_args":{"order":"n°7"}}}"#,
    );
    assert_eq!(String::from_utf8(render(&body)).unwrap(), expected);
}

#[test]
fn a_failure_says_its_kind_and_everything_known_of_it() {
    let failure = Failure { correlated_by: Some(CorrelatedBy::Recipient), ..failure("550 no such user") };
    let body = Body { failure: Some((Status::Blocked, &failure)), ..body() };
    let expected = json!({
        "kind": "blocked", "reason": "550 no such user", "reason_truncated": false, "smtp_status": "5.1.1",
        "classification": "Invalid Address", "correlated_by": "recipient",
    });
    assert_eq!(parsed(&body)["data"]["failure"], expected);
    let unknown = Failure::default();
    let body = Body { failure: Some((Status::Bounced, &unknown)), ..body };
    let expected = json!({
        "kind": "bounced", "reason": null, "reason_truncated": false, "smtp_status": null,
        "classification": null, "correlated_by": null,
    });
    assert_eq!(parsed(&body)["data"]["failure"], expected);
}

#[test]
fn a_long_reason_is_cut_between_characters_and_flagged() {
    for (reason, kept, cut) in [
        ("a".repeat(REASON_BYTES_MAX), REASON_BYTES_MAX, false),
        ("a".repeat(REASON_BYTES_MAX + 1), REASON_BYTES_MAX, true),
        (format!("{}é", "a".repeat(REASON_BYTES_MAX - 1)), REASON_BYTES_MAX - 1, true),
        ("😀".repeat(REASON_BYTES_MAX), REASON_BYTES_MAX, true),
        (String::new(), 0, false),
    ] {
        let failure = failure(&reason);
        let rendered = parsed(&Body { failure: Some((Status::Bounced, &failure)), ..body() });
        let rendered = &rendered["data"]["failure"];
        assert_eq!(rendered["reason"].as_str().map(str::len), Some(kept));
        assert!(reason.starts_with(rendered["reason"].as_str().unwrap()));
        assert_eq!(rendered["reason_truncated"], cut);
    }
}

#[test]
fn facts_about_a_recipient_have_no_message_and_no_sequence() {
    use domain::Standing::{Bounced, Ok};
    let change = StandingChange { group: None, standing: Bounced, previous: Ok };
    let rendered = parsed(&Body {
        kind: NotificationType::RecipientSuppressed,
        sg_message_id: None,
        status: None,
        previous_status: None,
        sequence: None,
        standing: Some(Standing { change, reason: Some("550 no such user") }),
        ..body()
    });
    assert_eq!(rendered["type"], "recipient.suppressed");
    let standing = json!({
        "current": "bounced", "previous": "ok", "group_id": null, "reason": "550 no such user",
        "reason_truncated": false,
    });
    assert_eq!(rendered["data"]["standing"], standing);
    assert_eq!(rendered["data"].get("account"), None);
    for absent in ["message_id", "sg_message_id", "status", "previous_status", "sequence"] {
        assert_eq!(rendered["data"].get(absent), Some(&Value::Null), "{absent}");
    }
}

#[test]
fn what_sendgrid_said_of_the_account_is_told_also_when_it_said_nothing() {
    for status in [Some("compliance_suspend"), None] {
        let kind = NotificationType::AccountStatusChanged;
        let rendered = parsed(&Body { kind, account_status: status, recipient: None, ..body() });
        assert_eq!(rendered["data"]["account"], json!({ "status": status }));
    }
    assert_eq!(parsed(&body())["data"].get("account"), None);
}

#[test]
fn nobody_is_told_as_null() {
    for recipient in [None, Some("")] {
        let rendered = parsed(&Body { recipient, ..body() });
        assert_eq!(rendered["data"].get("recipient"), Some(&Value::Null));
    }
}

#[test]
fn custom_arguments_that_are_no_json_are_told_as_text() {
    let rendered = parsed(&Body { custom_args: Some(r#"{"a":"#), ..body() });
    assert_eq!(rendered["data"]["custom_args"], r#"{"a":"#);
}

#[test]
fn hostile_text_stays_inside_its_string() {
    let rendered = parsed(&Body { source: "a\",\"b\":\"\u{0}\n", ..body() });
    assert_eq!(rendered["data"]["source"], "a\",\"b\":\"\u{0}\n");
}

#[test]
fn one_fact_has_one_id_and_every_other_fact_another() {
    let mut ids = Vec::new();
    for source in [SourceId(1), SourceId(2)] {
        for key in [[1; 16], [2; 16]] {
            for kind in NotificationType::ALL {
                let id = webhook_id(source, MessageKey(key), kind);
                assert_eq!(id, webhook_id(source, MessageKey(key), kind));
                ids.extend([id, webhook_id_of_event(source, EventKey(key), kind)]);
            }
        }
    }
    let count = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), count);
}

#[test]
fn ids_told_to_consumers_never_change() {
    let id = webhook_id(SourceId(1), MessageKey([7; 16]), NotificationType::Seen);
    assert_eq!(webhook_id_text(&id), "msg_dd960f0deb5b35fe26e4035b241186da");
    assert!(!webhook_id_text(&id).contains('.'));
}
