//! Settings: one flat name space of environment variables, each declared once with its default and its reason.
//!
//! A [`Reader`] takes every setting before anything is refused, so that an operator sees all mistakes at once.
//! Secrets have a `…_FILE` twin for mounted files. An empty value counts as absent: compose files cannot unset.
//! A secret's value appears in no message, no log and no `--print-config`.

mod mistake;
mod reader;
pub mod secret_file;
mod shared;
mod size;

pub use mistake::{ConfigErrors, Mistake};
pub use reader::Reader;
pub use shared::{AMQP_URL, DATABASE_URL, LogFormat, QUEUE_PREFIX, SECRET_KEY, Shared};

/// Where settings come from: the process's environment, or a map in tests.
pub trait Environment {
    /// The value of a variable, absent when it is not set. Bytes that are not UTF-8 become U+FFFD, which the
    /// reader refuses.
    fn get(&self, name: &str) -> Option<String>;
}

/// The environment of this process.
#[derive(Clone, Copy, Debug)]
pub struct ProcessEnvironment;

impl Environment for ProcessEnvironment {
    fn get(&self, name: &str) -> Option<String> {
        std::env::var_os(name).map(|value| value.to_string_lossy().into_owned())
    }
}

impl Environment for std::collections::BTreeMap<&str, &str> {
    fn get(&self, name: &str) -> Option<String> {
        std::collections::BTreeMap::get(self, name).map(ToString::to_string)
    }
}

impl Environment for std::collections::BTreeMap<String, String> {
    fn get(&self, name: &str) -> Option<String> {
        std::collections::BTreeMap::get(self, name).cloned()
    }
}

/// One setting: its variable, its default as an operator would write it, and what `--help` says about it.
#[derive(Clone, Copy, Debug)]
pub struct Setting {
    pub name: &'static str,
    /// Absent: the setting is required, or optional where it is read with an optional reading.
    pub default: Option<&'static str>,
    /// Never shown; also read from the file named by `<name>_FILE`.
    pub secret: bool,
    /// What it is and why its default is what it is.
    pub help: &'static str,
}
