//! Brings the process up in the order in which its parts need each other, and takes it down again.

use crate::client::Clients;
use crate::config::{Config, SETTINGS};
use crate::flow::{Ended, Flow, permits_for};
use crate::lease::{Leaser, Terms};
use crate::limits::Bounds;
use crate::record::Recorder;
use anyhow::Context as _;
use service::config::Shared;
use service::health::Health;
use service::telemetry::Telemetry;
use service::{Program, admin};
use std::net::SocketAddr;
use std::time::Duration;
use store::{Pool, PoolSettings, Role};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

pub const PROGRAM: Program = Program {
    name: "sendstate-dispatcher",
    version: env!("CARGO_PKG_VERSION"),
    about: "Sends signed notifications to the endpoints they are owed to, and tries again until each has its answer.",
    settings: SETTINGS,
};

/// One for looking, one for recording, and one each to spare while a connection is being replaced.
const CONNECTIONS: usize = 4;

/// The running process.
pub struct Dispatcher {
    flow: Flow,
    health: Health,
    admin: SocketAddr,
    admin_task: JoinHandle<service::http::Drained>,
    admin_stop: CancellationToken,
}

impl Dispatcher {
    /// Listens on the admin port and prepares everything. The database need not be there yet.
    ///
    /// # Errors
    /// The admin port cannot be listened on, the database URL cannot be used, or no HTTP client can be made (which wants
    /// root certificates).
    pub async fn start(shared: &Shared, config: Config, telemetry: Telemetry) -> anyhow::Result<Self> {
        let health = Health::new();
        let key = config.secret_key.context("SENDSTATE_SECRET_KEY is not set")?;
        health.condition("secret_key").met();
        let clients =
            Clients::new().context("cannot make an HTTP client; are root certificates installed?")?;
        let settings = PoolSettings { connections: CONNECTIONS, ..PoolSettings::default() };
        let pool = Pool::new(&config.database_url, Role::Dispatcher, &settings)?;
        let listener = TcpListener::bind(shared.admin_listen)
            .await
            .with_context(|| format!("cannot listen on SENDSTATE_ADMIN_LISTEN={}", shared.admin_listen))?;
        let admin = listener.local_addr()?;
        let admin_stop = CancellationToken::new();
        let admin_task =
            tokio::spawn(admin::serve(listener, health.clone(), telemetry, PROGRAM, admin_stop.clone()));

        let bounds = Bounds {
            in_flight: config.in_flight,
            endpoint_in_flight: config.endpoint_in_flight.min(config.in_flight),
        };
        let terms = Terms::new(config.request_timeout);
        let recorder = Recorder::start(pool.clone(), permits_for(bounds));
        let leaser = Leaser::new(pool, key, terms, bounds.endpoint_in_flight, health.condition("database"));
        let flow = Flow::new(leaser, clients, recorder, bounds, config.request_timeout, config.idle_poll);
        Ok(Self { flow, health, admin, admin_task, admin_stop })
    }

    /// Where the admin port listens.
    #[must_use]
    pub fn admin(&self) -> SocketAddr {
        self.admin
    }

    /// Dispatches until `stop`, then drains within `drain`. The admin port answers until the end.
    pub async fn run(self, stop: CancellationToken, drain: Duration) -> Ended {
        let draining = tokio::spawn({
            let (stop, health) = (stop.clone(), self.health);
            async move {
                stop.cancelled().await;
                health.drain();
            }
        });
        let ended = self.flow.run(&stop, drain).await;
        draining.abort();
        self.admin_stop.cancel();
        // Its own drain is bounded by a second; a panic in it has been logged and changes nothing here.
        drop(self.admin_task.await);
        ended
    }
}
