//! The JSON Schema, compiled.

use boon::{Compiler, SchemaIndex, Schemas};
use domain::{CorrelatedBy, NotificationType, Standing, Status};
use serde_json::{Value, json};

const LOCATION: &str = "notification.schema.json";

/// A schema that bodies are checked against.
pub(crate) struct Contract {
    schemas: Schemas,
    index: SchemaIndex,
}

impl Contract {
    /// As consumers have it: keys that it does not know are none of its business.
    pub(crate) fn published() -> Self {
        Self::compile(schema())
    }

    /// The same, but every key has to be described. So a key that is sent and not described fails a test.
    pub(crate) fn closed() -> Self {
        let mut schema = schema();
        assert_eq!(close(&mut schema), 5, "the body, data, failure, standing and account");
        Self::compile(schema)
    }

    /// Of the notification that tries an endpoint out.
    pub(crate) fn of_test() -> Self {
        Self::compile(serde_json::from_str(include_str!("../../schema/endpoint.test.schema.json")).unwrap())
    }

    fn compile(schema: Value) -> Self {
        let (mut compiler, mut schemas) = (Compiler::new(), Schemas::new());
        compiler.enable_format_assertions();
        compiler.add_resource(LOCATION, schema).unwrap();
        // Also checks the schema itself, against that of its draft.
        let index = compiler.compile(LOCATION, &mut schemas).unwrap_or_else(|error| panic!("{error:#}"));
        Self { schemas, index }
    }

    pub(crate) fn check(&self, body: &Value) -> Result<(), String> {
        self.schemas.validate(body, self.index).map_err(|error| format!("{error:#}"))
    }
}

fn schema() -> Value {
    serde_json::from_str(include_str!("../../schema/notification.schema.json")).unwrap()
}

/// Forbids keys beyond those described, in every object that is described whole; returns how many there are.
/// The conditions name a few keys each and say so by not giving a type.
fn close(schema: &mut Value) -> usize {
    match schema {
        Value::Object(keywords) => {
            let whole = keywords.get("type") == Some(&json!("object")) && keywords.contains_key("properties");
            let below: usize = keywords.values_mut().map(close).sum();
            if whole {
                keywords.insert("additionalProperties".to_owned(), json!(false));
            }
            below + usize::from(whole)
        }
        Value::Array(values) => values.iter_mut().map(close).sum(),
        _ => 0,
    }
}

#[test]
fn closed_sets_are_those_of_the_code() {
    let schema = schema();
    let definitions = &schema["$defs"];
    let correlated_by = CorrelatedBy::ALL.map(|by| json!(by.as_str())).into_iter().chain([Value::Null]);
    for (shown, expected) in [
        (&schema["properties"]["type"], json!(NotificationType::ALL.map(NotificationType::as_str))),
        (&definitions["status"], json!(Status::ALL.map(Status::as_str))),
        (&definitions["standingName"], json!(Standing::ALL.map(Standing::as_str))),
        (&definitions["failure"]["properties"]["correlated_by"], correlated_by.collect()),
    ] {
        assert_eq!(shown["enum"], expected);
    }
}

#[test]
fn the_schema_describes_every_key_for_its_reader() {
    let schema = schema();
    let objects = ["data", "failure", "standing", "account"].map(|name| &schema["$defs"][name]);
    for object in objects.into_iter().chain([&schema]) {
        for (name, key) in object["properties"].as_object().unwrap() {
            assert!(key["description"].is_string() || name == "data", "{name} has no description");
        }
    }
}
