//! A pipeline of one run's own: a fresh database, queues of its own, and processes that are started when they are wanted.
//!
//! Relies on the environment's supervisor: whatever ends the run, nothing it started outlives it.

use crate::environment::Environment;
use crate::usage::{self, Counted};
use anyhow::{Context, Result, bail, ensure};
use base64::Engine as _;
use rustix::process::Signal;
use serde_json::Value;
use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use tokio::process::Command;
use tokio_postgres::{Client, NoTls};
use url::Url;
use wire::signature::SigningKey;
use xtask::wait::{self, Seen};
use xtask::{Launch, Output, Process, http, ports};

const READY_DEADLINE: Duration = Duration::from_mins(1);
const STOP_PATIENCE: Duration = Duration::from_secs(20);
const TEMPLATE: &str = "bench_template";
/// The source that every world has.
pub(crate) const SOURCE: &str = "bench";

/// Peak memory by kind of process, over all worlds that were looked at.
pub(crate) type Peaks = BTreeMap<&'static str, f64>;

/// Which of the product's processes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Ingest,
    Worker,
    Dispatcher,
}

impl Kind {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Ingest => "ingest",
            Self::Worker => "worker",
            Self::Dispatcher => "dispatcher",
        }
    }
}

struct App {
    kind: Kind,
    name: String,
    admin: SocketAddr,
    public: Option<SocketAddr>,
    process: Process,
}

pub(crate) struct World {
    environment: Arc<Environment>,
    /// Database and prefix of the queues.
    name: String,
    settings: Vec<(String, String)>,
    /// What the processes are told beside that.
    set: Vec<(String, String)>,
    apps: Vec<App>,
    /// Signs for the world's source.
    pub(crate) key: SigningKey,
    path: String,
}

impl World {
    /// An empty database with one signed source, and no process.
    pub(crate) async fn new(environment: &Arc<Environment>) -> Result<Self> {
        let name = format!("bench_{:016x}", rand::random::<u64>());
        let secret: [u8; 32] = rand::random();
        let mut world = Self {
            environment: Arc::clone(environment),
            settings: vec![
                ("SENDSTATE_DATABASE_URL".to_owned(), database_url(environment, &name)),
                ("SENDSTATE_AMQP_URL".to_owned(), environment.amqp_url.to_string()),
                ("SENDSTATE_QUEUE_PREFIX".to_owned(), name.clone()),
                ("SENDSTATE_SECRET_KEY".to_owned(), base64::prelude::BASE64_STANDARD.encode(secret)),
            ],
            set: environment.set.clone(),
            name,
            apps: Vec::new(),
            key: SigningKey::generate(),
            path: String::new(),
        };
        let client = connect(environment.database_url.as_str()).await?;
        client.batch_execute(&format!("CREATE DATABASE {} TEMPLATE {TEMPLATE}", world.name)).await?;
        let key = world.key.public_key().to_base64();
        let source = world.cli(&["source", "add", SOURCE, "--public-key", &key, "--json"]).await?;
        source["path"].as_str().context("source add names no path")?.clone_into(&mut world.path);
        Ok(world)
    }

    /// Makes the database that all others are copied from.
    pub(crate) async fn make_template(environment: &Environment) -> Result<()> {
        let client = connect(environment.database_url.as_str()).await?;
        client.batch_execute(&format!("CREATE DATABASE {TEMPLATE}")).await?;
        let settings = [("SENDSTATE_DATABASE_URL".to_owned(), database_url(environment, TEMPLATE))];
        run_cli(environment, &settings, &["migrate"]).await.map(drop)
    }

    /// Runs `sendstate` with this world's settings and reads its document.
    pub(crate) async fn cli(&self, arguments: &[&str]) -> Result<Value> {
        let document = run_cli(&self.environment, &self.settings, arguments).await?;
        serde_json::from_slice(&document)
            .with_context(|| format!("sendstate {arguments:?} printed no document"))
    }

    pub(crate) async fn db(&self) -> Result<Client> {
        connect(&database_url(&self.environment, &self.name)).await
    }

    pub(crate) fn queues(&self) -> Result<queue::Settings> {
        Ok(queue::Settings::new(self.environment.amqp_url.as_str(), &self.name)?)
    }

    /// Starts one more process and waits until it is ready.
    pub(crate) async fn start(&mut self, kind: Kind) -> Result<()> {
        let number = self.apps.iter().filter(|app| app.kind == kind).count() + 1;
        let name = format!("{}-{number}", kind.name());
        let admin = ports::reserve()?;
        let public = (kind == Kind::Ingest).then(ports::reserve).transpose()?;
        let log = self.environment.logs.join(format!("{}-{name}.log", self.name));
        let program = self.environment.programs.join(format!("sendstate-{}", kind.name()));
        let mut launch = Launch::new(&name, program, Output::Log(log))
            .without_our_environment()
            .env("SENDSTATE_ADMIN_LISTEN", loopback(admin.port()).to_string())
            .env("SENDSTATE_DRAIN_TIMEOUT", "10s");
        if let Some(public) = &public {
            let snapshot = self.environment.logs.join(format!("{}-{name}.snapshot", self.name));
            launch = launch
                .env("SENDSTATE_INGEST_LISTEN", loopback(public.port()).to_string())
                .env("SENDSTATE_INGEST_SNAPSHOT", snapshot);
        }
        for (setting, value) in self.settings.iter().chain(&self.set) {
            launch = launch.env(setting, value);
        }
        let (admin, public) = (loopback(admin.release()), public.map(|port| loopback(port.release())));
        let process = self.environment.supervisor.launch(&launch)?;
        let mut app = App { kind, name, admin, public, process };
        tokio::task::block_in_place(|| app.wait_ready())?;
        self.apps.push(app);
        Ok(())
    }

