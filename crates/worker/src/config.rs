//! The worker's settings, each with the reason for its default.

use secrecy::{ExposeSecret as _, SecretString};
use service::config::{AMQP_URL, DATABASE_URL, QUEUE_PREFIX, Reader, Setting};
use std::time::Duration;
use store::{Pool, PoolSettings, Role};

const PREFETCH: Setting = Setting {
    name: "SENDSTATE_WORKER_PREFETCH",
    default: Some("64"),
    secret: false,
    help: "Most batches taken from the broker and not yet acked, shared by the transactions. Bounds memory: prefetch times \
           the largest body (64 times 5 MiB at worst, a few MiB with SendGrid's usual batches), and for each transaction \
           what reading its window takes, at worst twenty times the window's bytes.",
};

const WINDOW_BYTES: Setting = Setting {
    name: "SENDSTATE_WORKER_WINDOW_BYTES",
    default: Some("2MiB"),
    secret: false,
    help: "Most bytes of bodies in one transaction, or one body that is larger: 2 MiB are some 4,000 events. More is no \
           faster and takes memory; the figures are in deploy/README.md.",
};

const TRANSACTIONS: Setting = Setting {
    name: "SENDSTATE_WORKER_TRANSACTIONS",
    default: Some("2"),
    secret: false,
    help: "Most transactions at a time, each on a connection of its own. Two let the worker read and fold while the \
           database works; four are for a PostgreSQL with cores of its own (deploy/README.md).",
};

const PATIENCE: Setting = Setting {
    name: "SENDSTATE_WORKER_DATABASE_PATIENCE",
    default: Some("60s"),
    secret: false,
    help: "How long a window is retried in place while PostgreSQL is away, before its batches are given back to the \
           broker. Longer than a failover, far below the broker's consumer timeout of 30 minutes.",
};

const SWEEP_EVERY: Setting = Setting {
    name: "SENDSTATE_WORKER_SWEEP_EVERY",
    default: Some("10s"),
    secret: false,
    help: "How often bounces that wait for their message are looked at whether they are due; each is due once a minute. \
           Every worker looks, and whoever comes first takes it, so this is only how late one may be.",
};

/// What `sendstate-worker` can be told.
pub(crate) const SETTINGS: &[Setting] =
    &[DATABASE_URL, AMQP_URL, QUEUE_PREFIX, PREFETCH, WINDOW_BYTES, TRANSACTIONS, PATIENCE, SWEEP_EVERY];

/// Everything the worker was told. The two URLs and the prefix are known to be usable.
#[derive(Debug)]
pub struct Config {
    pub database_url: SecretString,
    pub amqp_url: SecretString,
    pub queue_prefix: String,
    pub prefetch: u16,
    pub window_bytes: usize,
    pub transactions: usize,
    pub patience: Duration,
    pub sweep_every: Duration,
}

impl Config {
    /// Reads the settings; mistakes stay with the reader.
    pub fn read(reader: &mut Reader<'_>) -> Self {
        let window_bytes = reader.bytes(&WINDOW_BYTES, 1024..=1 << 30);
        Self {
            database_url: reader.secret_for(&DATABASE_URL, |url| {
                Pool::new(url, Role::Worker, &PoolSettings::default()).map(drop)
            }),
            amqp_url: reader.secret_for(&AMQP_URL, |url| queue::Settings::check_url(url.expose_secret())),
            queue_prefix: reader.text_for(&QUEUE_PREFIX, queue::Settings::check_prefix),
            prefetch: reader.number(&PREFETCH, 1..=4096),
            window_bytes: usize::try_from(window_bytes).unwrap_or(usize::MAX),
            transactions: reader.number(&TRANSACTIONS, 1..=16),
            patience: reader.duration(&PATIENCE, Duration::from_secs(1)..=Duration::from_secs(600)),
            sweep_every: reader.duration(&SWEEP_EVERY, Duration::from_secs(1)..=Duration::from_secs(60)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn what_cannot_be_used_is_a_mistake_and_shows_no_password() {
        let environment = BTreeMap::from([
            ("SENDSTATE_DATABASE_URL", "postgres://u:hush@localhost:port/d"),
            ("SENDSTATE_AMQP_URL", "amqps://u:hush@localhost"),
            ("SENDSTATE_QUEUE_PREFIX", "amq.ours"),
        ]);
        let mut reader = Reader::new(&environment);
        let config = Config::read(&mut reader);
        let mistakes = reader.finish(config).unwrap_err().to_string();
        for name in environment.keys() {
            assert!(mistakes.contains(&format!("{name}: ")), "{name} is missing in:\n{mistakes}");
        }
        assert!(!mistakes.contains("hush"), "{mistakes}");
    }
}
