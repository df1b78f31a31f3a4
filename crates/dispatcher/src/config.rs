//! Settings of the dispatcher.

use crate::client::EgressProxy;
use crate::terms::TIMEOUT_MAX;
use secrecy::{ExposeSecret as _, SecretString};
use service::config::{DATABASE_URL, Reader, SECRET_KEY, Setting};
use std::time::Duration;
use store::hint::Listener;
use store::sealed::{KeyRing, SecretKey};
use store::{Pool, PoolSettings, PoolSettingsError, Role};

const SECRET_KEY_PREVIOUS: Setting = Setting {
    name: "SENDSTATE_SECRET_KEY_PREVIOUS",
    default: None,
    secret: true,
    help: "While SENDSTATE_SECRET_KEY is replaced: the key before it, which still opens what it has sealed.",
};

const REQUEST_TIMEOUT: Setting = Setting {
    name: "SENDSTATE_DISPATCHER_REQUEST_TIMEOUT",
    default: Some("15s"),
    secret: false,
    help: "Longest time for one request to an endpoint that does not say: connecting, sending and reading the answer. \
           Standard Webhooks suggests 15 to 30 s; a lease is made longer than it by construction.",
};

const IN_FLIGHT: Setting = Setting {
    name: "SENDSTATE_DISPATCHER_IN_FLIGHT",
    default: Some("512"),
    secret: false,
    help: "Most requests at the same time, to all endpoints together. Each may hold a socket: stay below the \
           descriptor limit.",
};

const ENDPOINT_IN_FLIGHT: Setting = Setting {
    name: "SENDSTATE_DISPATCHER_ENDPOINT_IN_FLIGHT",
    default: Some("16"),
    secret: false,
    help: "Most requests at the same time to one endpoint that does not say, so that a slow one cannot take every slot \
           and a small one is not overrun. One that does say has as many over all dispatchers, but no more than this \
           or half of all here, whichever is more.",
};

const BYTES: Setting = Setting {
    name: "SENDSTATE_DISPATCHER_BYTES",
    default: Some("64MiB"),
    secret: false,
    help: "Bytes of all notifications in hand, waiting their turn or being sent; more wait in the database. Bounds \
           memory, to about three times this with what is copied on the way. Most have a kilobyte or two, but custom \
           arguments may be as large as a POST; only one larger than a quarter of this may exceed it.",
};

const IDLE_POLL: Setting = Setting {
    name: "SENDSTATE_DISPATCHER_IDLE_POLL",
    default: Some("250ms"),
    secret: false,
    help: "Longest pause between two looks at an empty queue: the most that idling adds to a delivery's latency. Workers hint \
           at what they have made due, and a hint ends the pause; one may get lost, a look at intervals does not.",
};

const EGRESS_PROXY: Setting = Setting {
    name: "SENDSTATE_DISPATCHER_EGRESS_PROXY",
    default: None,
    secret: true,
    help: "An HTTP proxy that every request goes through: http://[USER:PASSWORD@]HOST[:PORT]. It is a second guard, not the \
           only one: names are still resolved and checked here first, and the proxy resolves them again, so it must itself \
           refuse addresses that are not public. Proxies that the environment names are ignored.",
};

/// In the order in which `--help` lists them.
pub const SETTINGS: &[Setting] = &[
    DATABASE_URL,
    SECRET_KEY,
    SECRET_KEY_PREVIOUS,
    REQUEST_TIMEOUT,
    IN_FLIGHT,
    ENDPOINT_IN_FLIGHT,
    BYTES,
    IDLE_POLL,
    EGRESS_PROXY,
];

/// One for looking, one for recording, and one each to spare while a connection is being replaced. What listens for hints
/// has one of its own.
const CONNECTIONS: usize = 4;

/// What the dispatcher needs to know. The URL is known to be usable.
#[derive(Debug)]
pub struct Config {
    pub database_url: SecretString,
    /// `None` only where [`Reader::finish`] refuses.
    pub secret_keys: Option<KeyRing>,
    pub request_timeout: Duration,
    pub in_flight: usize,
    pub endpoint_in_flight: usize,
    /// Bytes of all notifications in hand.
    pub body_bytes: u32,
    pub idle_poll: Duration,
    pub egress_proxy: Option<EgressProxy>,
}

impl Config {
    /// Reads them; mistakes stay with the reader.
    pub fn read(reader: &mut Reader<'_>) -> Self {
        Self {
            database_url: reader.secret_for(&DATABASE_URL, |url| pool(url).map(drop)),
            secret_keys: secret_keys(reader),
            request_timeout: reader.duration(&REQUEST_TIMEOUT, Duration::from_secs(1)..=TIMEOUT_MAX),
            in_flight: reader.number(&IN_FLIGHT, 1..=10_000),
            endpoint_in_flight: reader.number(&ENDPOINT_IN_FLIGHT, 1..=1_000),
            // The top is far below what 32 bits hold.
            body_bytes: u32::try_from(reader.bytes(&BYTES, 1 << 20..=2 << 30)).unwrap_or(u32::MAX),
            idle_poll: reader.duration(&IDLE_POLL, Duration::from_millis(10)..=Duration::from_secs(10)),
            egress_proxy: egress_proxy(reader),
        }
    }

