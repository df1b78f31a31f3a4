//! Starting, running and draining: what is there, in what order it comes and goes.
//!
//! Nothing is waited for at the start: the broker and the list of sources are conditions of readiness. At the end the
//! public listener goes first, with the requests in hand; then the publisher, which may still await confirms; the
//! admin port goes last, so that readiness can be asked throughout.

use crate::PROGRAM;
use crate::config::Config;
use crate::intake::Intake;
use crate::oauth::{Authority, TokensCondition};
use crate::sources::{Origin, Sources};
use queue::{Publisher, PublisherLimits, PublisherState, Unsettled};
use service::config::Shared;
use service::health::{Condition, Health};
use service::http::{self, Limits, Listener};
use service::task::{self, Listening, Watch};
use service::telemetry::Telemetry;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::sync::watch;
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
    watch: Watch,
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
        let (public, address) = task::listen(config.listen).await?;
        let admin = task::listen(shared.admin_listen).await?;
        let (draining, ending) = (CancellationToken::new(), CancellationToken::new());
        let (bell, watch) = task::bell();

        let health = Health::new();
        let publisher = Publisher::start(queue, PublisherLimits::default(), draining.clone());
        let broker = watch_broker(publisher.state(), health.condition("broker"), ending.clone());
        bell.spawn("broker watch", broker);
        let authority = Authority::new(config.oauth.ring, config.oauth.lifetime);
        let (sources, refresher) = Sources::new(Origin {
            pool,
            snapshot: config.snapshot,
            every: config.refresh,
            condition: health.condition("sources"),
            tokens: TokensCondition::new(health.condition("oauth"), authority.clone()),
        });
        bell.spawn("source refresh", refresher.run(ending.clone()));

        let intake = Intake::new(sources, publisher.clone(), config.bounds, authority);
        let limits = Limits {
            listener: Listener::Public,
            connections: config.connections,
            header_timeout: config.header_timeout,
            drain: shared.drain_timeout,
            ..Limits::default()
        };
        let serving =
            http::serve(public, limits, move |request| intake.clone().answer(request), draining.clone());
        let public = Listening { address, serving: bell.spawn("public listener", serving) };
        let admin = bell.admin(admin, health.clone(), telemetry, PROGRAM, ending.clone());
        Ok(Self { public, admin, publisher, health, draining, ending, watch })
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
            task = self.watch.rung() => Ended::Failed(task),
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
