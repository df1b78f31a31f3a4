//! What the schema refuses. Without this, a schema that allows everything would pass every other test here.

use crate::contract::Contract;
use crate::examples;
use domain::NotificationType;
use serde_json::{Value, json};
use wire::notification::render;

fn all() -> Vec<Value> {
    examples::all().iter().map(|body| serde_json::from_slice(&render(body)).unwrap()).collect()
}

fn example(kind: NotificationType) -> Value {
    all().into_iter().find(|body| body["type"] == kind.as_str()).unwrap()
}

/// Where the objects are that the schema describes, as JSON pointers.
fn objects(body: &Value) -> Vec<&'static str> {
    let every = ["", "/data", "/data/failure", "/data/standing", "/data/account"];
    every.into_iter().filter(|object| body.pointer(object).is_some_and(Value::is_object)).collect()
}

#[test]
fn a_key_that_is_missing_or_renamed_is_refused() {
    let published = Contract::published();
    for body in all() {
        for object in objects(&body) {
            for key in body.pointer(object).unwrap().as_object().unwrap().keys() {
                let mut damaged = body.clone();
                let keys = damaged.pointer_mut(object).unwrap().as_object_mut().unwrap();
                let value = keys.remove(key).unwrap();
                assert!(published.check(&damaged).is_err(), "{object}/{key} can be missing");
                let keys = damaged.pointer_mut(object).unwrap().as_object_mut().unwrap();
                keys.insert(format!("{key}_"), value);
                assert!(published.check(&damaged).is_err(), "{object}/{key} can be called {key}_");
            }
        }
    }
}

#[test]
fn a_key_that_is_not_described_is_refused_here_and_ignored_by_consumers() {
    let (published, closed) = (Contract::published(), Contract::closed());
    for body in all() {
        for object in objects(&body) {
            let mut richer = body.clone();
            richer.pointer_mut(object).unwrap()["news"] = json!(1);
            assert!(closed.check(&richer).is_err(), "{object} takes any key");
            published.check(&richer).unwrap_or_else(|error| panic!("{object} cannot grow: {error}"));
        }
    }
}

#[test]
fn a_body_under_another_type_is_refused() {
    let published = Contract::published();
    let facts = [NotificationType::Complained, NotificationType::Unsubscribed].map(NotificationType::as_str);
    for body in all() {
        // A fact can be told at any status, so it looks like any step but a failure and a machine's open.
        let data = &body["data"];
        let of_message =
            data["sequence"].is_u64() && data["failure"].is_null() && data["machine_open"] == false;
        for kind in NotificationType::ALL.map(NotificationType::as_str) {
            let mut other = body.clone();
            other["type"] = json!(kind);
            let same = body["type"] == kind || (of_message && facts.contains(&kind));
            assert_eq!(published.check(&other).is_ok(), same, "{} as {kind}", body["type"]);
        }
    }
}

#[test]
fn a_value_outside_its_set_is_refused() {
    use NotificationType as Type;
    let published = Contract::published();
    let refused = [
        (Type::Delivered, "/type", vec![json!("message.arrived"), json!(null), json!(1)]),
        (
            Type::Delivered,
            "/timestamp",
            vec![json!("2024-03-13"), json!("2024-03-13T12:57:23+01:00"), json!(1_710_334_643)],
        ),
        (Type::Delivered, "/data", vec![json!(null), json!([]), json!({})]),
        (Type::Delivered, "/data/occurred_at", vec![json!(null), json!("2024-02-30T00:00:00Z")]),
        (Type::Delivered, "/data/received_at", vec![json!(null), json!("now Z")]),
        (Type::Delivered, "/data/source", vec![json!(null), json!("")]),
        (Type::Delivered, "/data/message_id", vec![json!(null)]),
        (Type::Delivered, "/data/sg_message_id", vec![json!(null), json!("")]),
        (Type::Delivered, "/data/recipient", vec![json!("")]),
        (
            Type::Delivered,
            "/data/status",
            vec![json!(null), json!("sent"), json!("opened"), json!("processed")],
        ),
        (Type::Delivered, "/data/previous_status", vec![json!(null), json!("delivered"), json!("bounced")]),
        (Type::Delivered, "/data/sequence", vec![json!(0), json!(-1), json!(1.5), json!("1"), json!(null)]),
        (Type::Delivered, "/data/implied", vec![json!(true), json!(null), json!("false")]),
        (Type::Delivered, "/data/machine_open", vec![json!(true), json!(null)]),
        (Type::Delivered, "/data/categories", vec![json!([]), json!("one"), json!([1])]),
        (Type::Delivered, "/data/custom_args", vec![json!("{}"), json!([])]),
        (Type::Delivered, "/data/failure", vec![json!({}), example(Type::Failed)["data"]["failure"].clone()]),
        (Type::Seen, "/data/implied", vec![json!(true)]),
        (Type::Seen, "/data/previous_status", vec![json!("opened")]),
        (Type::Clicked, "/data/machine_open", vec![json!(true)]),
        (Type::Failed, "/data/status", vec![json!("failed"), json!("delivered")]),
        (Type::Failed, "/data/failure", vec![json!(null)]),
        (Type::Failed, "/data/failure/kind", vec![json!("failed"), json!(null)]),
        (Type::Failed, "/data/failure/reason", vec![json!("x".repeat(2_049)), json!(550)]),
        (Type::Failed, "/data/failure/reason_truncated", vec![json!(null)]),
        (Type::Failed, "/data/failure/correlated_by", vec![json!("guess")]),
        (Type::RecipientSuppressed, "/data/recipient", vec![json!(null)]),
        (Type::RecipientSuppressed, "/data/sequence", vec![json!(1)]),
        (Type::RecipientSuppressed, "/data/status", vec![json!("bounced")]),
        (Type::RecipientSuppressed, "/data/previous_status", vec![json!("delivered")]),
        (Type::RecipientSuppressed, "/data/standing", vec![json!(null), json!({})]),
        (Type::RecipientSuppressed, "/data/standing/current", vec![json!("ok"), json!("gone"), json!(null)]),
        // Groups know no bounces.
        (Type::RecipientSuppressed, "/data/standing/group_id", vec![json!("27"), json!(27)]),
        (Type::RecipientResubscribed, "/data/standing/previous", vec![json!("ok"), json!("bounced")]),
        (Type::AccountStatusChanged, "/data/account", vec![json!(null), json!({}), json!({ "status": 1 })]),
        (Type::AccountStatusChanged, "/data/recipient", vec![json!("reader@example.org")]),
        (Type::AccountStatusChanged, "/data/sg_message_id", vec![json!("id")]),
    ];
    for (kind, place, values) in refused {
        for value in values {
            let mut body = example(kind);
            *body.pointer_mut(place).unwrap() = value.clone();
            assert!(published.check(&body).is_err(), "{} takes {value} at {place}", kind.as_str());
        }
    }
}

#[test]
fn a_key_of_other_types_is_refused_also_by_consumers() {
    let published = Contract::published();
    let standing = example(NotificationType::RecipientSuppressed)["data"]["standing"].clone();
    let account = example(NotificationType::AccountStatusChanged)["data"]["account"].clone();
    for (key, value) in [("standing", standing), ("account", account)] {
        for mut body in all().into_iter().filter(|body| body["data"].get(key).is_none()) {
            body["data"][key] = value.clone();
            assert!(published.check(&body).is_err(), "{} takes {key}", body["type"]);
        }
    }
}
