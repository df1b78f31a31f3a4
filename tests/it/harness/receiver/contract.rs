//! The published JSON Schema of notifications, compiled once: what a consumer may rely on.

use boon::{Compiler, SchemaIndex, Schemas};
use serde_json::{Value, json};
use std::sync::LazyLock;

const LOCATION: &str = "notification.schema.json";

static CONTRACT: LazyLock<(Schemas, SchemaIndex)> = LazyLock::new(|| {
    let text = include_str!("../../../../crates/wire/schema/notification.schema.json");
    let mut schema = serde_json::from_str(text).unwrap();
    forbid_other_keys(&mut schema);
    let (mut compiler, mut schemas) = (Compiler::new(), Schemas::new());
    compiler.enable_format_assertions();
    compiler.add_resource(LOCATION, schema).unwrap();
    let index = compiler.compile(LOCATION, &mut schemas).unwrap();
    (schemas, index)
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
    let (schemas, index) = &*CONTRACT;
    schemas
        .validate(&body, *index)
        .unwrap_or_else(|error| panic!("{body:#}\nis not as published: {error:#}"));
}
