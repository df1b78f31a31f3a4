//! A hint that something may have become due, so that who looks at the queue need not wait for its next look.
//!
//! The protocol, told here once:
//!
//! * **A hint and nothing more.** It carries no data and says only "look". It may be late, repeated, lost, or made up by
//!   anybody who may connect. Whoever hears it looks at intervals all the same, and bounds how often a hint hurries it.
//! * **Never in a transaction that does anything else.** The commit of a NOTIFY takes one lock over all databases of the
//!   server, and transactions that notify wait for each other there. [`send()`] is a transaction of its own, after the commit
//!   that it tells of. It waits for no disk, so the lock is not held for as long as a flush takes: with a crash the hint
//!   may be lost.
//! * **Few.** Whoever commits often lets one task send, and that not more often than dispatchers would look: [`APART`].
//! * **Heard on a connection of its own.** A pool lends its connections and passes on no notifications. That connection has
//!   the bounds and the role of a pool's. Neither LISTEN nor NOTIFY wants a grant. Through a proxy that lends connections by
//!   the transaction nothing is heard, which nobody is told of: looks are then as late as without hints.
//!
//! What a listener has missed is not told again: after each new connection it is to look once.

use crate::StoreError;
use crate::pool::{self, Client, PoolSettings, PoolSettingsError, Role};
use secrecy::SecretString;
use std::convert::Infallible;
use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;
use tokio::time::{Instant, sleep, timeout};
use tokio_postgres::tls::NoTlsStream;
use tokio_postgres::{AsyncMessage, Config, Connection, NoTls, Socket};

/// Least time between two hints of one sender, and between two looks if a hint calls for the second one. With hints without
/// end and a hundred endpoints in the queue, looks took 36 % of a core where this was 5 ms (109 a second), 26 % at 10 ms and
/// 48 % at 2 ms; below 5 ms nothing that could be told from chance was gained for latency. To send one is a round trip of
/// 0.4 ms.
pub const APART: Duration = Duration::from_millis(5);
/// Wait before a new connection, doubling up to the longest, each shortened by chance by up to a half.
const WAIT: Duration = Duration::from_millis(200);
const WAIT_MAX: Duration = Duration::from_secs(10);
/// A connection that has lasted this long works; after it the waits begin anew.
const PROVEN_AFTER: Duration = Duration::from_secs(10);

/// One message: an implicit transaction, which alone does not wait for its commit record to be flushed.
const SEND: &str = "SET LOCAL synchronous_commit = off; NOTIFY sendstate_due";
/// A quiet channel is no reason to close the connection.
const LISTEN: &str = "SET idle_session_timeout = 0; LISTEN sendstate_due";

type Link = Connection<Socket, NoTlsStream>;

/// Tells every listener to look. Takes a client, not a transaction: see the protocol.
///
/// # Errors
/// As any statement; nobody was told then, or somebody was and nobody knows.
pub async fn send(client: &Client) -> Result<(), StoreError> {
    Ok(client.batch_execute(SEND).await?)
}

/// What a [`Listener`] comes to know.
#[derive(Debug)]
pub enum Heard {
    /// Connected: whatever is sent from now on is heard.
    Listening,
    /// A hint, or several.
    Hint,
    /// From now on nothing is heard. Said once, however often connecting fails after that.
    Lost(Loss),
}

/// Why nothing is heard.
#[derive(Debug, thiserror::Error)]
pub enum Loss {
    #[error("{}", .0.summary())]
    Store(#[from] StoreError),
    #[error("no connection within {0:?}")]
    Late(Duration),
    #[error("the connection has ended")]
    Ended,
}

/// Hears hints.
pub struct Listener {
    config: Config,
    role: Role,
    patience: Duration,
}

impl Listener {
    /// Prepares a listener as [`crate::Pool::new`] does a pool; nothing is connected yet.
    ///
    /// # Errors
    /// As there.
    pub fn new(url: &SecretString, role: Role, settings: &PoolSettings) -> Result<Self, PoolSettingsError> {
        Ok(Self { config: pool::config(url, role, settings)?, role, patience: settings.patience })
    }

