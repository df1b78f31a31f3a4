//! A stack that is up: starting it, keeping it up, and describing it to scripts and people.

use super::apps::{App, Counts, Shared};
use super::{Directory, Platform, binaries, build};
use crate::process::{Launch, Output, Supervisor};
use crate::servers::{Daemon, Durability};
use crate::{interrupt, report, secret};
use anyhow::{Context, Result};
use std::fmt::Write as _;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// How long a process that died stays down. Shorter would hide that it died, and spin if it dies at once.
const RESTART_AFTER: Duration = Duration::from_secs(1);
const MIGRATE_DEADLINE: Duration = Duration::from_mins(2);

/// Everything that runs. Ended when dropped: the processes first, side by side, then what they stand on.
#[derive(Debug)]
pub struct Stack {
    apps: Vec<App>,
    platform: Platform,
    settings: Vec<(String, String)>,
    directory: Directory,
    binaries: PathBuf,
    supervisor: Supervisor,
}

impl Stack {
    /// Builds, provisions, migrates, starts all processes and waits until every one is ready.
    ///
    /// # Errors
    /// When a step fails; what was started by then is ended.
    pub fn start(supervisor: &Supervisor, directory: &Directory, counts: Counts) -> Result<Self> {
        directory.prepare()?;
        let layout = directory.layout();
        report::say("starting PostgreSQL and RabbitMQ, building meanwhile");
        let platform =
            Platform::start(supervisor, &layout, Durability::Durable, |failed| build(supervisor, failed))?;
        let binaries = binaries()?;
        let settings = settings(&platform)?;
        let mut this = Self {
            apps: Vec::new(),
            platform,
            settings,
            directory: directory.clone(),
            binaries,
            supervisor: supervisor.clone(),
        };
        report::say("migrating the database");
        supervisor.run(&this.command(&["migrate"], this.log("migrate")), MIGRATE_DEADLINE)?;
        report::say("starting the processes");
        let shared = Shared { supervisor, directory, binaries: &this.binaries, settings: &this.settings };
        this.apps = shared.start(counts)?;
        for app in &mut this.apps {
            app.wait_ready()?;
        }
        this.write_env()?;
        Ok(this)
    }

    fn log(&self, name: &str) -> Output {
        Output::Log(self.directory.logs().join(format!("{name}.log")))
    }

    /// A `sendstate` command with this stack's settings.
    #[must_use]
    pub fn command(&self, arguments: &[&str], output: Output) -> Launch {
        let program = self.binaries.join("sendstate");
        let launch =
            Launch::new(format!("sendstate {}", arguments.join(" ")), program, output).args(arguments);
        self.variables().into_iter().fold(launch, |launch, (name, value)| launch.env(name, value))
    }

    fn urls(&self, public: bool) -> Vec<(String, String)> {
        let address = |app: &App| if public { app.public } else { Some(app.admin) };
        let named = |app: &App| Some((app.daemon.name().to_owned(), format!("http://{}", address(app)?)));
        self.apps.iter().filter_map(named).collect()
    }

    /// What scripts, and `sendstate` without flags, need to know.
    fn variables(&self) -> Vec<(String, String)> {
        let ingests: Vec<_> = self.urls(true).into_iter().map(|(_, url)| url).collect();
        let admins: Vec<_> =
            self.urls(false).into_iter().map(|(name, url)| format!("{name}={url}")).collect();
        let mut variables = self.settings.clone();
        if let Some(first) = ingests.first() {
            variables.push(("SENDSTATE_INGEST_URL".to_owned(), first.clone()));
        }
        variables.push(("SENDSTATE_INGEST_URLS".to_owned(), ingests.join(" ")));
        variables.push(("SENDSTATE_ADMIN_URLS".to_owned(), admins.join(" ")));
        variables.push(("SENDSTATE_BIN_DIR".to_owned(), self.binaries.display().to_string()));
        variables
    }

