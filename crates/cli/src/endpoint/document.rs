//! Endpoints as scripts read them. Keys may be added, never renamed or removed.

use super::secret::Fresh;
use crate::output::time;
use serde::Serialize;
use store::endpoint::{Endpoint, SecretPeriod};

#[derive(Serialize)]
pub(super) struct Document<'a> {
    pub id: i32,
    pub url: &'a str,
    pub types: &'a [String],
    /// Null: every source.
    pub sources: Option<&'a [String]>,
    pub state: &'a str,
    /// Why it is not active: `by_hand`, `gone` (it answered 410), `failing` (for five days it only failed).
    pub state_reason: Option<&'a str>,
    pub state_since: String,
    pub allow_http: bool,
    pub allow_networks: &'a [String],
    /// Null, here and in the next three: the default.
    pub timeout_s: Option<i16>,
    pub concurrency: Option<i16>,
    pub rate_per_s: Option<i32>,
    pub schedule_s: Option<&'a [i32]>,
    /// Names; the values are sealed.
    pub headers: &'a [String],
    /// Those that sign now, newest first.
    pub secrets: Vec<PeriodDocument<'a>>,
    pub health: Health,
    /// Deliveries that are owed.
    pub unfinished: i64,
    pub created_at: String,
    /// Shown once, when it is made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret: Option<String>,
    /// Shown once, when its private half is made or given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub public_key: Option<String>,
}

#[derive(Serialize)]
pub(super) struct PeriodDocument<'a> {
    pub id: i32,
    pub scheme: &'a str,
    pub created_at: String,
    /// Null: until it is rotated.
    pub expires_at: Option<String>,
}

#[derive(Serialize)]
pub(super) struct Health {
    /// In a row.
    pub failures: u32,
    pub failing_since: Option<String>,
    /// Nothing is sent before then, and one request from then on; null: it is sent what is due.
    pub open_until: Option<String>,
}

impl<'a> Document<'a> {
    pub(super) fn new(endpoint: &'a Endpoint, secrets: &'a [SecretPeriod], unfinished: i64) -> Self {
        let period = |secret: &'a SecretPeriod| PeriodDocument {
            id: secret.id,
            scheme: &secret.scheme,
            created_at: time(secret.created_at),
            expires_at: secret.expires_at.map(time),
        };
        let manner = &endpoint.manner;
        Self {
            id: endpoint.id,
            url: &endpoint.url,
            types: &endpoint.types,
            sources: endpoint.sources.as_deref(),
            state: &endpoint.state,
            state_reason: endpoint.state_reason.as_deref(),
            state_since: time(endpoint.state_since),
            allow_http: endpoint.allow_http,
            allow_networks: &endpoint.allow_networks,
            timeout_s: manner.timeout_s,
            concurrency: manner.concurrency,
            rate_per_s: manner.rate_per_s,
            schedule_s: manner.schedule_s.as_deref(),
            headers: &endpoint.headers,
            secrets: secrets.iter().map(period).collect(),
            health: Health {
                failures: endpoint.health.failures,
                failing_since: endpoint.health.failing_since.map(time),
                open_until: endpoint.health.open_until.map(time),
            },
            unfinished,
            created_at: time(endpoint.created_at),
            secret: None,
            public_key: None,
        }
    }

    /// With what is shown of new secrets, this once.
    pub(super) fn with(mut self, fresh: &[Fresh]) -> Self {
        self.secret = fresh.iter().find_map(Fresh::shown_secret);
        self.public_key = fresh.iter().find_map(Fresh::public_key);
        self
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use domain::breaker::Breaker;
    use jiff::Timestamp;
    use store::endpoint::Manner;

    pub(in super::super) fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_700_000_000 + second).unwrap()
    }

    pub(in super::super) fn endpoint() -> Endpoint {
        Endpoint {
            id: 3,
            url: "https://example.com/hooks".to_owned(),
            types: vec!["message.seen".to_owned()],
            source_ids: None,
            sources: None,
            state: "active".to_owned(),
            state_reason: None,
            state_since: at(0),
            allow_http: false,
            allow_networks: Vec::new(),
            manner: Manner::default(),
            headers: Vec::new(),
            health: Breaker::default(),
            created_at: at(0),
        }
    }

    #[test]
    fn absent_values_are_null_and_secrets_are_not_there_at_all() {
        let endpoint = endpoint();
        let json = serde_json::to_value(Document::new(&endpoint, &[], 0)).unwrap();
        for key in ["sources", "state_reason", "timeout_s", "concurrency", "rate_per_s", "schedule_s"] {
            assert!(json[key].is_null(), "{key}");
            assert!(json.as_object().unwrap().contains_key(key), "{key}");
        }
        assert!(json.get("secret").is_none() && json.get("public_key").is_none());
        assert!(json["health"]["open_until"].is_null());
    }
}
