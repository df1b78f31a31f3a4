//! Endpoints as people read them.

use super::document::{Document, Health};
use super::secret::Fresh;
use crate::output::{self, plain, time};
use jiff::Timestamp;
use std::time::Duration;
use store::endpoint::Endpoint;

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
mod tests {
    use super::super::document::tests::{at, endpoint};
    use super::*;
    use domain::breaker::Breaker;
    use store::endpoint::{Manner, SecretPeriod};

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
