//! The connection of a command: one role, few connections, and errors that name the server.

use crate::failure::Failure;
use crate::settings::Global;
use jiff::Timestamp;
use std::time::Duration;
use store::{Pool, PoolSettings, Role};

/// Enough for a command that looks while it waits.
const CONNECTIONS: usize = 2;

/// A pool for the role, not connected yet.
pub(crate) fn pool(global: &Global, role: Role, statement_timeout: Duration) -> Result<Pool, Failure> {
    let settings = PoolSettings { connections: CONNECTIONS, statement_timeout, ..PoolSettings::default() };
    Pool::new(&global.database_url()?, role, &settings).map_err(|error| {
        Failure::configuration(format!("SENDSTATE_DATABASE_URL cannot be used: {error}"))
            .next("give a URL such as postgres://user:password@127.0.0.1:5432/sendstate")
    })
}

/// A connection as operator.
pub(crate) async fn operator(global: &Global) -> Result<store::Client, Failure> {
    let pool = pool(global, Role::Operator, PoolSettings::default().statement_timeout)?;
    Ok(pool.get().await?)
}

/// Lets dispatchers look at once at what this command has made due. They look soon all the same, so nothing is said if
/// that fails.
pub(crate) async fn hint(client: &store::Client) {
    drop(store::hint::send(client).await);
}

/// The clock: the one place where commands read it.
#[expect(clippy::disallowed_methods, reason = "the edge of the process")]
pub(crate) fn now() -> Timestamp {
    Timestamp::now()
}
