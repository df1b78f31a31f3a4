//! A private RabbitMQ: own node name, cookie, directories, port mapper and user, loopback only.
//!
//! The broker's script is told that a service manager runs it: then it becomes the Erlang machine instead of waiting
//! for it, and the pid we know is the broker's own. Erlang's port mapper (`epmd`) is started first and by us, or the
//! broker would leave one behind for ever.

use super::{Daemon, Layout, RabbitMqPrograms};
use crate::process::{Launch, Output, PrivateDirectory, Supervisor};
use crate::wait::{self, Seen};
use crate::{ports, report, secret};
use anyhow::{Result, bail};
use rustix::process::Signal;
use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpStream};
use std::time::Duration;

/// Six seconds on an idle machine; a bare one with a compiler at work takes longer.
const BOOT_DEADLINE: Duration = Duration::from_mins(3);
const STOP_PATIENCE: Duration = Duration::from_secs(15);
/// `rabbitmqctl` starts an Erlang machine of its own.
const CONTROL_DEADLINE: Duration = Duration::from_mins(1);
/// Above what any test or demo holds in memory, below what a small machine has.
const MEMORY_HIGH_WATERMARK: &str = "1GB";

/// A running private broker. Ended, with its data, when dropped.
#[derive(Debug)]
pub struct RabbitMq {
    // In this order: the broker ends before its port mapper, and both before their data is removed.
    broker: Daemon,
    epmd: Daemon,
    control: Launch,
    port: u16,
    password: String,
    supervisor: Supervisor,
    _home: PrivateDirectory,
}

impl RabbitMq {
    /// Starts a broker with one user `sendstate` and the virtual host `/`, and waits until it speaks AMQP.
    ///
    /// # Errors
    /// When it does not come up; the message ends with the last lines of its log.
    pub fn start(
        supervisor: &Supervisor,
        programs: &RabbitMqPrograms,
        layout: &Layout,
        name: &str,
    ) -> Result<Self> {
        let home = supervisor.private_directory(&layout.data, None)?;
        let password = secret::password()?;
        let (port, distribution, mapper) = (ports::reserve()?, ports::reserve()?, ports::reserve()?);
        home.write(".erlang.cookie", &secret::password()?, None)?;
        home.write("rabbitmq.conf", &configuration(port.port(), &password), None)?;
        home.write("enabled_plugins", "[].\n", None)?;
        // A bare machine may have no /etc/hosts, and the node is named after localhost.
        home.write("inetrc", "{host, {127,0,0,1}, [\"localhost\"]}.\n{lookup, [file, native]}.\n", None)?;
        let base = environment(programs, &home, name, mapper.port(), distribution.port());
        let log = |suffix: &str| Output::Log(layout.logs.join(format!("{name}{suffix}.log")));
        let derive = |name: String, program: &std::path::Path, output| Launch {
            name,
            program: program.to_owned(),
            output,
            ..base.clone()
        };
        let epmd = derive(format!("{name}-epmd"), &programs.epmd, log("-epmd")).args([
            "-address",
            "127.0.0.1",
            "-port",
            &mapper.port().to_string(),
        ]);
        let broker = derive(name.to_owned(), &programs.server, log(""));
        let control = derive(format!("{name}'s rabbitmqctl"), &programs.control, log("-control"));
        let pids = layout.pids.as_ref();
        let mut this = Self {
            broker: Daemon::new(supervisor, broker, pids, Signal::TERM, STOP_PATIENCE),
            // Nothing to finish: it only remembers who listens where.
            epmd: Daemon::new(supervisor, epmd, pids, Signal::KILL, Duration::ZERO),
            control,
            port: port.release(),
            password,
            supervisor: supervisor.clone(),
            _home: home,
        };
        let mapped_at = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), mapper.port());
        drop((distribution, mapper));
        this.start_mapper(mapped_at)?;
        this.start_again()?;
        Ok(this)
    }

    /// A broker that finds no port mapper starts one of its own, which nobody would ever end: ours has to listen first.
    fn start_mapper(&mut self, address: SocketAddr) -> Result<()> {
        self.epmd.start()?;
        let listening = wait::until("epmd to listen", BOOT_DEADLINE, || {
            let connected = TcpStream::connect(address);
            if self.epmd.is_down()? {
                bail!("epmd ended while starting; is something else on its port {}?", address.port());
            }
            Ok(match connected {
                Ok(_) => Seen::Done(()),
                Err(error) => Seen::Pending(error.to_string()),
            })
        });
        listening.map_err(|error| report::explain(error, self.epmd.launch().log()))
    }

    #[must_use]
    pub fn url(&self) -> String {
        format!("amqp://sendstate:{}@127.0.0.1:{}/%2f", self.password, self.port)
    }

    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), self.port)
    }

    /// The broker itself, then its port mapper.
    pub const fn daemons(&mut self) -> [&mut Daemon; 2] {
        [&mut self.broker, &mut self.epmd]
    }

    /// Starts the broker on its data and port, ending the one that runs, and waits until it speaks AMQP.
    ///
    /// # Errors
    /// When it does not come up; the message ends with the last lines of the log.
    pub fn start_again(&mut self) -> Result<()> {
        self.broker.stop()?;
        self.broker.start()?;
        let address = self.address();
        let answered = wait::until("RabbitMQ to speak AMQP", BOOT_DEADLINE, || {
            if self.broker.is_down()? {
                bail!("RabbitMQ ended while starting");
            }
            Ok(match greet(address) {
                Ok(()) => Seen::Done(()),
                Err(error) => Seen::Pending(error.to_string()),
            })
        });
        answered.map_err(|error| report::explain(error, self.broker.launch().log()))
    }

    /// Raises or lowers the memory alarm: while it is up, the broker reads nothing from publishers.
    ///
    /// # Errors
    /// When `rabbitmqctl` fails.
    pub fn alarm(&self, raised: bool) -> Result<()> {
        // One byte is always exceeded.
        let watermark = if raised { "1" } else { MEMORY_HIGH_WATERMARK };
        self.control(&["set_vm_memory_high_watermark", "absolute", watermark])
    }

    /// Runs `rabbitmqctl` on this broker.
    ///
    /// # Errors
    /// When it fails or takes longer than a minute; the message ends with what it printed.
    pub fn control(&self, arguments: &[&str]) -> Result<()> {
        self.supervisor.run(&self.control.clone().args(arguments.iter().copied()), CONTROL_DEADLINE)
    }

    /// # Errors
    /// When it outlives a KILL.
    pub fn kill(&mut self) -> Result<()> {
        self.broker.kill()
    }

    /// # Errors
    /// When it may not be signalled.
    pub fn pause(&mut self) -> Result<()> {
        self.broker.pause()
    }

    /// # Errors
    /// When it may not be signalled.
    pub fn resume(&mut self) -> Result<()> {
        self.broker.resume()
    }
}

