//! A private PostgreSQL: own data directory, own user if we are root, loopback only, a password of its own.

use super::{Daemon, Layout, PostgresPrograms};
use crate::ports::{self, Reserved};
use crate::process::user::User;
use crate::process::{Ending, Launch, Output, PrivateDirectory, Supervisor};
use crate::wait::{self, Seen};
use crate::{report, secret};
use anyhow::{Result, bail};
use rustix::process::Signal;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::time::Duration;

/// `initdb` writes some 40 MB; a loaded machine takes seconds for it.
const INITDB_DEADLINE: Duration = Duration::from_mins(2);
/// Recovery after a kill included.
const BOOT_DEADLINE: Duration = Duration::from_mins(1);
/// A fast shutdown writes a checkpoint.
const STOP_PATIENCE: Duration = Duration::from_secs(10);
/// Several worlds of several processes with pools at once, in tests.
const CONNECTIONS_MAX: u32 = 300;

/// In files of the data directory: POSIX segments outlive a kill.
const SHARED_MEMORY: &str = "dynamic_shared_memory_type=mmap";

/// Whether a commit reaches the disk before it is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// As in production: demo, up, bench.
    Durable,
    /// Survives every crash but the machine's: tests.
    Fast,
}

impl Durability {
    const fn settings(self) -> &'static [&'static str] {
        match self {
            // What deploy/README.md recommends, and what its figures were measured with.
            Self::Durable => &[
                "fsync=on",
                "shared_buffers=512MB",
                "max_wal_size=4GB",
                "checkpoint_timeout=15min",
                "wal_compression=lz4",
            ],
            Self::Fast => &["fsync=off", "full_page_writes=off", "shared_buffers=128MB", "max_wal_size=1GB"],
        }
    }
}

/// A running private server. Ended, with its data, when dropped.
#[derive(Debug)]
pub struct Postgres {
    // Before `home`: the server ends before its data is removed.
    daemon: Daemon,
    port: u16,
    password: String,
    _home: PrivateDirectory,
}

impl Postgres {
    /// Creates the data directory and an empty database `sendstate`, starts the server and waits until it answers.
    ///
    /// # Errors
    /// When a step fails or takes too long; the message ends with the last lines of the log.
    pub fn start(
        supervisor: &Supervisor,
        programs: &PostgresPrograms,
        layout: &Layout,
        name: &str,
        durability: Durability,
    ) -> Result<Self> {
        let user = User::to_step_down_to()?;
        let home = supervisor.private_directory(&layout.data, user.as_ref())?;
        let password = secret::password()?;
        let port = ports::reserve()?;
        let base = Launch {
            user,
            directory: Some(home.path().to_owned()),
            ending: Ending::Quit,
            ..Launch::new(name, &programs.postgres, Output::Log(layout.logs.join(format!("{name}.log"))))
        }
        .without_our_environment()
        .env("PATH", "/usr/local/bin:/usr/bin:/bin")
        .env("LC_ALL", "C.UTF-8")
        .env("HOME", home.path());
        create(supervisor, programs, &base, &home, &password)?;
        let launch = serving(base, &home, &port, durability);
        let polite = Signal::INT;
        let daemon = Daemon::new(supervisor, launch, layout.pids.as_ref(), polite, STOP_PATIENCE);
        let mut this = Self { daemon, port: port.release(), password, _home: home };
        this.start_again()?;
        Ok(this)
    }

