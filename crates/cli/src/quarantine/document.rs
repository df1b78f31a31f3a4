//! Quarantined rows as scripts and people read them. Keys may be added, never renamed or removed.

use crate::output::{self, plain, time};
use serde::Serialize;
use store::look::Quarantined;
use store::quarantine::WHOLE_BATCH;
use uuid::Uuid;

#[derive(Serialize)]
pub(super) struct RowDocument<'a> {
    pub id: i64,
    pub batch: Uuid,
    /// Null: the batch as a whole.
    pub ordinal: Option<i32>,
    /// Null: no such source.
    pub source: Option<&'a str>,
    pub received_at: String,
    /// Why it was held in the first place.
    pub reason: &'a str,
    pub detail: &'a str,
    pub state: &'a str,
    /// What a released element ended as; null for a whole batch, whose elements end in many ways.
    pub became: Option<&'a str>,
    /// When its release was last tried in vain.
    pub tried_at: Option<String>,
    /// Why that was in vain, as `reason: detail`.
    pub last_refusal: Option<&'a str>,
    pub settled_at: Option<String>,
    pub bytes: i64,
}

impl<'a> From<&'a Quarantined> for RowDocument<'a> {
    fn from(row: &'a Quarantined) -> Self {
        Self {
            id: row.id,
            batch: row.batch_id,
            ordinal: ordinal(row),
            source: row.source.as_deref(),
            received_at: time(row.received_at),
            reason: &row.reason,
            detail: &row.detail,
            state: &row.state,
            became: row.became.as_deref(),
            tried_at: row.tried_at.map(time),
            last_refusal: row.last_refusal.as_deref(),
            settled_at: row.settled_at.map(time),
            bytes: row.bytes,
        }
    }
}

/// Position in the batch; `None`: the batch as a whole.
pub(super) fn ordinal(row: &Quarantined) -> Option<i32> {
    (row.ordinal != WHOLE_BATCH).then_some(row.ordinal)
}

/// The position as people read it.
pub(super) fn place(row: &Quarantined) -> String {
    ordinal(row).map_or_else(|| "whole".to_owned(), |ordinal| ordinal.to_string())
}

/// The state as people read it, with what came of it.
pub(super) fn state(row: &Quarantined) -> String {
    match (&row.became, row.tried_at) {
        (Some(became), _) => format!("{} ({became})", row.state),
        (None, Some(at)) if row.state == "held" => format!("held (tried {})", time(at)),
        (None, _) => row.state.clone(),
    }
}

pub(super) fn table(rows: &[Quarantined]) -> String {
    let mut table = output::table(&[
        "id",
        "batch",
        "element",
        "source",
        "received at",
        "state",
        "bytes",
        "reason",
        "detail",
    ]);
    for row in rows {
        table.add_row([
            row.id.to_string(),
            row.batch_id.to_string(),
            place(row),
            row.source.clone().unwrap_or_else(|| "-".to_owned()),
            time(row.received_at),
            state(row),
            row.bytes.to_string(),
            plain(&row.reason),
            plain(&row.detail),
        ]);
    }
    table.trim_fmt()
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use jiff::Timestamp;

    /// A held element.
    pub(in super::super) fn held(id: i64) -> Quarantined {
        Quarantined {
            id,
            batch_id: Uuid::from_u128(7),
            ordinal: 3,
            source: Some("newsletter".to_owned()),
            received_at: Timestamp::from_second(1_700_000_000).unwrap(),
            reason: "bad_timestamp".to_owned(),
            detail: "the timestamp is missing".to_owned(),
            state: "held".to_owned(),
            became: None,
            tried_at: None,
            last_refusal: None,
            settled_at: None,
            bytes: 42,
        }
    }

    #[test]
    fn absent_values_are_null_and_a_whole_batch_has_no_ordinal() {
        let row = Quarantined { ordinal: WHOLE_BATCH, source: None, ..held(17) };
        let document = serde_json::to_value(RowDocument::from(&row)).unwrap();
        for key in ["ordinal", "source", "became", "tried_at", "last_refusal", "settled_at"] {
            assert!(document[key].is_null(), "{key}");
        }
        assert_eq!(document["received_at"], "2023-11-14T22:13:20Z");
        assert_eq!(serde_json::to_value(RowDocument::from(&held(17))).unwrap()["ordinal"], 3);
    }

    #[test]
    fn people_see_what_came_of_a_row() {
        let at = Some(Timestamp::from_second(1_700_000_000).unwrap());
        let released = Quarantined {
            state: "released".to_owned(),
            became: Some("stale".to_owned()),
            tried_at: at,
            ..held(1)
        };
        assert_eq!(state(&released), "released (stale)");
        assert_eq!(state(&Quarantined { tried_at: at, ..held(1) }), "held (tried 2023-11-14T22:13:20Z)");
        assert_eq!(state(&Quarantined { state: "discarded".to_owned(), ..held(1) }), "discarded");
    }

    #[test]
    fn details_cannot_steer_the_terminal() {
        let row = Quarantined { detail: "found \u{1b}[2J".to_owned(), ..held(1) };
        assert!(!table(&[row]).contains('\u{1b}'));
    }
}
