//! The published JSON Schemas of notifications and of test notifications, compiled once: what a consumer may rely on.

use boon::{Compiler, SchemaIndex, Schemas};
use serde_json::{Value, json};
use std::sync::LazyLock;

struct Contract {
    schemas: Schemas,
    notification: SchemaIndex,
    test: SchemaIndex,
}

static CONTRACT: LazyLock<Contract> = LazyLock::new(|| {
    let (mut compiler, mut schemas) = (Compiler::new(), Schemas::new());
    compiler.enable_format_assertions();
    let mut compile = |location: &str, text: &str| {
        let mut schema = serde_json::from_str(text).unwrap();
        forbid_other_keys(&mut schema);
        compiler.add_resource(location, schema).unwrap();
        compiler.compile(location, &mut schemas).unwrap()
    };
    let notification = include_str!("../../../../crates/wire/schema/notification.schema.json");
    let test = include_str!("../../../../crates/wire/schema/endpoint.test.schema.json");
    let notification = compile("notification.schema.json", notification);
    let test = compile("endpoint.test.schema.json", test);
    Contract { schemas, notification, test }
});

/// Consumers ignore keys that they do not know. Here one is a key that nobody described.
fn forbid_other_keys(schema: &mut Value) {
    match schema {
        Value::Object(keywords) => {
            let whole = keywords.get("type") == Some(&json!("object")) && keywords.contains_key("properties");
            keywords.values_mut().for_each(forbid_other_keys);
            if whole {
                keywords.insert("additionalProperties".to_owned(), json!(false));
            }
        }
        Value::Array(values) => values.iter_mut().for_each(forbid_other_keys),
        _ => {}
    }
}

/// # Panics
/// When the body is not as published.
pub(super) fn hold(body: &[u8]) {
    let body: Value = serde_json::from_slice(body).expect("a notification is JSON");
    let contract = &*CONTRACT;
    let index = if body["type"] == "endpoint.test" { contract.test } else { contract.notification };
    contract
        .schemas
        .validate(&body, index)
        .unwrap_or_else(|error| panic!("{body:#}\nis not as published: {error:#}"));
}
