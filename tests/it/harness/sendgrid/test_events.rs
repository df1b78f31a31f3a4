//! What *Test Your Integration* posts: one event of each of eleven types, all at once, all about the same made-up mail,
//! with `<` and `>` escaped, which real traffic leaves as they are.

use crate::harness::clock::now_seconds;
use serde_json::{Value, json};

/// In SendGrid's order.
const EVENTS: [&str; 11] = [
    "processed",
    "deferred",
    "delivered",
    "open",
    "click",
    "bounce",
    "dropped",
    "spamreport",
    "unsubscribe",
    "group_unsubscribe",
    "group_resubscribe",
];

/// The body, byte for byte.
pub(super) fn body() -> String {
    let events: Vec<_> = EVENTS.iter().enumerate().map(|(number, event)| element(number, event)).collect();
    let lines: Vec<_> = events.iter().map(Value::to_string).collect();
    let body = format!("[{}]\r\n", lines.join(",\r\n"));
    body.replace('<', "\\u003c").replace('>', "\\u003e")
}

fn element(number: usize, event: &str) -> Value {
    let mut element = json!({
        "email": "example@test.com",
        "timestamp": now_seconds(),
        "smtp-id": "<16b4a1f2c03.aa1.5d0be9@ismtpd-101>",
        "event": event,
        "category": ["cat facts"],
        "sg_event_id": format!("dGVzdC1ldmVudC0{number:02}Xw=="),
        "sg_message_id": "16b4a1f2c03.aa1.5d0be9.filter0001.24617.65523F1A1.0",
    });
    let more = match event {
        "deferred" => json!({ "response": "400 try again later", "attempt": "5" }),
        "delivered" => json!({ "response": "250 OK" }),
        "open" => json!({ "useragent": "Mozilla/4.0 (compatible)", "ip": "255.255.255.255" }),
        "click" => json!({
            "useragent": "Mozilla/4.0 (compatible)", "ip": "255.255.255.255", "url": "http://www.sendgrid.com/",
        }),
        "bounce" => json!({ "reason": "500 unknown recipient", "status": "5.0.0" }),
        "dropped" => json!({ "reason": "Bounced Address", "status": "5.0.0" }),
        "group_unsubscribe" | "group_resubscribe" => json!({
            "useragent": "Mozilla/4.0 (compatible)", "ip": "255.255.255.255", "url": "http://www.sendgrid.com/",
            "asm_group_id": 10,
        }),
        _ => json!({}),
    };
    for (name, value) in more.as_object().unwrap() {
        element[name] = value.clone();
    }
    element
}
