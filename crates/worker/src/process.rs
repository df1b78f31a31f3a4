//! Starting, running and draining: what is there, in what order it comes and goes.
//!
//! Neither the broker nor the database is waited for at the start: both are conditions of readiness. At the end each lane
//! finishes the windows in hand and gives the rest back; the admin port goes last.

use crate::config::Config;
use crate::flow::{self, Lane, LaneContext};
use crate::hint::{self, Owed};
use crate::{PROGRAM, maintenance, pending};
use anyhow::Context as _;
use queue::WindowLimits;
use secrecy::ExposeSecret as _;
use service::config::Shared;
use service::health::Health;
use service::task::{self, Listening, Watch};
use service::telemetry::Telemetry;
use std::net::SocketAddr;
use std::time::Duration;
use store::{Pool, PoolSettings, Role};
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout_at};
use tokio_util::sync::CancellationToken;

/// Connections beside those of the batches lane's transactions: a look-up of that lane; a transaction of the other lane and a
/// look-up; the sweep's transaction and a look-up within it; partitions; hints.
const CONNECTIONS_BESIDE: usize = 7;
/// What the broker gave up on is rare; it must not take memory from what comes in.
const PARKED_PREFETCH: u16 = 4;

/// The running process.
pub struct Worker {
    lanes: [JoinHandle<()>; 2],
    hints: JoinHandle<()>,
    admin: Listening,
    health: Health,
    /// From now on no window is begun.
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

impl Worker {
    /// Starts every task. Inside a Tokio runtime.
    ///
    /// # Errors
    ///
    /// A URL cannot be used, or the admin address cannot be listened on.
    pub async fn start(shared: &Shared, config: &Config, telemetry: Telemetry) -> anyhow::Result<Self> {
        let broker = queue::Settings::new(config.amqp_url.expose_secret(), &config.queue_prefix)
            .context("SENDSTATE_AMQP_URL or SENDSTATE_QUEUE_PREFIX")?;
        let settings =
            PoolSettings { connections: config.transactions + CONNECTIONS_BESIDE, ..PoolSettings::default() };
        let pool =
            Pool::new(&config.database_url, Role::Worker, &settings).context("SENDSTATE_DATABASE_URL")?;
        let admin = task::listen(shared.admin_listen).await?;

        let health = Health::new();
        let (draining, ending) = (CancellationToken::new(), CancellationToken::new());
        let (bell, watch) = task::bell();
        let owed = Owed::default();
        let lane = |lane, prefetch, transactions: usize, broker_condition, database_condition| LaneContext {
            lane,
            broker: broker.clone(),
            prefetch,
            limits: WindowLimits {
                // So that there is something to take while a window is in hand.
                messages: (usize::from(prefetch) / transactions).max(1),
                bytes: config.window_bytes,
                // While a window is committed the next one gathers by itself; waiting longer only adds latency.
                linger: Duration::ZERO,
            },
            transactions,
            pool: pool.clone(),
            owed: owed.clone(),
            patience: config.patience,
            broker_ready: health.condition(broker_condition),
            database_ready: health.condition(database_condition),
        };
        let batches = lane(Lane::Batches, config.prefetch, config.transactions, "broker", "database");
        let parked = lane(Lane::Parked, PARKED_PREFETCH, 1, "broker_parked", "database_parked");
        let lanes = [
            bell.spawn("batches lane", flow::run(batches, draining.clone())),
            bell.spawn("parked lane", flow::run(parked, draining.clone())),
        ];
        bell.spawn("maintenance", maintenance::run(pool.clone(), draining.clone()));
        let sweeping = pending::run(pool.clone(), owed.clone(), config.sweep_every, draining.clone());
        bell.spawn("pending bounces", sweeping);
        // Longer than the lanes: what is committed while draining is due as well.
        let hints = bell.spawn("hints", hint::run(pool, owed, ending.clone()));
        let admin = bell.admin(admin, health.clone(), telemetry, PROGRAM, ending.clone());
        Ok(Self { lanes, hints, admin, health, draining, ending, watch })
    }

    /// Where the admin port is.
    #[must_use]
    pub fn admin(&self) -> SocketAddr {
        self.admin.address
    }

    /// Runs until `stop` is cancelled or a task fails: half a worker is worse than none.
    pub async fn run_until(&mut self, stop: CancellationToken) -> Ended {
        tokio::select! {
            () = stop.cancelled() => Ended::Asked,
            task = self.watch.rung() => Ended::Failed(task),
        }
    }

    /// Ends everything; whether every window in hand was finished within `deadline`.
    pub async fn drain(self, deadline: Duration) -> bool {
        let until = Instant::now() + deadline;
        self.health.drain();
        self.draining.cancel();
        let mut drained = true;
        for lane in self.lanes {
            // A lane that panicked has left nothing to wait for; its alarm has been told.
            drained &= timeout_at(until, lane).await.is_ok();
        }
        self.ending.cancel();
        // One hint at most, within a bound of its own.
        drop(self.hints.await);
        // Its connections are probes and scrapes: nothing is lost with them.
        drop(self.admin.serving.await);
        drained
    }
}
