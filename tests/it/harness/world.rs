//! A pipeline of one test's own: database, queue names, processes, proxies, directory.
//!
//! At most [`WORLDS_MAX`] are alive at a time. What a test does not end by [`World::finish`], `Drop` ends: it shows the
//! tail of every log and kills the processes, and leaves the directory for a look.

use super::cli::{Ran, Running};
use super::database::Database;
use super::environment::environment;
use super::ports::free_address;
use super::program::Program;
use super::proxy::Proxy;
use super::{logs, supervisor};
use base64::Engine as _;
use rustix::process::Signal;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio_postgres::Client;
use url::Url;
use uuid::Uuid;

/// Each is some ten processes and connections in the dozens.
const WORLDS_MAX: usize = 4;
static WORLDS: Semaphore = Semaphore::const_new(WORLDS_MAX);

/// Below the deadline of a wait, so that a drain which does not end is seen as such.
const DRAIN_TIMEOUT: &str = "20s";

/// What a process is connected to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Server {
    Database,
    Broker,
}

/// What a [`World`] consists of.
#[derive(Clone, Debug)]
pub(crate) struct Options {
    ingests: usize,
    workers: usize,
    dispatchers: usize,
    proxied: bool,
    started: bool,
    amqp_url: String,
    settings: Vec<(String, String, String)>,
}

impl Options {
    /// So many of each process, directly connected to the shared servers.
    pub(crate) fn new(ingests: usize, workers: usize, dispatchers: usize) -> Self {
        let amqp_url = environment().amqp_url.clone();
        Self { ingests, workers, dispatchers, proxied: false, started: true, amqp_url, settings: Vec::new() }
    }

    /// Puts a proxy of its own between each process and each server; see [`World::proxy`].
    pub(crate) fn through_proxies(self) -> Self {
        Self { proxied: true, ..self }
    }

    /// Leaves starting the processes to the test.
    pub(crate) fn not_started(self) -> Self {
        Self { started: false, ..self }
    }

    /// Uses another broker than the shared one.
    pub(crate) fn broker(self, amqp_url: &str) -> Self {
        Self { amqp_url: amqp_url.to_owned(), ..self }
    }

    /// Tells every process of a kind (`ingest`, `worker`, `dispatcher`) something.
    pub(crate) fn set(mut self, kind: &str, setting: &str, value: &str) -> Self {
        self.settings.push((kind.to_owned(), setting.to_owned(), value.to_owned()));
        self
    }
}

#[derive(Debug)]
pub(crate) struct World {
    /// Database and prefix of the queues.
    pub(super) name: String,
    pub(super) directory: PathBuf,
    pub(super) database: Database,
    pub(crate) amqp_url: Url,
    secret_key: String,
    oauth_key: String,
    pub(super) programs: Vec<Program>,
    proxies: BTreeMap<(String, Server), Proxy>,
    pub(super) allowed: Vec<String>,
    pub(super) finished: bool,
    _permit: SemaphorePermit<'static>,
}

impl World {
    /// Makes a world; its processes are ready unless the options say otherwise.
    pub(crate) async fn start(options: Options) -> Self {
        let permit = WORLDS.acquire().await.unwrap();
        let name = format!("it_{}", Uuid::now_v7().simple());
        let directory = supervisor::directory().join(&name);
        std::fs::create_dir_all(&directory).unwrap();
        let mut world = Self {
            database: Database::create(&name).await,
            name,
            directory,
            amqp_url: options.amqp_url.parse().expect("SENDSTATE_TEST_AMQP_URL is a URL"),
            secret_key: random_key(),
            oauth_key: random_key(),
            programs: Vec::new(),
            proxies: BTreeMap::new(),
            allowed: Vec::new(),
            finished: false,
            _permit: permit,
        };
        let kinds =
            [("ingest", options.ingests), ("worker", options.workers), ("dispatcher", options.dispatchers)];
        for (kind, number) in kinds.iter().flat_map(|(kind, count)| (1..=*count).map(move |n| (*kind, n))) {
            world.add(kind, number, &options).await;
        }
        if options.started {
            world.programs.iter_mut().for_each(Program::start);
            for program in &mut world.programs {
                program.ready().await;
            }
        }
        world
    }

