//! The HTTP side: one request at a time, bounded in time and size, and patient with rate limits.
//!
//! A request that SendGrid refuses with 429 was not carried out, so it is sent again when its time has come, as long as
//! the waits of one call stay within [`Settings::patience`]. An answer that says that none are left is heeded before the
//! next request of the same family. Nothing else is repeated here: what may have been carried out is the caller's to look
//! at, and what only fails for a moment ([`Error::is_passing`]) is the caller's to try again.

mod answer;
mod call;
mod limit;
mod pace;

pub(crate) use answer::Answer;
pub(crate) use call::{Call, Family};

use crate::access::{AccessError, ApiKey, Base, OnBehalfOf};
use crate::error::{Error, showable};
use crate::refusal;
use pace::Pace;
use reqwest::header::{ACCEPT, AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};
use reqwest::redirect::Policy as Redirects;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::Mutex;
use tokio::time::{Instant, sleep, timeout};

/// Resolving, connecting and the TLS handshake together.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Lists of a thousand messages take SendGrid several seconds.
const TIMEOUT: Duration = Duration::from_secs(30);
/// Two turns of Email Activity's limit, which is counted per minute.
const PATIENCE: Duration = Duration::from_secs(150);
/// Below the idle limits of usual servers, which close a connection just when it is used again.
const IDLE: Duration = Duration::from_secs(15);
const USER_AGENT: &str = concat!("sendstate/", env!("CARGO_PKG_VERSION"));
const ON_BEHALF_OF: HeaderName = HeaderName::from_static("on-behalf-of");

/// What a client is for.
#[derive(Clone, Debug)]
pub struct Settings {
    pub base: Base,
    pub key: ApiKey,
    pub on_behalf_of: Option<OnBehalfOf>,
    /// For one request: connecting, head and body.
    pub timeout: Duration,
    /// How long one call may wait for rate limits altogether. Zero: not at all.
    pub patience: Duration,
}

impl Settings {
    /// Of the key's own account, with the usual bounds: 30 s for a request, 150 s for rate limits.
    #[must_use]
    pub fn new(base: impl Into<Base>, key: ApiKey) -> Self {
        Self { base: base.into(), key, on_behalf_of: None, timeout: TIMEOUT, patience: PATIENCE }
    }
}

/// Why there is no client.
#[derive(Debug, thiserror::Error)]
pub enum NoClient {
    #[error(transparent)]
    Access(#[from] AccessError),
    #[error("the HTTP client cannot be made")]
    Build(#[source] reqwest::Error),
}

type Told = Arc<dyn Fn(Duration) + Send + Sync>;

/// SendGrid's API, as one account sees it. Clones share the connection, the pace and the one request in flight.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    key: ApiKey,
    base: Base,
    timeout: Duration,
    patience: Duration,
    pace: Arc<Mutex<Pace>>,
    told: Option<Told>,
    sent: Arc<AtomicU64>,
}

impl Client {
    /// Connects to nothing yet.
    ///
    /// # Errors
    /// When the machine's certificates cannot be read, or a setting does not fit into a header.
    pub fn new(settings: Settings) -> Result<Self, NoClient> {
        // A second installation in the same process is refused and changes nothing.
        drop(rustls::crypto::ring::default_provider().install_default());
        let mut headers = HeaderMap::from_iter([
            (ACCEPT, HeaderValue::from_static("application/json")),
            (AUTHORIZATION, settings.key.header()?),
        ]);
        if let Some(name) = &settings.on_behalf_of {
            headers.insert(ON_BEHALF_OF, name.header()?);
        }
        let builder = reqwest::Client::builder()
            .no_proxy()
            // A key goes where it was meant to go, or nowhere.
            .redirect(Redirects::none())
            .https_only(!settings.base.is_plain())
            .retry(reqwest::retry::never())
            .referer(false)
            .default_headers(headers)
            .user_agent(USER_AGENT)
            .connect_timeout(CONNECT_TIMEOUT)
            .pool_idle_timeout(IDLE)
            .tcp_nodelay(true);
        Ok(Self {
            http: builder.build().map_err(NoClient::Build)?,
            key: settings.key,
            base: settings.base,
            timeout: settings.timeout,
            patience: settings.patience,
            pace: Arc::default(),
            told: None,
            sent: Arc::default(),
        })
    }

    /// Calls `told` before every wait for a rate limit, with how long it will be: for progress that people see.
    #[must_use]
    pub fn on_pause(self, told: impl Fn(Duration) + Send + Sync + 'static) -> Self {
        Self { told: Some(Arc::new(told)), ..self }
    }

    /// Leaves waiting for a rate limit to the caller: a call that would have to wait ends at once, with
    /// [`Error::RateLimited`].
    #[must_use]
    pub fn impatient(self) -> Self {
        Self { patience: Duration::ZERO, ..self }
    }

    /// How many requests were sent so far, by this client and its clones, also in vain.
    #[must_use]
    pub fn sent(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }

    /// Which server is asked, for messages.
    #[must_use]
    pub fn base(&self) -> &Base {
        &self.base
    }

    /// Makes a request and returns its success.
    pub(crate) async fn call(&self, call: Call) -> Result<Answer, Error> {
        // Held to the end: one request in flight, and nobody overtakes who waits for a limit.
        let mut pace = self.pace.lock().await;
        let mut left = self.patience;
        let mut tries = 0;
        loop {
            if let Some(pause) = pace.until_free(call.family, Instant::now()) {
                self.wait(pause, &mut left).await.map_err(|()| too_long(pause))?;
            }
            let sending = timeout(self.timeout, self.exchange(&call)).await;
            let answer = sending.map_err(|_| Error::Timeout { after: self.timeout })??;
            pace.heed(call.family, &answer.headers, Instant::now());
            if answer.status != 429 {
                return answer.success();
            }
            let pause = limit::pause(&answer.headers, tries);
            if self.wait(pause, &mut left).await.is_err() {
                return Err(refusal::read(answer.status, &answer.body, pause));
            }
            tries += 1;
        }
    }

    /// `Err` without waiting when it would take longer than what is left.
    async fn wait(&self, pause: Duration, left: &mut Duration) -> Result<(), ()> {
        *left = left.checked_sub(pause).ok_or(())?;
        if let Some(told) = &self.told {
            told(pause);
        }
        sleep(pause).await;
        Ok(())
    }

    async fn exchange(&self, call: &Call) -> Result<Answer, Error> {
        let mut request =
            self.http.request(call.method.clone(), self.base.to(&call.path(), call.query_pairs()));
        if let Some(body) = &call.body {
            request = request.header(reqwest::header::CONTENT_TYPE, "application/json");
            request = request.body(body.to_string());
        }
        self.sent.fetch_add(1, Ordering::Relaxed);
        let response = request.send().await.map_err(|error| unreachable(&error))?;
        let mut answer = Answer::read(response).await?;
        answer.strike(&[self.key.expose(), call.secret()]);
        Ok(answer)
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Client").field("base", &self.base).finish_non_exhaustive()
    }
}

fn too_long(pause: Duration) -> Error {
    Error::RateLimited { retry_after: pause, said: crate::error::Said::default() }
}

/// The URL is left out: queries name addresses.
fn unreachable(error: &reqwest::Error) -> Error {
    let mut why = String::new();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        let said = cause.to_string();
        // Wrappers repeat what they wrap.
        if !why.contains(&said) {
            why = if why.is_empty() { said } else { format!("{why}: {said}") };
        }
        source = cause.source();
    }
    if why.is_empty() {
        "the request failed".clone_into(&mut why);
    }
    Error::Unreachable { why: showable(&why) }
}
