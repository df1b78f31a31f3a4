//! Endpoints as scripts and people read them. Keys may be added, never renamed or removed.

use super::secret::Fresh;
use crate::output::{self, plain, time};
use jiff::Timestamp;
use serde::Serialize;
use std::time::Duration;
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

pub(super) fn list(documents: &[Document<'_>]) -> String {
    let columns = ["id", "url", "types", "sources", "state", "owed", "health", "manner"];
    let mut table = output::table(&columns);
    for document in documents {
        table.add_row([
            document.id.to_string(),
            plain(document.url),
            document.types.join("\n"),
            document.sources.map_or_else(|| "all".to_owned(), |names| names.join("\n")),
            state(document),
            document.unfinished.to_string(),
            health(&document.health),
            manner(document).join("\n"),
        ]);
    }
    table.trim_fmt()
}

/// One endpoint, a line for each thing that can be said of it.
pub(super) fn whole(document: &Document<'_>) -> String {
    let mut table = output::table(&["endpoint", &document.id.to_string()]);
    table.add_row(["url", &plain(document.url)]);
    table.add_row(["state", &format!("{} since {}", state(document), document.state_since)]);
    table.add_row(["types", &document.types.join("\n")]);
    table.add_row(["sources", &document.sources.map_or_else(|| "all".to_owned(), |names| names.join("\n"))]);
    table.add_row(["manner", &or_default(manner(document))]);
    if !document.headers.is_empty() {
        table.add_row(["headers", &document.headers.join("\n")]);
    }
    let secrets = document.secrets.iter().map(|secret| {
        let until = secret.expires_at.as_ref().map(|at| format!(", until {at}")).unwrap_or_default();
        format!("{} {} since {}{until}", secret.scheme, secret.id, secret.created_at)
    });
    table.add_row(["secrets", &secrets.collect::<Vec<_>>().join("\n")]);
    table.add_row(["health", &health(&document.health)]);
    table.add_row(["owed", &document.unfinished.to_string()]);
    table.trim_fmt()
}

/// What is said of a new endpoint.
pub(super) fn added(endpoint: &Endpoint, secrets: &[Fresh]) -> String {
    let sources =
        endpoint.sources.as_ref().map_or_else(|| "every source".to_owned(), |names| names.join(", "));
    let told = format!("Endpoint {} is told {} of {sources}.", endpoint.id, endpoint.types.join(", "));
    [vec![told], fresh(secrets)].concat().join("\n")
}

/// What is shown of new secrets, this once.
pub(super) fn fresh(secrets: &[Fresh]) -> Vec<String> {
    let line = |secret: &Fresh| match (secret.shown_secret(), secret.public_key()) {
        (Some(secret), _) => Some(format!("Its secret, shown this once:\n  {secret}")),
        (None, Some(public)) => {
            Some(format!("The public key that verifies v1a, shown this once:\n  {public}"))
        }
        (None, None) => None,
    };
    secrets.iter().filter_map(line).collect()
}

fn state(document: &Document<'_>) -> String {
    match document.state_reason {
        None => document.state.to_owned(),
        Some("by_hand") => format!("{} (by hand)", document.state),
        Some("gone") => format!("{} (it answered 410)", document.state),
        Some("failing") => format!("{} (it only failed for five days)", document.state),
        Some(other) => format!("{} ({})", document.state, plain(other)),
    }
}

fn health(health: &Health) -> String {
    let Some(since) = &health.failing_since else { return "good".to_owned() };
    let open = health.open_until.as_ref().map(|until| format!("\nleft alone until {until}"));
    format!("{} failures in a row since {since}{}", health.failures, open.unwrap_or_default())
}

/// Everything that is not as by default, in the words of the flags.
fn manner(document: &Document<'_>) -> Vec<String> {
    let mut parts = Vec::new();
    parts.extend(document.timeout_s.map(|timeout| format!("timeout {timeout}s")));
    parts.extend(document.concurrency.map(|most| format!("concurrency {most}")));
    parts.extend(document.rate_per_s.map(|rate| format!("rate {rate}/s")));
    parts.extend(document.schedule_s.map(|waits| format!("schedule {}", schedule(waits))));
    if document.allow_http {
        parts.push("http allowed".to_owned());
    }
    parts.extend(document.allow_networks.iter().map(|network| format!("{network} allowed")));
    parts
}

fn or_default(parts: Vec<String>) -> String {
    if parts.is_empty() { "default".to_owned() } else { parts.join("\n") }
}

/// As it is typed.
fn schedule(waits: &[i32]) -> String {
    let wait = |seconds: &i32| {
        let wait = Duration::from_secs(u64::try_from(*seconds).unwrap_or_default());
        humantime::format_duration(wait).to_string().replace(' ', "")
    };
    waits.iter().map(wait).collect::<Vec<_>>().join(",")
}

/// A moment as part of a sentence.
pub(super) fn until(at: Option<Timestamp>) -> String {
    at.map_or_else(|| "until it is rotated".to_owned(), |at| format!("until {}", time(at)))
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use domain::breaker::Breaker;
    use store::endpoint::Manner;

    fn at(second: i64) -> Timestamp {
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

    #[test]
    fn people_see_why_it_is_not_active_and_how_it_does() {
        let endpoint = Endpoint {
            state: "disabled".to_owned(),
            state_reason: Some("gone".to_owned()),
            health: Breaker {
                failures: 12,
                failing_since: Some(at(1)),
                openings: 1,
                open_until: Some(at(9)),
            },
            ..endpoint()
        };
        let text = whole(&Document::new(&endpoint, &[], 7));
        assert!(text.contains("disabled (it answered 410) since 2023-11-14T22:13:20Z"), "{text}");
        assert!(text.contains("12 failures in a row since 2023-11-14T22:13:21Z"), "{text}");
        assert!(text.contains("left alone until 2023-11-14T22:13:29Z"), "{text}");
    }

    #[test]
    fn a_manner_is_shown_as_it_is_typed() {
        let manner = Manner {
            timeout_s: Some(5),
            concurrency: None,
            rate_per_s: Some(20),
            schedule_s: Some(vec![0, 5, 5_400]),
        };
        let endpoint = Endpoint { manner, allow_http: true, ..endpoint() };
        let text = whole(&Document::new(&endpoint, &[], 0));
        for part in ["timeout 5s", "rate 20/s", "schedule 0s,5s,1h30m", "http allowed"] {
            assert!(text.contains(part), "{part}: {text}");
        }
        assert!(!text.contains("concurrency"), "{text}");
    }

    #[test]
    fn periods_of_secrets_are_shown_and_nothing_else_of_them() {
        let secrets =
            [SecretPeriod { id: 8, scheme: "v1".to_owned(), created_at: at(0), expires_at: Some(at(60)) }];
        let endpoint = endpoint();
        let text = whole(&Document::new(&endpoint, &secrets, 0));
        assert!(text.contains("v1 8 since 2023-11-14T22:13:20Z, until 2023-11-14T22:14:20Z"), "{text}");
    }
}
