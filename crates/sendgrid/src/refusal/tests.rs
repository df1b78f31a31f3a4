use super::*;
use serde_json::json;

fn read_json(status: u16, body: &Value) -> Error {
    read(status, body.to_string().as_bytes(), Duration::ZERO)
}

fn said(messages: &[&str]) -> Said {
    Said::new(messages.iter().map(|message| (*message).to_owned()))
}

#[test]
fn each_status_has_its_error_and_keeps_the_words() {
    let body = json!({ "errors": [{ "message": "authorization required", "field": null, "help": null }] });
    let said = said(&["authorization required"]);
    assert_eq!(read_json(401, &body), Error::Unauthorized { said: said.clone() });
    assert_eq!(read_json(403, &body), Error::Forbidden { said: said.clone() });
    assert_eq!(read_json(404, &body), Error::NotFound { said: said.clone() });
    for status in [302, 400, 405, 409, 500, 503] {
        assert_eq!(read_json(status, &body), Error::Refused { status, said: said.clone() });
    }
    let wait = Duration::from_secs(17);
    assert_eq!(read(429, body.to_string().as_bytes(), wait), Error::RateLimited { retry_after: wait, said });
}

#[test]
fn a_field_that_is_the_text_null_changes_nothing() {
    let body = json!({ "errors": [{ "message": "access forbidden", "field": "null" }] });
    assert_eq!(read_json(403, &body), Error::Forbidden { said: said(&["access forbidden"]) });
}

#[test]
fn messages_are_found_wherever_they_are() {
    for body in [
        json!({ "errors": [{ "message": "no" }, { "message": null }, {}, 3, null] }),
        json!({ "errors": ["no"] }),
        json!({ "errors": { "message": "no" } }),
        json!({ "error": "no" }),
        json!({ "error": { "message": "no" } }),
        json!({ "message": "no" }),
        json!("no"),
    ] {
        assert_eq!(read_json(403, &body), Error::Forbidden { said: said(&["no"]) }, "{body}");
    }
    for body in [&b"<html>no</html>"[..], b"", b"{\"errors\":[{\"mess", b"[]", b"{}", b"null", b"\xff"] {
        assert_eq!(read(403, body, Duration::ZERO), Error::Forbidden { said: Said::default() }, "{body:?}");
    }
}

#[test]
fn a_url_that_is_taken_names_its_holder() {
    let message = "Webhook at 'https://example.com' already exists. Please provide a unique URL.";
    let body = json!({ "errors": [
        { "id": "123abc456def890ghi", "message": message, "url": "https://example.com" },
    ] });
    assert_eq!(
        read_json(400, &body),
        Error::AlreadyExists {
            id: WebhookId::parse("123abc456def890ghi"),
            url: Some("https://example.com".to_owned()),
            said: said(&[message]),
        }
    );
    let body = json!({ "errors": [{ "message": message, "id": "null" }] });
    assert_eq!(read_json(400, &body), Error::AlreadyExists { id: None, url: None, said: said(&[message]) });
}

#[test]
fn what_the_plan_does_not_include_is_told_apart() {
    for message in [
        "You have reached the maximum number of webhooks per your current billing plan.",
        "This webhook cannot be modified based on your current billing plan.",
    ] {
        let body = json!({ "errors": [{ "message": message }] });
        assert_eq!(read_json(400, &body), Error::PlanLimit { said: said(&[message]) });
    }
    let body = json!({ "errors": [{ "message": "'https://example.com' is not a valid url" }] });
    assert!(matches!(read_json(400, &body), Error::Refused { status: 400, .. }));
}

#[test]
fn an_answer_that_is_not_json_is_described_without_repeating_it_whole() {
    assert_eq!(not_json(b""), "it is empty");
    assert!(not_json(b"\n<!doctype html><p>").contains("HTML"));
    let long = not_json(&[b'x'; 10_000]);
    assert!(long.contains("10000 bytes") && long.len() < 200, "{long}");
}