    async fn add(&mut self, kind: &str, number: usize, options: &Options) {
        let name = format!("{kind}-{number}");
        let mut database = self.database.url();
        let mut broker = self.amqp_url.clone();
        if options.proxied {
            for (server, url) in [(Server::Database, &mut database), (Server::Broker, &mut broker)] {
                let default = if server == Server::Database { 5432 } else { 5672 };
                let behind = format!("{}:{}", url.host_str().unwrap(), url.port().unwrap_or(default));
                let proxy = Proxy::start(&behind).await;
                url.set_host(Some("127.0.0.1")).unwrap();
                url.set_port(Some(proxy.address().port())).unwrap();
                self.proxies.insert((name.clone(), server), proxy);
            }
        }
        let path = environment().programs.join(format!("sendstate-{kind}"));
        let log = self.directory.join(format!("{name}.log"));
        let admin = free_address();
        let mut program = Program::new(&name, path, log, admin);
        program.set("SENDSTATE_DATABASE_URL", database.as_str());
        program.set("SENDSTATE_AMQP_URL", broker.as_str());
        program.set("SENDSTATE_QUEUE_PREFIX", &self.name);
        program.set("SENDSTATE_ADMIN_LISTEN", &admin.to_string());
        program.set("SENDSTATE_DRAIN_TIMEOUT", DRAIN_TIMEOUT);
        // Each process gets the keys of its own business, so that a test fails when one begins to need another's.
        if kind == "dispatcher" {
            program.set("SENDSTATE_SECRET_KEY", &self.secret_key);
        }
        if kind == "ingest" {
            program.set("SENDSTATE_OAUTH_KEY", &self.oauth_key);
            let public = free_address();
            program.public = Some(public);
            program.set("SENDSTATE_INGEST_LISTEN", &public.to_string());
            program.set("SENDSTATE_INGEST_SNAPSHOT", self.snapshot(&name).to_str().unwrap());
        }
        for (_, setting, value) in options.settings.iter().filter(|(whose, ..)| whose == kind) {
            program.set(setting, value);
        }
        self.programs.push(program);
    }

    /// By name: `ingest-1`, `worker-2`, …
    pub(crate) fn program(&mut self, name: &str) -> &mut Program {
        let program = self.programs.iter_mut().find(|program| program.name() == name);
        program.unwrap_or_else(|| panic!("this world has no {name}"))
    }

    /// Where commands run, and what is left for a look when the test fails.
    pub(crate) fn directory(&self) -> &Path {
        &self.directory
    }

    /// Where a process keeps its list of sources.
    pub(crate) fn snapshot(&self, name: &str) -> PathBuf {
        self.directory.join(format!("{name}.snapshot"))
    }

    /// What is between this process and this server.
    pub(crate) fn proxy(&self, name: &str, server: Server) -> &Proxy {
        let proxy = self.proxies.get(&(name.to_owned(), server));
        proxy.expect("the world was made with `through_proxies` and has this process")
    }

    /// What is between all processes and this server.
    pub(crate) fn proxies(&self, server: Server) -> impl Iterator<Item = &Proxy> {
        self.proxies.iter().filter(move |((_, one), _)| *one == server).map(|(_, proxy)| proxy)
    }

    /// SIGKILL, and waits until it is gone.
    pub(crate) fn kill(&mut self, name: &str) {
        self.program(name).kill();
    }

    /// SIGTERM; returns the exit code.
    pub(crate) async fn terminate(&mut self, name: &str) -> Option<i32> {
        self.program(name).terminate().await.code()
    }

    /// SIGSTOP: its connections stay open and nothing answers.
    pub(crate) fn pause(&mut self, name: &str) {
        self.program(name).signal(Signal::STOP);
    }

    pub(crate) fn resume(&mut self, name: &str) {
        self.program(name).signal(Signal::CONT);
    }

