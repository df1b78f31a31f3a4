//! Settings that every process has, and the declarations of those that several programs read.

use super::{Reader, Setting};
use std::net::SocketAddr;
use std::time::Duration;
use tracing_subscriber::EnvFilter;

/// PostgreSQL, as a `postgres://` URL. What a process may do there is decided by the role it takes.
pub const DATABASE_URL: Setting = Setting {
    name: "SENDSTATE_DATABASE_URL",
    default: None,
    secret: true,
    help: "PostgreSQL, as postgres://user:password@host:port/database.",
};

/// RabbitMQ, as an `amqp://` URL.
pub const AMQP_URL: Setting = Setting {
    name: "SENDSTATE_AMQP_URL",
    default: None,
    secret: true,
    help: "RabbitMQ, as amqp://user:password@host:port/vhost.",
};

/// Key that encrypts endpoint secrets at rest.
pub const SECRET_KEY: Setting = Setting {
    name: "SENDSTATE_SECRET_KEY",
    default: None,
    secret: true,
    help: "Key that encrypts endpoint secrets at rest: 32 random bytes in base64 (openssl rand -base64 32).",
};

/// First part of every queue's name.
pub const QUEUE_PREFIX: Setting = Setting {
    name: "SENDSTATE_QUEUE_PREFIX",
    default: Some("sendstate"),
    secret: false,
    help: "First part of every queue's name; lets several stacks share one broker.",
};

const LOG: Setting = Setting {
    name: "SENDSTATE_LOG",
    default: Some("info"),
    secret: false,
    help: "What is logged, as tracing directives such as info,queue=debug. lapin, the broker's client library, is off \
           whatever is given: it prints the messages that the broker returned, with their bodies, and what it says \
           of lost connections is told by conditions and warnings of ours.",
};

const LOG_FORMAT: Setting = Setting {
    name: "SENDSTATE_LOG_FORMAT",
    default: Some("json"),
    secret: false,
    help: "json for machines or text for people.",
};

const ADMIN_LISTEN: Setting = Setting {
    name: "SENDSTATE_ADMIN_LISTEN",
    default: Some("127.0.0.1:9090"),
    secret: false,
    help: "Where /livez, /readyz, /metrics and /version are served. Loopback unless said otherwise: it has no \
           authentication.",
};

const DRAIN_TIMEOUT: Setting = Setting {
    name: "SENDSTATE_DRAIN_TIMEOUT",
    default: Some("30s"),
    secret: false,
    help: "How long work in hand may take to end after SIGTERM before it is abandoned. Below the grace period of \
           whatever stops the process, which would kill it.",
};

/// How log lines are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// One JSON object per line.
    Json,
    Text,
}

/// Settings that every process has.
#[derive(Clone, Debug)]
pub struct Shared {
    /// Directives of `tracing_subscriber::EnvFilter`, known to parse.
    pub log: String,
    pub log_format: LogFormat,
    pub admin_listen: SocketAddr,
    pub drain_timeout: Duration,
}

impl Shared {
    /// In the order in which `--help` lists them.
    pub const SETTINGS: [Setting; 4] = [LOG, LOG_FORMAT, ADMIN_LISTEN, DRAIN_TIMEOUT];

    /// Reads them; mistakes stay with the reader.
    pub fn read(reader: &mut Reader<'_>) -> Self {
        let log = reader.text(&LOG);
        if let Err(error) = EnvFilter::builder().parse(&log) {
            reader.mistake(
                &LOG,
                format!("{log:?} cannot be read ({error})"),
                "write for example info,queue=debug",
            );
        }
        Self {
            log,
            log_format: reader.choice(&LOG_FORMAT, &[("json", LogFormat::Json), ("text", LogFormat::Text)]),
            admin_listen: reader.socket(&ADMIN_LISTEN),
            drain_timeout: reader.duration(&DRAIN_TIMEOUT, Duration::from_secs(1)..=Duration::from_secs(600)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn a_process_needs_none_of_the_shared_settings() {
        let nothing = BTreeMap::<String, String>::new();
        let mut reader = Reader::new(&nothing);
        let shared = Shared::read(&mut reader);
        let shared = reader.finish(shared).unwrap();
        assert!(shared.admin_listen.ip().is_loopback());
        assert_eq!(shared.log_format, LogFormat::Json);
    }

    #[test]
    fn log_directives_that_do_not_parse_are_a_mistake() {
        let environment = BTreeMap::from([("SENDSTATE_LOG", "info,queue=loud")]);
        let mut reader = Reader::new(&environment);
        Shared::read(&mut reader);
        assert!(reader.finish(()).unwrap_err().to_string().starts_with("SENDSTATE_LOG: \"info,queue=loud\""));
    }
}
