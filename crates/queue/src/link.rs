//! One connection to the broker whose socket can be cut.
//!
//! lapin gives every connection a thread and buffers of several MiB, and offers no way to be rid of them while the
//! broker is silent: its close waits for an answer, nothing is written while the broker blocks publishers, and a
//! handshake that never ends keeps its thread for ever. So a second handle of the socket is kept; dropping the link
//! shuts the socket down, which ends the thread at once whatever it waits for.
//!
//! lapin 4.12 also ignores `connection_timeout` when it connects asynchronously. The time limit is ours, twice: for
//! the TCP connection (inside lapin's thread) and for the whole.

use crate::{QueueError, Settings};
use lapin::{
    AsyncTcpStream, Channel, Connection, ConnectionProperties, ConnectionStatus, Event,
    tcp::AMQPUriTcpExt as _,
};
use std::{
    io,
    net::{Shutdown, TcpStream},
    os::fd::AsFd as _,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::time::timeout;
use tracing::debug;

/// AMQP's reply code for a close that nobody caused.
const REPLY_SUCCESS: u16 = 200;

/// How long a polite close may take before the socket is cut.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(2);

/// A connection. Dropping it cuts the socket; [`Link::close`] says good-bye first.
pub(crate) struct Link {
    connection: Connection,
    /// Held for its `Drop`, after `connection`'s.
    _cord: Cord,
}

impl Link {
    /// Connects and logs in. `name` is what the broker's own tools show for the connection.
    pub(crate) async fn open(settings: &Settings, name: &str) -> Result<Self, QueueError> {
        let limit = settings.connection_timeout();
        let cord = Cord::default();
        let end = Arc::clone(&cord.0);
        let properties = ConnectionProperties::default()
            .with_connection_name(format!("{} {name}", settings.prefix()).into());
        let connecting = Connection::connector(
            settings.uri(),
            lapin::runtime::default_runtime()?,
            async move |uri, runtime| {
                let stream = timeout(limit, uri.connect_async(&runtime))
                    .await
                    .map_err(|_| io::Error::from(io::ErrorKind::TimedOut))??;
                if let AsyncTcpStream::Plain(plain) = &stream {
                    tie(&end, plain.get_ref().as_fd().try_clone_to_owned()?.into());
                }
                Ok(stream)
            },
            properties,
        );
        // A handshake without end is left by dropping the cord.
        let connection =
            timeout(limit, connecting).await.map_err(|_| QueueError::timed_out("connecting"))??;
        Ok(Self { connection, _cord: cord })
    }

    pub(crate) async fn channel(&self) -> Result<Channel, QueueError> {
        Ok(self.connection.create_channel().await?)
    }

    pub(crate) fn status(&self) -> ConnectionStatus {
        self.connection.status().clone()
    }

    /// Something happened to the connection. One listener only: lapin's listeners take events from each other.
    pub(crate) fn events(&self) -> impl futures_util::Stream<Item = Event> + Send + Unpin + 'static {
        Box::pin(self.connection.events_listener())
    }

    /// Says good-bye if the broker listens, and cuts the socket.
    ///
    /// Takes the channels, to drop them last: lapin closes a dropped channel in the background, and finding the
    /// connection closing meanwhile it reports an error.
    pub(crate) async fn close(self, channels: Vec<Channel>) {
        match timeout(CLOSE_TIMEOUT, self.connection.close(REPLY_SUCCESS, "done".into())).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => debug!(%error, "broker connection was gone before it was closed"),
            Err(_) => debug!("broker did not answer the close in time"),
        }
        drop(channels);
    }
}

/// Closes a channel, which returns what was not acknowledged on it.
pub(crate) async fn close(channel: &Channel) -> Result<(), QueueError> {
    Ok(channel.close(REPLY_SUCCESS, "done".into()).await?)
}

/// Shuts the socket down when dropped, even if lapin opens it only afterwards.
#[derive(Default)]
struct Cord(Arc<Mutex<End>>);

#[derive(Default)]
enum End {
    #[default]
    Loose,
    Tied(TcpStream),
    Cut,
}

fn tie(end: &Mutex<End>, socket: TcpStream) {
    let mut end = end.lock().unwrap_or_else(PoisonError::into_inner);
    match *end {
        End::Cut => shut(&socket),
        End::Loose | End::Tied(_) => *end = End::Tied(socket),
    }
}

fn shut(socket: &TcpStream) {
    // Fails only if the peer was faster.
    drop(socket.shutdown(Shutdown::Both));
}

impl Drop for Cord {
    fn drop(&mut self) {
        let mut end = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let End::Tied(socket) = std::mem::replace(&mut *end, End::Cut) {
            shut(&socket);
        }
    }
}