    /// Starts a process that does not run, and waits until it is ready.
    pub(crate) async fn start_process(&mut self, name: &str) {
        self.program(name).start();
        self.program(name).ready().await;
    }

    /// Kills a process and starts it again.
    pub(crate) async fn restart(&mut self, name: &str) {
        self.kill(name);
        self.start_process(name).await;
    }

    /// Of the n-th ingest, counted from 1, without a path.
    pub(crate) fn ingest_url(&self, number: usize) -> String {
        let name = format!("ingest-{number}");
        let program = self.programs.iter().find(|program| program.name() == name);
        let public = program.and_then(|program| program.public).expect("there are as many ingests");
        format!("http://{public}")
    }

    /// A connection of its own, as superuser and past all proxies.
    pub(crate) async fn db(&self) -> Client {
        self.database.connect().await
    }

    /// This world's queues, past all proxies.
    pub(crate) fn queues(&self) -> queue::Settings {
        queue::Settings::new(self.amqp_url.as_str(), &self.name).unwrap()
    }

    /// Excuses log lines at ERROR that contain `part`.
    pub(crate) fn allow_error(&mut self, part: &str) {
        self.allowed.push(part.to_owned());
    }

    /// What every ingest is told as SENDSTATE_OAUTH_KEY.
    pub(crate) fn oauth_key(&self) -> &str {
        &self.oauth_key
    }

    /// A new key for endpoint secrets, for every dispatcher that is started and every command that is run from now on.
    /// Returns the one that was used until now.
    pub(crate) fn replace_secret_key(&mut self) -> String {
        let key = random_key();
        let dispatchers =
            self.programs.iter_mut().filter(|program| program.name().starts_with("dispatcher-"));
        dispatchers.for_each(|program| program.set("SENDSTATE_SECRET_KEY", &key));
        std::mem::replace(&mut self.secret_key, key)
    }

    /// Runs the real `sendstate` with this world's settings.
    pub(crate) async fn cli(&self, arguments: &[&str]) -> Ran {
        self.cli_with(arguments, &[]).await
    }

    /// The same with more settings.
    pub(crate) async fn cli_with(&self, arguments: &[&str], more: &[(&str, &str)]) -> Ran {
        self.start_cli(arguments, more).ended().await
    }

    /// The same, not waited for.
    pub(crate) fn start_cli(&self, arguments: &[&str], more: &[(&str, &str)]) -> Running {
        let mut settings = vec![
            ("SENDSTATE_DATABASE_URL".to_owned(), self.database.url().to_string()),
            ("SENDSTATE_SECRET_KEY".to_owned(), self.secret_key.clone()),
            ("SENDSTATE_AMQP_URL".to_owned(), self.amqp_url.to_string()),
            ("SENDSTATE_QUEUE_PREFIX".to_owned(), self.name.clone()),
        ];
        if self.programs.iter().any(|program| program.public.is_some()) {
            settings.push(("SENDSTATE_INGEST_URL".to_owned(), self.ingest_url(1)));
        }
        settings.extend(more.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        Running::start(arguments, &settings, &self.directory)
    }

    /// Runs it with `--json`, expects success, and returns the document.
    pub(crate) async fn cli_json(&self, arguments: &[&str]) -> Value {
        let ran = self.cli(&[arguments, &["--json"]].concat()).await;
        assert_eq!(ran.code, 0, "sendstate {arguments:?}: {ran:?}");
        ran.json()
    }
}

impl Drop for World {
    fn drop(&mut self) {
        if self.finished {
            return;
        }
        for program in &mut self.programs {
            eprintln!("---- {} of {} ----\n{}", program.name(), self.name, logs::tail(program.log()));
            if program.is_running() {
                program.kill();
            }
        }
        eprintln!("---- all of it: {} ----", self.directory.display());
        assert!(std::thread::panicking(), "the test ended without `finish`");
    }
}

/// As `openssl rand -base64 32` makes one.
fn random_key() -> String {
    base64::engine::general_purpose::STANDARD.encode(rand::random::<[u8; 32]>())
}