    /// # Errors
    /// What is wrong with the URL; none after [`Config::read`] without mistakes.
    pub(crate) fn pool(&self) -> Result<Pool, PoolSettingsError> {
        pool(&self.database_url)
    }

    /// # Errors
    /// As [`Config::pool`].
    pub(crate) fn listener(&self) -> Result<Listener, PoolSettingsError> {
        Listener::new(&self.database_url, Role::Dispatcher, &PoolSettings::default())
    }
}

fn pool(url: &SecretString) -> Result<Pool, PoolSettingsError> {
    let settings = PoolSettings { connections: CONNECTIONS, ..PoolSettings::default() };
    Pool::new(url, Role::Dispatcher, &settings)
}

fn secret_keys(reader: &mut Reader<'_>) -> Option<KeyRing> {
    let current = reader.secret(&SECRET_KEY);
    let previous = reader.optional_secret(&SECRET_KEY_PREVIOUS);
    let previous = previous.map(|text| secret_key(reader, &SECRET_KEY_PREVIOUS, &text));
    // Absent: the reader has noted it already.
    let current =
        (!current.expose_secret().is_empty()).then(|| secret_key(reader, &SECRET_KEY, &current))??;
    match previous {
        None => Some(KeyRing::new(current, None)),
        Some(previous) => Some(KeyRing::new(current, Some(previous?))),
    }
}

fn secret_key(reader: &mut Reader<'_>, setting: &Setting, text: &SecretString) -> Option<SecretKey> {
    SecretKey::parse(text.expose_secret())
        .map_err(|error| reader.mistake(setting, error.to_string(), "use the key that sealed the endpoints"))
        .ok()
}

fn egress_proxy(reader: &mut Reader<'_>) -> Option<EgressProxy> {
    let text = reader.optional_secret(&EGRESS_PROXY)?;
    EgressProxy::parse(&text)
        .map_err(|error| {
            reader.mistake(&EGRESS_PROXY, error.to_string(), "write it as http://proxy.example.com:3128")
        })
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    const KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

    fn read(environment: &[(&str, &str)]) -> Result<Config, String> {
        let environment: BTreeMap<&str, &str> = environment.iter().copied().collect();
        let mut reader = Reader::new(&environment);
        let config = Config::read(&mut reader);
        reader.finish(config).map_err(|mistakes| mistakes.to_string())
    }

    #[test]
    fn a_database_and_a_key_are_enough() {
        let config =
            read(&[("SENDSTATE_DATABASE_URL", "postgres://db/sendstate"), ("SENDSTATE_SECRET_KEY", KEY)])
                .unwrap();
        assert!(config.secret_keys.is_some());
        assert_eq!(config.request_timeout, Duration::from_secs(15));
        assert_eq!((config.in_flight, config.endpoint_in_flight), (512, 16));
        assert_eq!(config.body_bytes, 64 << 20);
    }

    #[test]
    fn a_database_url_that_no_connection_could_use_is_a_mistake_and_shows_no_password() {
        for url in ["postgres://u:hush@db:port/sendstate", "postgres://u:hush@db/sendstate?sslmode=require"] {
            let mistakes =
                read(&[("SENDSTATE_DATABASE_URL", url), ("SENDSTATE_SECRET_KEY", KEY)]).unwrap_err();
            assert!(mistakes.starts_with("SENDSTATE_DATABASE_URL: "), "{mistakes}");
            assert!(!mistakes.contains("hush"), "{mistakes}");
        }
    }

    #[test]
    fn every_mistake_is_reported_at_once_and_no_secret_is_shown() {
        let mistakes = read(&[
            ("SENDSTATE_SECRET_KEY", "c2hvcnQ="),
            ("SENDSTATE_SECRET_KEY_PREVIOUS", "b2xkZXI="),
            ("SENDSTATE_DISPATCHER_REQUEST_TIMEOUT", "2m"),
            ("SENDSTATE_DISPATCHER_IN_FLIGHT", "0"),
            ("SENDSTATE_DISPATCHER_EGRESS_PROXY", "socks5://user:hush@proxy"),
        ])
        .unwrap_err();
        for name in [
            "DATABASE_URL",
            "SECRET_KEY:",
            "SECRET_KEY_PREVIOUS:",
            "REQUEST_TIMEOUT",
            "IN_FLIGHT",
            "EGRESS_PROXY",
        ] {
            assert!(mistakes.contains(name), "{name} is missing in:\n{mistakes}");
        }
        for secret in ["c2hvcnQ=", "b2xkZXI=", "hush"] {
            assert!(!mistakes.contains(secret), "{mistakes}");
        }
    }
}
