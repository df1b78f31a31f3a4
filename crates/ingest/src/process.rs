//! Starting, running and draining: what is there, in what order it comes and goes.
//!
//! Nothing is waited for at the start: the broker and the list of sources are conditions of readiness. At the end the
//! public listener goes first, with the requests in hand; then the publisher, which may still await confirms; the
//! admin port goes last, so that readiness can be asked throughout.

use crate::PROGRAM;
use crate::config::Config;
use crate::intake::Intake;
use crate::sources::{Origin, Sources};
use anyhow::Context as _;
use queue::{Publisher, PublisherLimits, PublisherState, Unsettled};
use service::admin;
use service::config::Shared;
use service::health::{Condition, Health};
use service::http::{self, Drained, Limits, Listener};
use service::telemetry::Telemetry;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// The running process.
pub struct Ingest {
    public: Listening,
    admin: Listening,
    publisher: Publisher,
    health: Health,
    /// From now on nothing new is begun.
    draining: CancellationToken,
    /// Ends what serves the drain itself.
    ending: CancellationToken,
    alarms: mpsc::Receiver<&'static str>,
}

/// A listener and the task that serves it.
struct Listening {
    address: SocketAddr,
    serving: JoinHandle<Drained>,
}

/// Rings when the task that holds it is gone, whether it returned or panicked.
struct Alarm {
    task: &'static str,
    ring: mpsc::Sender<&'static str>,
}

/// Why running ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// By a signal.
    Asked,
    /// The named task ended, which none does by itself.
    Failed(&'static str),
}

/// What was not finished when the deadline came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Left {
    /// Public connections that were cut, with or without a request in hand.
    pub connections: usize,
    /// Batches that the broker has neither confirmed nor refused. None of them was answered 204.
    pub unconfirmed: usize,
}

impl Left {
    #[must_use]
    pub fn is_nothing(self) -> bool {
        self.connections == 0 && self.unconfirmed == 0
    }
}

impl Ingest {
    /// Listens and starts every task. Inside a Tokio runtime.
    ///
    /// # Errors
    ///
    /// An address cannot be listened on.
    pub async fn start(shared: &Shared, config: Config, telemetry: Telemetry) -> anyhow::Result<Self> {
        let (queue, pool) = (config.queue()?, config.pool()?);
        let (public, admin) = (bind(config.listen).await?, bind(shared.admin_listen).await?);
        let (public_address, admin_address) = (public.local_addr()?, admin.local_addr()?);
        let (draining, ending) = (CancellationToken::new(), CancellationToken::new());

        // Only the first one matters.
        let (ring, alarms) = mpsc::channel(1);
        let alarm = |task| Alarm { task, ring: ring.clone() };

        let health = Health::new();
        let publisher = Publisher::start(queue, PublisherLimits::default(), draining.clone());
        let broker = watch_broker(publisher.state(), health.condition("broker"), ending.clone());
        tokio::spawn(alarm("broker watch").over(broker));
        let (sources, refresher) = Sources::new(Origin {
            pool,
            snapshot: config.snapshot,
            every: config.refresh,
            condition: health.condition("sources"),
        });
        tokio::spawn(alarm("source refresh").over(refresher.run(ending.clone())));

        let intake = Intake::new(sources, publisher.clone(), config.bounds);
        let limits = Limits {
            listener: Listener::Public,
            connections: config.connections,
            header_timeout: config.header_timeout,
            drain: shared.drain_timeout,
            ..Limits::default()
        };
        let serving =
            http::serve(public, limits, move |request| intake.clone().answer(request), draining.clone());
        let public = Listening {
            address: public_address,
            serving: tokio::spawn(alarm("public listener").over(serving)),
        };
        let serving = admin::serve(admin, health.clone(), telemetry, PROGRAM, ending.clone());
        let admin =
            Listening { address: admin_address, serving: tokio::spawn(alarm("admin port").over(serving)) };
        Ok(Self { public, admin, publisher, health, draining, ending, alarms })
    }

    /// Where SendGrid's POSTs are taken.
    #[must_use]
    pub fn public(&self) -> SocketAddr {
        self.public.address
    }

    /// Where the admin port is.
    #[must_use]
    pub fn admin(&self) -> SocketAddr {
        self.admin.address
    }

    /// Runs until `stop` is cancelled or a task fails.
    pub async fn run_until(&mut self, stop: CancellationToken) -> Ended {
        tokio::select! {
            () = stop.cancelled() => Ended::Asked,
            Some(task) = self.alarms.recv() => Ended::Failed(task),
        }
    }

    /// Ends everything within `deadline` (and the moment that it takes to close what is idle).
    pub async fn drain(self, deadline: Duration) -> Left {
        let until = Instant::now() + deadline;
        self.health.drain();
        self.draining.cancel();
        // A listener that panicked has left nothing that could be counted; its alarm has been told.
        let connections = self.public.serving.await.map_or(0, |drained| drained.left);
        let Unsettled(unconfirmed) =
            self.publisher.close(until.saturating_duration_since(Instant::now())).await;
        self.ending.cancel();
        // Its connections are probes and scrapes: nothing is lost with them.
        drop(self.admin.serving.await);
        Left { connections, unconfirmed }
    }
}

impl Alarm {
    /// The task, with this alarm over it.
    async fn over<T>(self, task: impl Future<Output = T>) -> T {
        let _alarm = self;
        task.await
    }
}

impl Drop for Alarm {
    fn drop(&mut self) {
        // Full: another one rang first. Closed: nobody listens, the process is draining.
        let _rung = self.ring.try_send(self.task);
    }
}

async fn bind(address: SocketAddr) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address).await.with_context(|| format!("cannot listen on {address}"))
}

/// Keeps the condition `broker` true to the publisher's connection.
async fn watch_broker(
    mut state: watch::Receiver<PublisherState>,
    broker: Condition,
    ending: CancellationToken,
) {
    let watching = async {
        loop {
            match *state.borrow_and_update() {
                PublisherState::Ready => broker.met(),
                PublisherState::Blocked => broker.unmet("the broker is short of memory or disk"),
                PublisherState::Away(reason) => broker.unmet(reason.as_str()),
            }
            if state.changed().await.is_err() {
                return;
            }
        }
    };
    ending.run_until_cancelled(watching).await;
}