    /// For `database`, as superuser.
    #[must_use]
    pub fn url(&self, database: &str) -> String {
        format!("postgres://postgres:{}@127.0.0.1:{}/{database}", self.password, self.port)
    }

    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), self.port)
    }

    pub const fn daemon(&mut self) -> &mut Daemon {
        &mut self.daemon
    }

    /// Starts the server on its data and port, ending the one that runs, and waits until it answers.
    ///
    /// # Errors
    /// When it does not come up; the message ends with the last lines of the log.
    pub fn start_again(&mut self) -> Result<()> {
        self.daemon.stop()?;
        self.daemon.start()?;
        let address = self.address();
        let answered = wait::until("PostgreSQL to accept connections", BOOT_DEADLINE, || {
            if self.daemon.is_down()? {
                bail!("PostgreSQL ended while starting");
            }
            Ok(match greet(address) {
                Ok(b'R') => Seen::Done(()),
                Ok(other) => Seen::Pending(format!("it answers `{}`", char::from(other))),
                Err(error) => Seen::Pending(error.to_string()),
            })
        });
        answered.map_err(|error| report::explain(error, self.daemon.launch().log()))
    }

    /// # Errors
    /// When it outlives a KILL.
    pub fn kill(&mut self) -> Result<()> {
        self.daemon.kill()
    }

    /// # Errors
    /// When it may not be signalled.
    pub fn pause(&mut self) -> Result<()> {
        self.daemon.pause()
    }

    /// # Errors
    /// When it may not be signalled.
    pub fn resume(&mut self) -> Result<()> {
        self.daemon.resume()
    }
}

fn create(
    supervisor: &Supervisor,
    programs: &PostgresPrograms,
    base: &Launch,
    home: &PrivateDirectory,
    password: &str,
) -> Result<()> {
    let password_file = home.write("password", password, base.user.as_ref())?;
    let mut initdb = base.clone();
    initdb.name = format!("{}'s initdb", base.name);
    initdb.program.clone_from(&programs.initdb);
    initdb = initdb
        .args(["--encoding=UTF8", "--locale=C.UTF-8", "--username=postgres", "--auth=scram-sha-256"])
        .args(["--no-sync", "--no-instructions", "--pgdata"])
        .args([home.path().join("data")])
        .args(["--pwfile"])
        .args([password_file]);
    supervisor.run(&initdb, INITDB_DEADLINE)?;
    // A server of one user on one terminal: the only client that every installation has.
    let mut single = base.clone();
    single.name = format!("{}'s first database", base.name);
    single.input = Some(home.write("create.sql", "CREATE DATABASE sendstate\n", base.user.as_ref())?);
    single = single
        .args(["--single", "-c", "fsync=off", "-c", SHARED_MEMORY, "-D"])
        .args([home.path().join("data")])
        .args(["postgres"]);
    supervisor.run(&single, INITDB_DEADLINE)
}

fn serving(base: Launch, home: &PrivateDirectory, port: &Reserved, durability: Durability) -> Launch {
    let port = format!("port={}", port.port());
    let connections = format!("max_connections={CONNECTIONS_MAX}");
    let mut settings = vec![
        port.as_str(),
        connections.as_str(),
        "listen_addresses=127.0.0.1",
        // A socket's path is limited to some 100 bytes, which a deep checkout exceeds.
        "unix_socket_directories=",
        SHARED_MEMORY,
        "jit=off",
        "timezone=UTC",
        "log_timezone=UTC",
    ];
    settings.extend(durability.settings());
    let launch = base.args(["-D"]).args([home.path().join("data")]);
    settings.into_iter().fold(launch, |launch, setting| launch.args(["-c", setting]))
}

/// First byte of the answer to a startup message: `R` (authenticate) once the server takes sessions, `E` before.
fn greet(address: SocketAddr) -> std::io::Result<u8> {
    const PATIENCE: Duration = Duration::from_secs(1);
    /// Protocol 3.0, then parameters as C strings, then an empty one; PostgreSQL's manual, "Message Formats".
    const BODY: &[u8] = b"\x00\x03\x00\x00user\x00postgres\x00database\x00postgres\x00\x00";
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    let length = u32::try_from(BODY.len() + 4).unwrap_or(u32::MAX);
    stream.write_all(&[&length.to_be_bytes(), BODY].concat())?;
    let mut answer = [0];
    stream.read_exact(&mut answer)?;
    Ok(answer[0])
}
