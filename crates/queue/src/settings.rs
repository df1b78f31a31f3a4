//! Where the broker is and what our queues on it are called. Checked once, here; everything else trusts it.

use lapin::uri::{AMQPScheme, AMQPUri};
use std::{fmt, time::Duration};
use thiserror::Error;
use url::{Host, Url};

/// Seconds between heartbeats unless the URL says otherwise. A silent broker is noticed after twice that; the
/// broker's own default of 60 s would take two minutes.
const HEARTBEAT_S: u16 = 10;

/// Time for name lookup, TCP and the AMQP handshake unless the URL says otherwise.
const CONNECTION_TIMEOUT: Duration = Duration::from_secs(5);

/// RabbitMQ 4.1 refuses connections that negotiate smaller frames.
const FRAME_BYTES_MIN: u32 = 8_192;

/// Longest prefix: names of queues stay far below AMQP's 255 bytes.
const PREFIX_LENGTH_MAX: usize = 64;

/// Returns of one message to its queue before the broker parks it.
///
/// High on purpose: a database outage hands everything back once per try, and must not end in the parking queue. The
/// worker quarantines what crashes it long before this. RabbitMQ 4 would otherwise take 20, and 3.10 no limit at all.
const DELIVERY_LIMIT: u32 = 100_000;

/// A broker and the prefix of our names on it.
///
/// `Debug` shows neither user nor password.
#[derive(Clone)]
pub struct Settings {
    uri: AMQPUri,
    prefix: String,
    pub(crate) delivery_limit: u32,
    pub(crate) batches_bytes_max: Option<u64>,
}

/// Why a broker URL or a prefix cannot be used. The texts never repeat the URL: it carries a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum SettingsError {
    #[error("not an AMQP URL; expected amqp://user:password@host:5672/vhost")]
    NotUrl,
    #[error("amqps:// is not supported: no TLS is built in; use amqp:// to a broker in the same network")]
    Tls,
    #[error("the URL must begin with amqp://")]
    Scheme,
    #[error("the URL names no host")]
    Host,
    #[error(
        "the URL ends in `/`, which is the virtual host with the empty name; leave it out or use /%2f for `/`"
    )]
    Vhost,
    #[error("frame_max must be at least {FRAME_BYTES_MIN}; better leave it out")]
    Frame,
    #[error("the prefix must be 1 to {PREFIX_LENGTH_MAX} of a-z A-Z 0-9 . _ - and not begin with `amq.`")]
    Prefix,
}

impl Settings {
    /// Reads `amqp://user:password@host:port/vhost?heartbeat=…&connection_timeout=…` (seconds; milliseconds).
    ///
    /// # Errors
    ///
    /// [`SettingsError`] says what to change.
    pub fn new(url: &str, prefix: &str) -> Result<Self, SettingsError> {
        let uri = read_url(url)?;
        Self::check_prefix(prefix)?;
        Ok(Self { uri, prefix: prefix.to_owned(), delivery_limit: DELIVERY_LIMIT, batches_bytes_max: None })
    }

    /// Whether this URL can be used, for who reads it apart from the prefix.
    ///
    /// # Errors
    ///
    /// As [`Settings::new`].
    pub fn check_url(url: &str) -> Result<(), SettingsError> {
        read_url(url).map(drop)
    }

    /// Whether this prefix can be used.
    ///
    /// # Errors
    ///
    /// As [`Settings::new`].
    pub fn check_prefix(prefix: &str) -> Result<(), SettingsError> {
        let fits = (1..=PREFIX_LENGTH_MAX).contains(&prefix.len());
        let plain = prefix.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b));
        // The broker keeps names with this beginning for itself.
        let ours = !prefix.starts_with("amq.");
        (fits && plain && ours).then_some(()).ok_or(SettingsError::Prefix)
    }

    /// Returns of one message to the batches queue before the broker moves it to the parking queue; 100,000 unless set.
    ///
    /// An argument of the queue, fixed when the queue is first declared: declaring it with another value is
    /// [`QueueError::Conflict`](crate::QueueError::Conflict).
    #[must_use]
    pub fn with_delivery_limit(self, delivery_limit: u32) -> Self {
        Self { delivery_limit, ..self }
    }

    /// Bytes that may wait in the batches queue before the broker refuses more; left to the broker's policies unless
    /// set. The broker checks it loosely: what is already on its way when the limit is reached still gets in.
    ///
    /// An argument of the queue like the delivery limit. To be able to move the limit on a live system do not set it
    /// here, and give the queue a policy `max-length-bytes`.
    #[must_use]
    pub fn with_batches_bytes_max(self, bytes: u64) -> Self {
        Self { batches_bytes_max: Some(bytes), ..self }
    }

    /// What every queue of ours on this broker begins with.
    #[must_use]
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    pub(crate) fn uri(&self) -> AMQPUri {
        self.uri.clone()
    }

    /// Longest time for one connection to be up and its queues declared.
    pub(crate) fn connection_timeout(&self) -> Duration {
        self.uri.query.connection_timeout.map_or(CONNECTION_TIMEOUT, Duration::from_millis)
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("host", &self.uri.authority.host)
            .field("port", &self.uri.authority.port)
            .field("vhost", &self.uri.vhost)
            .field("prefix", &self.prefix)
            .field("delivery_limit", &self.delivery_limit)
            .field("batches_bytes_max", &self.batches_bytes_max)
            .finish_non_exhaustive()
    }
}

fn read_url(url: &str) -> Result<AMQPUri, SettingsError> {
    let parsed = Url::parse(url).map_err(|_| SettingsError::NotUrl)?;
    match parsed.scheme() {
        "amqp" => {}
        "amqps" => return Err(SettingsError::Tls),
        _ => return Err(SettingsError::Scheme),
    }
    let mut uri: AMQPUri = url.parse().map_err(|_| SettingsError::NotUrl)?;
    if uri.scheme != AMQPScheme::AMQP {
        return Err(SettingsError::Tls);
    }
    match parsed.host() {
        None | Some(Host::Domain("")) => return Err(SettingsError::Host),
        // lapin's parser takes only names and reads `localhost` where an IPv6 address stands.
        Some(Host::Ipv6(address)) => uri.authority.host = address.to_string(),
        Some(_) => {}
    }
    if uri.vhost.is_empty() || uri.vhost.len() > 255 {
        return Err(SettingsError::Vhost);
    }
    if uri.query.frame_max.is_some_and(|bytes| bytes < FRAME_BYTES_MIN) {
        return Err(SettingsError::Frame);
    }
    uri.query.heartbeat.get_or_insert(HEARTBEAT_S);
    Ok(uri)
}

#[cfg(test)]
mod tests;
