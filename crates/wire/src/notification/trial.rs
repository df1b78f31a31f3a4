//! The notification that a person sends to try an endpoint out. It tells of nothing that happened, and says so.

use crate::hash::FieldHash;
use jiff::Timestamp;
use serde::Serialize;

/// Its type. No endpoint asks for it, and every endpoint can be sent it.
pub const TEST_TYPE: &str = "endpoint.test";

#[derive(Serialize)]
struct Rendered {
    r#type: &'static str,
    timestamp: String,
    data: Data,
}

#[derive(Serialize)]
struct Data {
    test: bool,
    endpoint_id: i32,
}

/// The body's bytes, as `schema/endpoint.test.schema.json` describes them.
#[must_use]
pub fn test_body(endpoint_id: i32, at: Timestamp) -> Vec<u8> {
    let rendered =
        Rendered { r#type: TEST_TYPE, timestamp: at.to_string(), data: Data { test: true, endpoint_id } };
    serde_json::to_vec(&rendered).expect("no field of it can fail to serialise")
}

/// Its id; `subject` is random, so that each test is a fact of its own.
#[must_use]
pub fn webhook_id_of_test(subject: &[u8; 16]) -> [u8; 16] {
    FieldHash::new("webhook of test").bytes(subject).finish()
}
