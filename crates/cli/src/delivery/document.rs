//! Deliveries as scripts and people read them. Keys may be added, never renamed or removed.

use crate::output::{self, plain, time};
use serde::Serialize;
use std::collections::HashMap;
use store::look::{Delivery, Notification};
use uuid::Uuid;

/// What deliveries tell, by (subject, type).
pub(super) type Told = HashMap<(Uuid, String), Notification>;

#[derive(Serialize)]
pub(super) struct RowDocument<'a> {
    pub id: i64,
    pub endpoint_id: i32,
    pub r#type: &'a str,
    /// `webhook-id`, the same at every attempt and in every replay. Null: retention took it.
    pub webhook_id: Option<String>,
    pub sequence: Option<i32>,
    pub state: &'a str,
    /// Begun so far.
    pub attempts: i16,
    pub created_at: String,
    /// When an unfinished one may next be looked at.
    pub due_at: Option<String>,
    pub finished_at: Option<String>,
}

impl<'a> RowDocument<'a> {
    pub(super) fn new(delivery: &'a Delivery, told: Option<&Notification>) -> Self {
        Self {
            id: delivery.id,
            endpoint_id: delivery.endpoint_id,
            r#type: &delivery.kind,
            webhook_id: told.map(|told| wire::notification::webhook_id_text(told.webhook_id.as_bytes())),
            sequence: told.and_then(|told| told.sequence),
            state: &delivery.state,
            attempts: delivery.attempts,
            created_at: time(delivery.created_at),
            due_at: delivery.due_at.map(time),
            finished_at: delivery.finished_at.map(time),
        }
    }
}

pub(super) fn rows<'a>(deliveries: &'a [Delivery], told: &Told) -> Vec<RowDocument<'a>> {
    let of = |delivery: &Delivery| told.get(&(delivery.subject_key, delivery.kind.clone()));
    deliveries.iter().map(|delivery| RowDocument::new(delivery, of(delivery))).collect()
}

pub(super) fn table(rows: &[RowDocument<'_>]) -> String {
    let columns = ["id", "endpoint", "type", "state", "attempts", "owed since", "due or ended", "webhook-id"];
    let mut table = output::table(&columns);
    for row in rows {
        table.add_row([
            row.id.to_string(),
            row.endpoint_id.to_string(),
            plain(row.r#type),
            row.state.to_owned(),
            row.attempts.to_string(),
            row.created_at.clone(),
            row.finished_at.clone().or_else(|| row.due_at.clone()).unwrap_or_else(|| "-".to_owned()),
            row.webhook_id.clone().unwrap_or_else(|| "-".to_owned()),
        ]);
    }
    table.trim_fmt()
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use jiff::Timestamp;

    pub(in super::super) fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_700_000_000 + second).unwrap()
    }

    /// One that is owed.
    pub(in super::super) fn owed(id: i64) -> Delivery {
        Delivery {
            id,
            endpoint_id: 3,
            subject_key: Uuid::from_u128(7),
            kind: "message.seen".to_owned(),
            state: "pending".to_owned(),
            attempts: 2,
            created_at: at(0),
            due_at: Some(at(60)),
            finished_at: None,
        }
    }

    /// One that ended so.
    pub(in super::super) fn ended(id: i64, state: &str) -> Delivery {
        Delivery { state: state.to_owned(), due_at: None, finished_at: Some(at(id)), ..owed(id) }
    }

    pub(in super::super) fn told() -> Notification {
        Notification {
            subject_key: Uuid::from_u128(7),
            kind: "message.seen".to_owned(),
            webhook_id: Uuid::from_u128(9),
            sequence: Some(2),
            implied: false,
            status: Some("opened".to_owned()),
            occurred_at: at(-5),
            created_at: at(0),
        }
    }

    #[test]
    fn a_delivery_is_shown_with_the_id_that_its_consumer_knows() {
        let told = Told::from([((Uuid::from_u128(7), "message.seen".to_owned()), told())]);
        let (owed, ended) = ([owed(1)], [ended(2, "exhausted")]);
        let json = serde_json::to_value(rows(&owed, &told)).unwrap();
        assert_eq!(json[0]["webhook_id"], "msg_00000000000000000000000000000009");
        assert_eq!(
            (json[0]["due_at"].as_str(), json[0]["sequence"].as_i64()),
            (Some("2023-11-14T22:14:20Z"), Some(2))
        );
        assert!(json[0]["finished_at"].is_null());
        let json = serde_json::to_value(rows(&ended, &Told::new())).unwrap();
        assert!(json[0]["webhook_id"].is_null() && json[0]["due_at"].is_null());
        assert_eq!(json[0]["finished_at"], "2023-11-14T22:13:22Z");
    }

    #[test]
    fn types_from_the_database_cannot_steer_the_terminal() {
        let odd = [Delivery { kind: "x\u{1b}[2J".to_owned(), ..owed(1) }];
        assert!(!table(&rows(&odd, &Told::new())).contains('\u{1b}'));
    }
}
