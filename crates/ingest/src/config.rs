//! The settings of this process, each with the reason for its default.

mod oauth;

use oauth::{OAUTH_KEY, OAUTH_KEY_PREVIOUS, Oauth, TOKEN_LIFETIME};
use queue::SettingsError;
use secrecy::{ExposeSecret as _, SecretString};
use service::Program;
use service::config::{AMQP_URL, DATABASE_URL, QUEUE_PREFIX, Reader, Setting};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;
use store::{Pool, PoolSettings, PoolSettingsError, Role};

const LISTEN: Setting = Setting {
    name: "SENDSTATE_INGEST_LISTEN",
    default: Some("0.0.0.0:8080"),
    secret: false,
    help: "Where SendGrid's POSTs are taken. Plain HTTP/1.1: TLS belongs to the proxy in front.",
};

const SNAPSHOT: Setting = Setting {
    name: "SENDSTATE_INGEST_SNAPSHOT",
    default: None,
    secret: false,
    help: "File that keeps the list of sources, so that ingest can start while the database is away. Its directory \
           must exist and outlive the process. Without it a start waits for the database.",
};

const REFRESH: Setting = Setting {
    name: "SENDSTATE_INGEST_REFRESH",
    default: Some("5s"),
    secret: false,
    help: "How often the list of sources is read. A new source is found at once by its first POST; this is how long \
           a key that was retired at once or a changed policy may stay in force.",
};

const BODY_MAX: Setting = Setting {
    name: "SENDSTATE_INGEST_BODY_MAX",
    default: Some("5MiB"),
    secret: false,
    help: "Largest body. SendGrid sends up to 768 KB; a batch refused for its size is tried for a day and then lost, \
           so the limit is far above.",
};

const HEADER_TIMEOUT: Setting = Setting {
    name: "SENDSTATE_INGEST_HEADER_TIMEOUT",
    default: Some("5s"),
    secret: false,
    help: "Longest wait for a request's head, and so the longest a connection may idle. A sender needs one round \
           trip; five seconds forgive a lost packet or two.",
};

const BODY_TIMEOUT: Setting = Setting {
    name: "SENDSTATE_INGEST_BODY_TIMEOUT",
    default: Some("10s"),
    secret: false,
    help: "Longest wait for the whole body. 768 KB in ten seconds is a slow mobile link.",
};

const CONFIRM_TIMEOUT: Setting = Setting {
    name: "SENDSTATE_INGEST_CONFIRM_TIMEOUT",
    default: Some("2500ms"),
    secret: false,
    help: "Longest wait for the broker's confirm, counted from the end of the body. A confirm takes milliseconds; \
           what takes seconds is better tried again than held, and SendGrid is said to hang up after about three.",
};

const CONNECTIONS: Setting = Setting {
    name: "SENDSTATE_INGEST_CONNECTIONS",
    default: Some("1024"),
    secret: false,
    help: "Connections open at once; more wait in the kernel. Each may hold a buffer of 64 KiB and a descriptor.",
};

const REQUESTS: Setting = Setting {
    name: "SENDSTATE_INGEST_REQUESTS",
    default: Some("256"),
    secret: false,
    help: "Requests that await the broker's confirm; one more is answered 503. As many as the broker has unconfirmed at \
           once: more would only wait.",
};

const BYTES: Setting = Setting {
    name: "SENDSTATE_INGEST_BYTES",
    default: Some("32MiB"),
    secret: false,
    help: "Bytes of all bodies in hand, counted as they arrive; a request beyond is answered 503. Bounds memory: a body \
           that grows has room to spare, and the client library copies it once on its way to the broker, so about \
           twice this.",
};

/// What `--help` lists.
const SETTINGS: &[Setting] = &[
    DATABASE_URL,
    AMQP_URL,
    QUEUE_PREFIX,
    LISTEN,
    SNAPSHOT,
    REFRESH,
    BODY_MAX,
    HEADER_TIMEOUT,
    BODY_TIMEOUT,
    CONFIRM_TIMEOUT,
    CONNECTIONS,
    REQUESTS,
    BYTES,
    OAUTH_KEY,
    OAUTH_KEY_PREVIOUS,
    TOKEN_LIFETIME,
];

/// This process, as it introduces itself.
pub const PROGRAM: Program = Program {
    name: "sendstate-ingest",
    version: env!("CARGO_PKG_VERSION"),
    about: "Takes SendGrid's Event Webhook: verifies each POST and answers 204 when RabbitMQ has confirmed it.",
    settings: SETTINGS,
};

/// Longest wait for a database connection and for one statement. The list is a few rows; a request for an unknown
/// path waits for it.
const DATABASE_PATIENCE: Duration = Duration::from_secs(2);

/// Everything this process was told. The two URLs are known to be usable.
#[derive(Clone, Debug)]
pub struct Config {
    pub database_url: SecretString,
    pub amqp_url: SecretString,
    pub queue_prefix: String,
    pub listen: SocketAddr,
    pub snapshot: Option<PathBuf>,
    pub refresh: Duration,
    pub header_timeout: Duration,
    pub connections: usize,
    pub bounds: Bounds,
    pub oauth: Oauth,
}

/// Bounds of the way of a request.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// Largest body, in bytes.
    pub body_max: u64,
    pub body_timeout: Duration,
    /// From the end of the body to the broker's confirm.
    pub confirm_timeout: Duration,
    /// Requests that await the broker.
    pub requests: usize,
    /// Bytes of all bodies in hand.
    pub bytes: u64,
}

