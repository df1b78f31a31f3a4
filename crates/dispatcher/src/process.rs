//! Brings the process up in the order in which its parts need each other, and takes it down again.

use crate::client::Clients;
use crate::config::{Config, SETTINGS};
use crate::flow::{Cause, Ended, Flow, permits_for};
use crate::hints;
use crate::lease::Leaser;
use crate::limits::Bounds;
use crate::record::Recorder;
use crate::terms::Terms;
use crate::unseal::Unsealer;
use anyhow::Context as _;
use service::config::Shared;
use service::health::Health;
use service::telemetry::Telemetry;
use service::{Program, admin};
use std::convert::Infallible;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

pub const PROGRAM: Program = Program {
    name: "sendstate-dispatcher",
    version: env!("CARGO_PKG_VERSION"),
    about: "Sends signed notifications to the endpoints they are owed to, and tries again until each has its answer.",
    settings: SETTINGS,
};

/// The running process.
pub struct Dispatcher {
    flow: Flow,
    listening: AbortOnDropHandle<Infallible>,
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
        let (pool, hearing) = (config.pool()?, config.listener()?);
        let keys = config.secret_keys.context("SENDSTATE_SECRET_KEY is not set")?;
        let clients = Clients::new(config.egress_proxy)
            .context("cannot make an HTTP client; are root certificates installed?")?;
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
            body_bytes: config.body_bytes,
        };
        let terms = Terms::new(config.request_timeout);
        let (hinter, hints) = hints::channel();
        let recorder = Recorder::start(pool.clone(), permits_for(bounds), hinter.clone());
        let database = health.condition("database");
        let unsealer = Unsealer::new(keys, health.condition("secret_key"));
        let leaser = Leaser::new(pool, unsealer, terms, bounds, database);
        let flow = Flow::new(leaser, clients, recorder, hints, bounds, terms, config.idle_poll);
        let listening = AbortOnDropHandle::new(tokio::spawn(hints::listen(hearing, hinter)));
        Ok(Self { flow, listening, health, admin, admin_task, admin_stop })
    }

    /// Where the admin port listens.
    #[must_use]
    pub fn admin(&self) -> SocketAddr {
        self.admin
    }

    /// Dispatches until `stop` or until a task fails, then drains within `drain`. The admin port answers until the end;
    /// if it ends before, so does everything: nobody could see any more how this process is. The same goes for listening,
    /// whose metric would go on saying that all is well.
    pub async fn run(mut self, stop: CancellationToken, drain: Duration) -> Ended {
        let end = stop.child_token();
        let draining = tokio::spawn({
            let (end, health) = (end.clone(), self.health);
            async move {
                end.cancelled().await;
                health.drain();
            }
        });
        let flow = self.flow.run(&end, drain);
        tokio::pin!(flow);
        let listening = self.listening;
        let ended_by_itself = async {
            tokio::select! {
                _ = &mut self.admin_task => "admin port",
                _ = listening => "hints",
            }
        };
        let ended = tokio::select! {
            ended = &mut flow => {
                self.admin_stop.cancel();
                // Its own drain is bounded by a second; a panic in it has been logged and changes nothing here.
                drop(self.admin_task.await);
                ended
            }
            task = ended_by_itself => {
                // While draining it is missed by nobody for long.
                let cause = if stop.is_cancelled() { Cause::Asked } else { Cause::Failed(task) };
                end.cancel();
                Ended { cause, ..flow.await }
            }
        };
        draining.abort();
        ended
    }
}
