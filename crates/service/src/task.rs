//! What every process does with its long tasks: listen with a reason when it fails, serve the admin port beside them,
//! and notice when one that never ends has ended.
//!
//! The order of a drain is the process's own; the admin port goes last in each, so that readiness can be asked
//! throughout.

use crate::health::Health;
use crate::http::Drained;
use crate::telemetry::Telemetry;
use crate::{Program, admin};
use std::io;
use std::net::SocketAddr;
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// An address cannot be listened on.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on {address}")]
pub struct ListenError {
    address: SocketAddr,
    #[source]
    error: io::Error,
}

/// A listener and the address it really has: port 0 takes a free one.
///
/// # Errors
///
/// [`ListenError`], which names the address.
pub async fn listen(address: SocketAddr) -> Result<(TcpListener, SocketAddr), ListenError> {
    let told = |error| ListenError { address, error };
    let listener = TcpListener::bind(address).await.map_err(told)?;
    let address = listener.local_addr().map_err(told)?;
    Ok((listener, address))
}

/// A listener's address and the task that serves it.
#[derive(Debug)]
pub struct Listening {
    pub address: SocketAddr,
    pub serving: JoinHandle<Drained>,
}

/// Tasks that never end by themselves. The first one that does rings; see [`Watch::rung`].
#[derive(Clone, Debug)]
pub struct Bell(mpsc::Sender<&'static str>);

/// Hears the bell.
#[derive(Debug)]
pub struct Watch(mpsc::Receiver<&'static str>);

/// A bell and who hears it. Only the first ring matters.
#[must_use]
pub fn bell() -> (Bell, Watch) {
    let (ring, rung) = mpsc::channel(1);
    (Bell(ring), Watch(rung))
}

/// Rings when the task that holds it is gone, whether it returned or panicked.
struct Alarm {
    task: &'static str,
    bell: Bell,
}

impl Bell {
    /// Starts a task under this name; its end rings. Inside a Tokio runtime.
    pub fn spawn<T: Send + 'static>(
        &self,
        task: &'static str,
        work: impl Future<Output = T> + Send + 'static,
    ) -> JoinHandle<T> {
        let alarm = Alarm { task, bell: self.clone() };
        tokio::spawn(async move {
            let _alarm = alarm;
            work.await
        })
    }

    /// Starts the admin port on a listener of [`listen`]; it ends when `ending` is cancelled.
    pub fn admin(
        &self,
        (listener, address): (TcpListener, SocketAddr),
        health: Health,
        telemetry: Telemetry,
        program: Program,
        ending: CancellationToken,
    ) -> Listening {
        let serving = admin::serve(listener, health, telemetry, program, ending);
        Listening { address, serving: self.spawn("admin port", serving) }
    }
}

impl Watch {
    /// The name of the first task that ended. Never, if every bell is gone without a task.
    pub async fn rung(&mut self) -> &'static str {
        match self.0.recv().await {
            Some(task) => task,
            None => std::future::pending().await,
        }
    }
}

impl Drop for Alarm {
    fn drop(&mut self) {
        // Full: another one rang first. Closed: nobody listens, the process is draining.
        let _rung = self.bell.0.try_send(self.task);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_task_that_returns_and_one_that_panics_both_ring() {
        for panics in [false, true] {
            let (bell, mut watch) = bell();
            let staying = bell.spawn("staying", std::future::pending::<()>());
            let ended = bell.spawn("ending", async move { assert!(!panics, "as the test wants") });
            assert_eq!(watch.rung().await, "ending");
            assert_eq!(ended.await.is_err(), panics);
            staying.abort();
        }
    }

    #[tokio::test]
    async fn an_address_in_use_is_named() {
        let (_held, address) = listen(SocketAddr::from(([127, 0, 0, 1], 0))).await.unwrap();
        assert_ne!(address.port(), 0);
        assert_eq!(listen(address).await.unwrap_err().to_string(), format!("cannot listen on {address}"));
    }
}