    /// Where to POST for the world's source: the n-th ingest, counted from 0.
    pub(crate) fn inbound(&self) -> Result<(SocketAddr, String)> {
        let public = self.apps.iter().find_map(|app| app.public).context("no ingest runs")?;
        Ok((public, self.path.clone()))
    }

    /// Everything whose CPU is counted: the servers, this program, and the world's processes.
    pub(crate) fn counted(&self) -> Vec<Counted> {
        let Environment { postgres, broker, .. } = &*self.environment;
        let mut counted = vec![
            Counted { name: "postgres".to_owned(), pid: *postgres, family: true },
            Counted { name: "rabbitmq".to_owned(), pid: *broker, family: false },
            Counted { name: usage::LOAD.to_owned(), pid: own_pid(), family: false },
        ];
        counted.extend(self.apps.iter().map(|app| Counted {
            name: app.name.clone(),
            pid: app.process.identity().pid,
            family: false,
        }));
        counted
    }

    /// A counter or a gauge of all processes of a kind, summed over its labels that contain `label`.
    pub(crate) fn metric(&self, kind: Kind, name: &str, label: &str) -> Result<f64> {
        let mut sum = 0.0;
        for app in self.apps.iter().filter(|app| app.kind == kind) {
            let (status, text) = http::get(app.admin, "/metrics")?;
            ensure!(status == 200, "{} answers {status} to /metrics", app.name);
            let lines = text.lines().filter(|line| {
                let rest = line.strip_prefix(name);
                rest.is_some_and(|rest| rest.starts_with(['{', ' ']) && rest.contains(label))
            });
            for line in lines {
                let value = line.rsplit_once(' ').context("a metric without a value")?.1;
                sum += value.parse::<f64>()?;
            }
        }
        Ok(sum)
    }

    pub(crate) fn note_peaks(&self, peaks: &mut Peaks) -> Result<()> {
        for app in &self.apps {
            let peak = peaks.entry(app.kind.name()).or_default();
            *peak = peak.max(usage::peak_mib(app.process.identity().pid)?);
        }
        Ok(())
    }

    /// Ends the processes of one kind.
    pub(crate) fn stop(&mut self, kind: Kind) -> Result<()> {
        for app in self.apps.iter_mut().filter(|app| app.kind == kind) {
            tokio::task::block_in_place(|| app.process.stop(Signal::TERM, STOP_PATIENCE))?;
        }
        self.apps.retain(|app| app.kind != kind);
        Ok(())
    }

    /// Ends all processes and removes the database and the queues.
    pub(crate) async fn end(mut self) -> Result<()> {
        for kind in [Kind::Ingest, Kind::Worker, Kind::Dispatcher] {
            self.stop(kind)?;
        }
        queue::delete(&self.queues()?).await?;
        let client = connect(self.environment.database_url.as_str()).await?;
        client.batch_execute(&format!("DROP DATABASE {} WITH (FORCE)", self.name)).await?;
        Ok(())
    }
}

impl App {
    fn wait_ready(&mut self) -> Result<()> {
        let name = self.name.clone();
        wait::until(&format!("{name} to be ready"), READY_DEADLINE, || {
            if self.process.ended()?.is_some() {
                bail!("{name} ended while starting; its log is {:?}", self.process.launch().log());
            }
            Ok(match http::get(self.admin, "/readyz") {
                Ok((200, _)) => Seen::Done(()),
                Ok((status, body)) => Seen::Pending(format!("{status} {body}")),
                Err(error) => Seen::Pending(format!("{error:#}")),
            })
        })
    }
}

pub(crate) fn own_pid() -> i32 {
    rustix::process::getpid().as_raw_nonzero().get()
}

const fn loopback(port: u16) -> SocketAddr {
    SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), port)
}

fn database_url(environment: &Environment, database: &str) -> String {
    let mut url: Url = environment.database_url.clone();
    url.set_path(database);
    url.to_string()
}

pub(crate) async fn connect(url: &str) -> Result<Client> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
    // Ends with the client; whoever still asks is told there.
    tokio::spawn(connection);
    Ok(client)
}

async fn run_cli(
    environment: &Environment,
    settings: &[(String, String)],
    arguments: &[&str],
) -> Result<Vec<u8>> {
    let mut command = Command::new(environment.programs.join("sendstate"));
    command.args(arguments).env_clear().envs(settings.iter().cloned()).kill_on_drop(true);
    let output = command.stdin(std::process::Stdio::null()).output().await?;
    ensure!(
        output.status.success(),
        "sendstate {} failed: {}",
        arguments.join(" "),
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(output.stdout)
}
