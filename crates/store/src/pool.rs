//! Connections: bounded in number, in waiting and in what a statement may take, and stepped down to the process's role.
//!
//! Every connection runs `SET ROLE` once when it is made. A connection that the server has closed is replaced by the
//! next checkout; a statement in flight on it fails and is the caller's to retry.

use crate::StoreError;
use deadpool_postgres::{Hook, HookError, Manager, ManagerConfig, RecyclingMethod, Runtime};
use secrecy::{ExposeSecret as _, SecretString};
use std::time::Duration;
use tokio_postgres::NoTls;

/// A checked-out connection; dropping it gives it back.
pub type Client = deadpool_postgres::Object;

/// Least privilege: what a process's connections may do. The grants are in `migrations/`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Reads one view.
    Ingest,
    /// Writes the ledger, the messages and what is owed.
    Worker,
    /// Takes what is owed and is the only one to read endpoint secrets.
    Dispatcher,
    /// Sets up sources and endpoints and looks at everything but secrets.
    Operator,
    /// Keeps the connecting user's own rights: migrations only.
    Owner,
}

impl Role {
    /// The database's name for it, `None` for the connecting user's own.
    #[must_use]
    pub const fn name(self) -> Option<&'static str> {
        match self {
            Self::Ingest => Some("sendstate_ingest"),
            Self::Worker => Some("sendstate_worker"),
            Self::Dispatcher => Some("sendstate_dispatcher"),
            Self::Operator => Some("sendstate_operator"),
            Self::Owner => None,
        }
    }
}

impl Role {
    /// Settings of each of its connections.
    const fn session(self) -> &'static str {
        match self {
            Self::Worker | Self::Dispatcher => include_str!("../sql/session_lookups.sql"),
            Self::Ingest | Self::Operator | Self::Owner => "",
        }
    }

    /// What each of its connections runs first.
    pub(crate) fn step_down(self) -> String {
        // The name is one of the constants above, so there is nothing to quote.
        self.name().map_or_else(String::new, |name| format!("SET ROLE {name};"))
    }
}

/// Bounds of a pool.
#[derive(Clone, Debug)]
pub struct PoolSettings {
    pub connections: usize,
    /// Longest wait for a free connection, and for making one.
    pub patience: Duration,
    /// Server-side bound on one statement.
    pub statement_timeout: Duration,
}

impl Default for PoolSettings {
    fn default() -> Self {
        Self { connections: 4, patience: Duration::from_secs(5), statement_timeout: Duration::from_secs(30) }
    }
}

/// A pool of connections that all have one role. Cheap to clone.
#[derive(Clone)]
pub struct Pool(deadpool_postgres::Pool);

/// Why a pool could not be made. Nothing has been connected yet: only the settings can be wrong.
#[derive(Debug, thiserror::Error)]
pub enum PoolSettingsError {
    #[error("the database URL cannot be read: {0}")]
    Url(#[source] tokio_postgres::Error),
    #[error(
        "the database URL asks for TLS (sslmode=require), which this build does not speak; use a private network or a local proxy that adds it"
    )]
    Tls,
    #[error("the pool cannot be built: {0}")]
    Build(#[from] deadpool_postgres::BuildError),
}

impl Pool {
    /// Prepares a pool; connections are made when they are first asked for, so this succeeds with the database away.
    ///
    /// # Errors
    /// The URL cannot be read, or asks for TLS, which is refused rather than silently left out.
    pub fn new(url: &SecretString, role: Role, settings: &PoolSettings) -> Result<Self, PoolSettingsError> {
        let config = config(url, role, settings)?;
        let manager =
            Manager::from_config(config, NoTls, ManagerConfig { recycling_method: RecyclingMethod::Fast });
        let mut builder = deadpool_postgres::Pool::builder(manager)
            .max_size(settings.connections)
            .wait_timeout(Some(settings.patience))
            .create_timeout(Some(settings.patience))
            .recycle_timeout(Some(settings.patience))
            .runtime(Runtime::Tokio1);
        if role != Role::Owner {
            builder = builder.post_create(Hook::async_fn(move |client, _| {
                Box::pin(async move {
                    client.batch_execute(&role.step_down()).await.map_err(HookError::Backend)?;
                    client.batch_execute(role.session()).await.map_err(HookError::Backend)
                })
            }));
        }
        Ok(Self(builder.build()?))
    }

    /// A connection, waiting no longer than the pool's patience.
    ///
    /// # Errors
    /// None became free in time, or the database cannot be reached.
    pub async fn get(&self) -> Result<Client, StoreError> {
        Ok(self.0.get().await?)
    }

    /// Whether the database answers now: for readiness.
    ///
    /// # Errors
    /// As [`Self::get`], or the statement failed.
    pub async fn ping(&self) -> Result<(), StoreError> {
        self.get().await?.simple_query("SELECT 1").await?;
        Ok(())
    }
}

/// How every connection of the role is made.
///
/// # Errors
/// As [`Pool::new`].
pub(crate) fn config(
    url: &SecretString,
    role: Role,
    settings: &PoolSettings,
) -> Result<tokio_postgres::Config, PoolSettingsError> {
    let mut config: tokio_postgres::Config = url.expose_secret().parse().map_err(PoolSettingsError::Url)?;
    if config.get_ssl_mode() == tokio_postgres::config::SslMode::Require {
        return Err(PoolSettingsError::Tls);
    }
    bound(&mut config, role, settings);
    Ok(config)
}

/// A dropped future does not cancel its statement, and a silent peer is noticed by nobody: the server and the kernel
/// have to be told the bounds.
fn bound(config: &mut tokio_postgres::Config, role: Role, settings: &PoolSettings) {
    let timeout_ms = settings.statement_timeout.as_millis();
    let mut options = config.get_options().unwrap_or_default().to_owned();
    // A migration may rightly take long and wait long.
    if role != Role::Owner {
        options.push_str(&format!(
            " -c statement_timeout={timeout_ms} -c lock_timeout={timeout_ms} -c idle_in_transaction_session_timeout={timeout_ms}"
        ));
    }
    options.push_str(" -c timezone=UTC");
    config.options(options.trim());
    if config.get_application_name().is_none() {
        config.application_name(role.name().unwrap_or("sendstate_migrate"));
    }
    config
        .connect_timeout(settings.patience)
        .tcp_user_timeout(settings.statement_timeout)
        .keepalives_idle(Duration::from_secs(15));
}