fn configuration(port: u16, password: &str) -> String {
    format!(
        "listeners.tcp.1 = 127.0.0.1:{port}\n\
         default_user = sendstate\n\
         default_pass = {password}\n\
         vm_memory_high_watermark.absolute = {MEMORY_HIGH_WATERMARK}\n\
         disk_free_limit.absolute = 50MB\n\
         # Quorum queues keep their log in memory up to this size, 512 MB unless said otherwise.\n\
         raft.wal_max_size_bytes = 67108864\n"
    )
}

/// Everything the broker and its tools would else take from the machine-wide installation.
fn environment(
    programs: &RabbitMqPrograms,
    home: &PrivateDirectory,
    name: &str,
    mapper: u16,
    distribution: u16,
) -> Launch {
    const LOOPBACK_ONLY: &str = "-kernel inet_dist_use_interface {127,0,0,1}";
    let at = |file: &str| home.path().join(file);
    Launch { directory: Some(home.path().to_owned()), ..Launch::new(name, &programs.server, Output::Inherit) }
        .without_our_environment()
        .env("PATH", &programs.path)
        .env("LC_ALL", "C.UTF-8")
        .env("HOME", home.path())
        .env("ERL_INETRC", at("inetrc"))
        .env("ERL_CRASH_DUMP", "/dev/null")
        .env("ERL_EPMD_ADDRESS", "127.0.0.1")
        .env("ERL_EPMD_PORT", mapper.to_string())
        .env("RUNNING_UNDER_SYSTEMD", "true")
        .env("RABBITMQ_NODENAME", format!("sendstate-{distribution}@localhost"))
        .env("RABBITMQ_DIST_PORT", distribution.to_string())
        .env("RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS", LOOPBACK_ONLY)
        .env("RABBITMQ_CTL_ERL_ARGS", LOOPBACK_ONLY)
        .env("RABBITMQ_CONF_ENV_FILE", "/dev/null")
        .env("RABBITMQ_CONFIG_FILE", at("rabbitmq.conf"))
        .env("RABBITMQ_ADVANCED_CONFIG_FILE", at("advanced.config"))
        .env("RABBITMQ_ENABLED_PLUGINS_FILE", at("enabled_plugins"))
        .env("RABBITMQ_FEATURE_FLAGS_FILE", at("feature_flags"))
        .env("RABBITMQ_GENERATED_CONFIG_DIR", at("generated"))
        .env("RABBITMQ_PLUGINS_EXPAND_DIR", at("plugins"))
        .env("RABBITMQ_MNESIA_BASE", at("data"))
        .env("RABBITMQ_LOG_BASE", at("log"))
        .env("RABBITMQ_PID_FILE", at("pid"))
        // stdout, which is our log.
        .env("RABBITMQ_LOGS", "-")
}

/// Offers AMQP 0-9-1 and expects a method frame (type 1) on channel 0, which is `connection.start`.
fn greet(address: SocketAddr) -> Result<()> {
    const PATIENCE: Duration = Duration::from_secs(2);
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.write_all(b"AMQP\x00\x00\x09\x01")?;
    let mut frame = [0; 3];
    stream.read_exact(&mut frame)?;
    anyhow::ensure!(frame == [1, 0, 0], "it answers {frame:?}");
    Ok(())
}