    /// Appears whole or not at all, and only its owner reads it: it holds passwords.
    fn write_env(&self) -> Result<()> {
        let mut text = String::from("# Written by `cargo xtask up`; for `.` in a shell.\n");
        for (name, value) in self.variables() {
            writeln!(text, "export {name}='{}'", value.replace('\'', r"'\''"))?;
        }
        text.push_str("export PATH=\"$SENDSTATE_BIN_DIR:$PATH\"\n");
        let path = self.directory.env();
        let draft = path.with_extension("draft");
        let write = || -> std::io::Result<()> {
            let mut file =
                std::fs::File::options().create(true).write(true).truncate(true).mode(0o600).open(&draft)?;
            file.write_all(text.as_bytes())?;
            std::fs::rename(&draft, &path)
        };
        write().with_context(|| format!("cannot write {}", path.display()))
    }

    /// Where things are, for a person.
    #[must_use]
    pub fn table(&self) -> String {
        let mut rows: Vec<(String, String)> = Vec::new();
        rows.extend(
            self.urls(true).into_iter().map(|(name, url)| (name, format!("{url}/webhooks/sendgrid/…"))),
        );
        rows.extend(self.urls(false).into_iter().map(|(name, url)| (format!("{name} admin"), url)));
        rows.push(("environment".to_owned(), format!(". {}", self.directory.env().display())));
        rows.push(("logs".to_owned(), self.directory.logs().display().to_string()));
        rows.push(("pids".to_owned(), self.directory.run().display().to_string()));
        let width = rows.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
        rows.iter().map(|(name, value)| format!("{name:width$}  {value}\n")).collect()
    }

    /// Keeps everything up until interrupted: what dies is started again after a second.
    ///
    /// # Errors
    /// Always: with the interrupt, or when a process can be neither watched nor started.
    pub fn keep_up(&mut self) -> Result<std::convert::Infallible> {
        let mut due: Vec<(String, Instant)> = Vec::new();
        loop {
            interrupt::check()?;
            self.supervisor.ensure_watched()?;
            for daemon in self.daemons() {
                let planned = due.iter().position(|(name, _)| name == daemon.name());
                match planned {
                    None if daemon.is_down()? => {
                        report::say(format_args!("{} ended; starting it again in 1 s", daemon.name()));
                        due.push((daemon.name().to_owned(), Instant::now() + RESTART_AFTER));
                    }
                    Some(index) if due.get(index).is_some_and(|(_, at)| *at <= Instant::now()) => {
                        due.remove(index);
                        daemon.start()?;
                    }
                    _ => {}
                }
            }
            std::thread::sleep(crate::wait::TICK);
        }
    }

    fn daemons(&mut self) -> Vec<&mut Daemon> {
        let mut daemons = self.platform.daemons();
        daemons.extend(self.apps.iter_mut().map(|app| &mut app.daemon));
        daemons
    }
}

impl Drop for Stack {
    fn drop(&mut self) {
        for app in &mut self.apps {
            app.daemon.ask_to_end();
        }
        self.apps.clear();
        for daemon in self.platform.daemons() {
            daemon.ask_to_end();
        }
        if let Err(error) = self.directory.clear() {
            report::say(format_args!("{error:#}"));
        }
    }
}

fn settings(platform: &Platform) -> Result<Vec<(String, String)>> {
    let prefix = if platform.broker_is_shared() {
        format!("sendstate-{}", secret::password()?)
    } else {
        "sendstate".to_owned()
    };
    let settings = [
        ("SENDSTATE_DATABASE_URL", platform.database_url()),
        ("SENDSTATE_AMQP_URL", platform.amqp_url()),
        ("SENDSTATE_SECRET_KEY", secret::key()?),
        ("SENDSTATE_OAUTH_KEY", secret::key()?),
        ("SENDSTATE_QUEUE_PREFIX", prefix),
    ];
    Ok(settings.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}
