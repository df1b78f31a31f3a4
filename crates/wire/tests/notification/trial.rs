//! The notification that tries an endpoint out: its own schema, and its example.

use crate::contract::Contract;
use jiff::Timestamp;
use serde_json::{Value, json};
use std::collections::HashSet;
use wire::notification::{TEST_TYPE, test_body, webhook_id_of_test};

/// With the line's end that the file has.
const EXAMPLE: &str = include_str!("../../schema/examples/endpoint.test.json");

fn example() -> Value {
    serde_json::from_str(EXAMPLE).unwrap()
}

#[test]
fn the_example_of_a_test_is_what_is_sent_byte_for_byte_and_as_its_schema_says() {
    let sent = test_body(3, Timestamp::from_second(1_710_334_643).unwrap());
    assert_eq!(EXAMPLE, String::from_utf8(sent).unwrap() + "\n");
    Contract::of_test().check(&example()).unwrap();
}

#[test]
fn a_test_cannot_be_taken_for_anything_that_happened() {
    assert!(Contract::published().check(&example()).is_err());
    assert!(domain::NotificationType::parse(TEST_TYPE).is_none());
}

#[test]
fn the_schema_of_a_test_refuses_every_other_body() {
    let contract = Contract::of_test();
    for body in crate::examples::all() {
        assert!(
            contract.check(&serde_json::from_slice(&wire::notification::render(&body)).unwrap()).is_err()
        );
    }
    for (pointer, value) in [
        ("/type", json!("message.delivered")),
        ("/timestamp", json!("yesterday")),
        ("/data", json!(null)),
        ("/data/test", json!(false)),
        ("/data/endpoint_id", json!("3")),
        ("/data/endpoint_id", json!(0)),
    ] {
        let mut damaged = example();
        *damaged.pointer_mut(pointer).unwrap() = value;
        assert!(contract.check(&damaged).is_err(), "{pointer}");
    }
    for (object, key) in
        [("", "type"), ("", "timestamp"), ("", "data"), ("/data", "test"), ("/data", "endpoint_id")]
    {
        let mut damaged = example();
        damaged.pointer_mut(object).unwrap().as_object_mut().unwrap().remove(key);
        assert!(contract.check(&damaged).is_err(), "{object}/{key} can be missing");
    }
}

#[test]
fn each_test_has_an_id_of_its_own() {
    let ids: HashSet<_> = (0_u8..=255).map(|byte| webhook_id_of_test(&[byte; 16])).collect();
    assert_eq!(ids.len(), 256);
}
