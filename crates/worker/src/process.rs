//! Starting, running and draining: what is there, in what order it comes and goes.
//!
//! Neither the broker nor the database is waited for at the start: both are conditions of readiness. At the end each lane
//! finishes the window in hand and gives the rest back; the admin port goes last.

use crate::config::Config;
use crate::flow::{self, Lane, LaneContext};
use crate::{PROGRAM, maintenance};
use anyhow::Context as _;
use queue::WindowLimits;
use secrecy::ExposeSecret as _;
use service::admin;
use service::config::Shared;
use service::health::Health;
use service::http::Drained;
use service::telemetry::Telemetry;
use std::net::SocketAddr;
use std::time::Duration;
use store::{Pool, PoolSettings, Role};
use tokio::net::TcpListener;
use tokio::task::{JoinHandle, JoinSet};
use tokio_util::sync::CancellationToken;

/// Connections of the process: a transaction of each lane, and a look-up beside it.
const CONNECTIONS: usize = 4;
/// What the broker gave up on is rare; it must not take memory from what comes in.
const PARKED_PREFETCH: u16 = 4;

/// The running process.
pub struct Worker {
    lanes: JoinSet<()>,
    admin: SocketAddr,
    admin_serving: JoinHandle<Drained>,
    health: Health,
    /// From now on no window is begun.
    draining: CancellationToken,
    /// Ends what serves the drain itself.
    ending: CancellationToken,
}

/// Why running ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// By a signal.
    Asked,
    /// A lane ended, which none does by itself.
    Failed,
}

impl Worker {
    /// Starts every task. Inside a Tokio runtime.
    ///
    /// # Errors
    ///
    /// A URL cannot be used, or the admin address cannot be listened on.
    pub async fn start(shared: &Shared, config: &Config, telemetry: Telemetry) -> anyhow::Result<Self> {
        let broker = queue::Settings::new(config.amqp_url.expose_secret(), &config.queue_prefix)
            .context("SENDSTATE_AMQP_URL or SENDSTATE_QUEUE_PREFIX")?;
        let settings = PoolSettings { connections: CONNECTIONS, ..PoolSettings::default() };
        let pool =
            Pool::new(&config.database_url, Role::Worker, &settings).context("SENDSTATE_DATABASE_URL")?;
        let listener = TcpListener::bind(shared.admin_listen)
            .await
            .with_context(|| format!("cannot listen on {}", shared.admin_listen))?;
        let admin = listener.local_addr()?;

        let health = Health::new();
        let (draining, ending) = (CancellationToken::new(), CancellationToken::new());
        let lane = |lane, prefetch, broker_condition, database_condition| LaneContext {
            lane,
            broker: broker.clone(),
            prefetch,
            limits: WindowLimits {
                messages: usize::from(prefetch),
                bytes: config.window_bytes,
                // While a window is committed the next one gathers by itself; waiting longer only adds latency.
                linger: Duration::ZERO,
            },
            pool: pool.clone(),
            patience: config.patience,
            broker_ready: health.condition(broker_condition),
            database_ready: health.condition(database_condition),
        };
        let mut lanes = JoinSet::new();
        lanes.spawn(flow::run(lane(Lane::Batches, config.prefetch, "broker", "database"), draining.clone()));
        let parked = lane(Lane::Parked, PARKED_PREFETCH, "broker_parked", "database_parked");
        lanes.spawn(flow::run(parked, draining.clone()));
        lanes.spawn(maintenance::run(pool, draining.clone()));
        let serving = admin::serve(listener, health.clone(), telemetry, PROGRAM, ending.clone());
        Ok(Self { lanes, admin, admin_serving: tokio::spawn(serving), health, draining, ending })
    }

    /// Where the admin port is.
    #[must_use]
    pub fn admin(&self) -> SocketAddr {
        self.admin
    }

    /// Runs until `stop` is cancelled or a task fails: half a worker is worse than none.
    pub async fn run_until(&mut self, stop: CancellationToken) -> Ended {
        tokio::select! {
            () = stop.cancelled() => Ended::Asked,
            Some(_) = self.lanes.join_next() => Ended::Failed,
            _ = &mut self.admin_serving => Ended::Failed,
        }
    }

    /// Ends everything; whether every window in hand was finished within `deadline`.
    pub async fn drain(mut self, deadline: Duration) -> bool {
        self.health.drain();
        self.draining.cancel();
        let all = async { while self.lanes.join_next().await.is_some() {} };
        let drained = tokio::time::timeout(deadline, all).await.is_ok();
        self.ending.cancel();
        // Its connections are probes and scrapes: nothing is lost with them.
        if !self.admin_serving.is_finished() {
            drop(self.admin_serving.await);
        }
        drained
    }
}