impl Config {
    /// Reads every setting; mistakes stay with the reader.
    pub fn read(reader: &mut Reader<'_>) -> Self {
        let config = Self {
            database_url: reader.secret_for(&DATABASE_URL, |url| pool(url).map(drop)),
            amqp_url: reader.secret_for(&AMQP_URL, |url| queue::Settings::check_url(url.expose_secret())),
            queue_prefix: reader.text_for(&QUEUE_PREFIX, queue::Settings::check_prefix),
            listen: reader.socket(&LISTEN),
            snapshot: reader.optional(&SNAPSHOT).map(PathBuf::from),
            refresh: reader.duration(&REFRESH, seconds(1)..=seconds(3_600)),
            header_timeout: reader.duration(&HEADER_TIMEOUT, seconds(1)..=seconds(60)),
            connections: reader.number(&CONNECTIONS, 1..=65_536),
            bounds: Bounds {
                // The top is the largest message that every broker takes.
                body_max: reader.bytes(&BODY_MAX, 64 * 1024..=queue::MESSAGE_BYTES_MAX as u64),
                body_timeout: reader.duration(&BODY_TIMEOUT, seconds(1)..=seconds(60)),
                confirm_timeout: reader.duration(&CONFIRM_TIMEOUT, Duration::from_millis(100)..=seconds(30)),
                requests: reader.number(&REQUESTS, 1..=65_536),
                bytes: reader.bytes(&BYTES, 64 * 1024..=2 << 30),
            },
            oauth: Oauth::read(reader),
        };
        config.check(reader);
        config
    }

    /// # Errors
    ///
    /// What is wrong with the URL or the prefix; none after [`Config::read`] without mistakes.
    pub(crate) fn queue(&self) -> Result<queue::Settings, SettingsError> {
        queue::Settings::new(self.amqp_url.expose_secret(), &self.queue_prefix)
    }

    /// A pool of one connection: only the refresh of the list uses it.
    ///
    /// # Errors
    ///
    /// What is wrong with the URL; none after [`Config::read`] without mistakes.
    pub(crate) fn pool(&self) -> Result<Pool, PoolSettingsError> {
        pool(&self.database_url)
    }

    /// What only shows when settings are seen together.
    fn check(&self, reader: &mut Reader<'_>) {
        if self.bounds.bytes < self.bounds.body_max {
            let remedy = "make room for at least one body of the largest size";
            reader.mistake(&BYTES, format!("is less than {}", BODY_MAX.name), remedy);
        }
    }
}

fn pool(url: &SecretString) -> Result<Pool, PoolSettingsError> {
    let settings =
        PoolSettings { connections: 1, patience: DATABASE_PATIENCE, statement_timeout: DATABASE_PATIENCE };
    Pool::new(url, Role::Ingest, &settings)
}

const fn seconds(number: u64) -> Duration {
    Duration::from_secs(number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    fn read(environment: &BTreeMap<&str, &str>) -> Result<Config, String> {
        let mut reader = Reader::new(environment);
        let config = Config::read(&mut reader);
        reader.finish(config).map_err(|mistakes| mistakes.to_string())
    }

    fn least() -> BTreeMap<&'static str, &'static str> {
        BTreeMap::from([
            ("SENDSTATE_DATABASE_URL", "postgres://u:p@localhost/d"),
            ("SENDSTATE_AMQP_URL", "amqp://u:p@localhost"),
        ])
    }

    #[test]
    fn two_urls_are_enough() {
        let config = read(&least()).unwrap();
        assert_eq!(config.bounds.body_max, 5 << 20);
        assert_eq!(config.bounds.confirm_timeout, Duration::from_millis(2_500));
        assert_eq!(config.snapshot, None);
        assert!(config.oauth.ring.is_none());
    }

    #[test]
    fn mistakes_of_every_kind_are_reported_together_and_show_no_password() {
        let environment = BTreeMap::from([
            ("SENDSTATE_DATABASE_URL", "postgres://u:hush@localhost:port/d"),
            ("SENDSTATE_AMQP_URL", "amqps://u:hush@localhost"),
            ("SENDSTATE_INGEST_LISTEN", "8080"),
            ("SENDSTATE_INGEST_BODY_MAX", "8MiB"),
            ("SENDSTATE_INGEST_BYTES", "4MiB"),
        ]);
        let mistakes = read(&environment).unwrap_err();
        for name in environment.keys().filter(|name| !name.ends_with("BODY_MAX")) {
            assert!(mistakes.contains(&format!("{name}: ")), "{name} is missing in:\n{mistakes}");
        }
        assert!(!mistakes.contains("hush"), "{mistakes}");
    }

    #[test]
    fn a_prefix_that_the_broker_keeps_for_itself_is_a_mistake_of_the_prefix() {
        let mut environment = least();
        environment.insert("SENDSTATE_QUEUE_PREFIX", "amq.ours");
        assert!(read(&environment).unwrap_err().starts_with("SENDSTATE_QUEUE_PREFIX: "));
    }

    #[test]
    fn every_setting_is_listed_once_and_says_why() {
        let mut names: Vec<_> = PROGRAM.settings().map(|setting| setting.name).collect();
        names.sort_unstable();
        assert!(names.windows(2).all(|pair| pair[0] != pair[1]), "{names:?}");
        assert!(PROGRAM.settings().all(|setting| setting.help.ends_with('.')));
    }
}
