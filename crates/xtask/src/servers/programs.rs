//! Where the server programs are on this machine.

use anyhow::{Context, Result};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Oldest PostgreSQL that the product supports.
const POSTGRES_OLDEST: u32 = 15;

/// Where to look. The places are gone through anew each time: installing makes new ones.
#[derive(Clone, Debug)]
pub struct Search {
    given: Option<Vec<PathBuf>>,
}

impl Search {
    /// `SENDSTATE_SERVER_PATH` (a list like `PATH`) and nothing else when given; else `PATH` and the places where
    /// distributions put servers.
    #[must_use]
    pub fn from_environment() -> Self {
        let given = std::env::var_os("SENDSTATE_SERVER_PATH");
        Self { given: given.map(|given| std::env::split_paths(&given).collect()) }
    }

    /// Whether what is missing may be installed: not when someone said where to look.
    #[must_use]
    pub const fn may_install(&self) -> bool {
        self.given.is_none()
    }

    fn directories(&self) -> Vec<PathBuf> {
        if let Some(given) = &self.given {
            return given.clone();
        }
        let mut directories = Vec::new();
        // Debian's `rabbitmq-server` in /usr/sbin switches user and ignores the directories it is given, so the real
        // one comes before PATH.
        directories.push(PathBuf::from("/usr/lib/rabbitmq/bin"));
        directories.extend(std::env::var_os("PATH").iter().flat_map(std::env::split_paths));
        directories.push("/usr/bin".into());
        directories.push("/opt/rabbitmq/sbin".into());
        directories.push("/usr/lib/erlang/bin".into());
        for (parent, below) in [
            ("/usr/lib/postgresql", "bin"),
            ("/usr/pgsql", "bin"),
            ("/usr/local/pgsql", "."),
            ("/usr/lib/rabbitmq/lib", "sbin"),
        ] {
            let mut found = below_each(Path::new(parent), below);
            found.sort_by_key(|path| std::cmp::Reverse(path.clone()));
            directories.extend(found);
        }
        directories
    }

    fn find(&self, program: &str) -> Option<PathBuf> {
        let mut candidates = self.directories().into_iter().map(|directory| directory.join(program));
        candidates.find(|path| path.is_file() && !is_debian_wrapper(path))
    }
}

fn below_each(parent: &Path, below: &str) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(parent) else { return Vec::new() };
    entries.filter_map(|entry| Some(entry.ok()?.path().join(below))).filter(|path| path.is_dir()).collect()
}

fn is_debian_wrapper(path: &Path) -> bool {
    path.canonicalize().is_ok_and(|real| real.starts_with("/usr/sbin") && real.ends_with("rabbitmq-server"))
        || path.canonicalize().is_ok_and(|real| real.ends_with("rabbitmq-script-wrapper"))
}

/// `initdb` and `postgres`, of one installation.
#[derive(Clone, Debug)]
pub struct PostgresPrograms {
    pub initdb: PathBuf,
    pub postgres: PathBuf,
}

impl PostgresPrograms {
    /// The newest of the first place that is new enough.
    #[must_use]
    pub fn find(search: &Search) -> Option<Self> {
        search.directories().iter().find_map(|directory| {
            let programs = Self { initdb: directory.join("initdb"), postgres: directory.join("postgres") };
            let version = programs.initdb.is_file().then(|| major_version(&programs.postgres).ok())??;
            (version >= POSTGRES_OLDEST).then_some(programs)
        })
    }
}

/// From "postgres (PostgreSQL) 15.10 (Debian …)".
fn major_version(postgres: &Path) -> Result<u32> {
    let output = Command::new(postgres).arg("--version").output()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let number = text.split_ascii_whitespace().nth(2).context("no version")?;
    let major = number.split(|c: char| !c.is_ascii_digit()).next().unwrap_or_default();
    major.parse().with_context(|| format!("not a version: {number}"))
}

/// The broker's own scripts (not a distribution's wrapper around them) and Erlang's port mapper.
#[derive(Clone, Debug)]
pub struct RabbitMqPrograms {
    pub server: PathBuf,
    pub control: PathBuf,
    pub epmd: PathBuf,
    /// A `PATH` on which the scripts find `erl` and the usual commands.
    pub path: OsString,
}

impl RabbitMqPrograms {
    #[must_use]
    pub fn find(search: &Search) -> Option<Self> {
        let server = search.find("rabbitmq-server")?;
        let control = server.with_file_name("rabbitmqctl");
        let (erl, epmd) = (search.find("erl")?, search.find("epmd")?);
        let mut path: Vec<_> = erl.parent().map(Path::to_owned).into_iter().collect();
        path.extend(["/usr/local/bin", "/usr/bin", "/bin"].map(PathBuf::from));
        let path = std::env::join_paths(path).ok()?;
        control.is_file().then_some(Self { server, control, epmd, path })
    }
}