    /// Listens for ever, with a new connection whenever one is lost. Ends by being dropped.
    pub async fn run(self, mut heard: impl FnMut(Heard)) -> Infallible {
        let (mut wait, mut known) = (WAIT, false);
        loop {
            let loss = match timeout(self.patience, self.connect()).await {
                Ok(Ok((_open, link))) => {
                    let began = Instant::now();
                    known = false;
                    heard(Heard::Listening);
                    let loss = hear(link, &mut heard).await;
                    if began.elapsed() >= PROVEN_AFTER {
                        wait = WAIT;
                    }
                    loss
                }
                Ok(Err(loss)) => loss,
                Err(_) => Loss::Late(self.patience),
            };
            if !known {
                known = true;
                heard(Heard::Lost(loss));
            }
            sleep(shortened(wait, rand::random())).await;
            wait = (wait * 2).min(WAIT_MAX);
        }
    }

    /// The connection stays open for as long as the client is held.
    async fn connect(&self) -> Result<(tokio_postgres::Client, Link), Loss> {
        let (client, mut link) = self.config.connect(NoTls).await.map_err(StoreError::from)?;
        let statements = format!("{}{LISTEN}", self.role.step_down());
        drive(&mut link, client.batch_execute(&statements)).await?;
        Ok((client, link))
    }
}

/// Lets the connection work until the answer is there; what is heard by then comes before anybody relies on it.
async fn drive<T>(
    link: &mut Link,
    answer: impl Future<Output = Result<T, tokio_postgres::Error>>,
) -> Result<T, Loss> {
    let mut answer = pin!(answer);
    poll_fn(|context| {
        while let Poll::Ready(message) = link.poll_message(context) {
            match message {
                Some(Ok(_)) => {}
                Some(Err(error)) => return Poll::Ready(Err(StoreError::from(error).into())),
                None => return Poll::Ready(Err(Loss::Ended)),
            }
        }
        answer.as_mut().poll(context).map_err(|error| StoreError::from(error).into())
    })
    .await
}

/// Hears until the connection ends.
async fn hear(mut link: Link, heard: &mut impl FnMut(Heard)) -> Loss {
    loop {
        match poll_fn(|context| link.poll_message(context)).await {
            // There is one channel that was asked for.
            Some(Ok(AsyncMessage::Notification(_))) => heard(Heard::Hint),
            Some(Ok(_)) => {}
            Some(Err(error)) => return StoreError::from(error).into(),
            None => return Loss::Ended,
        }
    }
}

/// Between half and all of it; `chance` is uniform in `0.0..1.0`. Dispatchers do not come back in one moment.
fn shortened(wait: Duration, chance: f64) -> Duration {
    wait.mul_f64(0.5 + chance.clamp(0.0, 1.0) / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;

    #[test]
    fn chance_takes_away_at_most_half_of_a_wait() {
        for (chance, expected) in [(-1.0, 100), (0.0, 100), (0.5, 150), (1.0, 200), (7.0, 200)] {
            assert_eq!(shortened(WAIT, chance), Duration::from_millis(expected));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_database_that_is_away_is_told_once_and_tried_again_for_ever() {
        // A port that was free a moment ago and that nobody listens on now.
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let url = format!("postgres://nobody@127.0.0.1:{port}/nothing").into();
        let listener = Listener::new(&url, Role::Dispatcher, &PoolSettings::default()).unwrap();
        let told = Mutex::new(Vec::new());
        let listening = listener.run(|heard| told.lock().unwrap().push(heard));
        assert!(timeout(Duration::from_secs(600), listening).await.is_err());
        let told = told.into_inner().unwrap();
        assert!(matches!(told.as_slice(), [Heard::Lost(_)]), "{told:?}");
    }
}
