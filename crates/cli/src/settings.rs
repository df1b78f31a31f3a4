//! Settings of the command line: flag, environment variable, and for secrets the file that holds one.
//!
//! Nothing is required until a command asks for it: `generate --out` needs no database.

use crate::failure::Failure;
use clap::Args;
use queue::SettingsError;
use secrecy::{ExposeSecret as _, SecretString};
use service::config::secret_file;
use std::path::{Path, PathBuf};
use store::sealed::SecretKey;
use url::Url;

/// The default of every process.
const QUEUE_PREFIX: &str = "sendstate";

/// Flags that every command has.
#[derive(Args, Debug)]
pub(crate) struct Global {
    /// Print one JSON document instead of a table.
    #[arg(long, global = true)]
    pub json: bool,

    /// PostgreSQL, as a URL or as `key=value` words.
    #[arg(
        long,
        global = true,
        env = "SENDSTATE_DATABASE_URL",
        hide_env_values = true,
        value_name = "URL",
        help_heading = "Settings"
    )]
    database_url: Option<SecretString>,

    /// File that holds the database URL.
    #[arg(
        long,
        global = true,
        env = "SENDSTATE_DATABASE_URL_FILE",
        value_name = "FILE",
        help_heading = "Settings"
    )]
    database_url_file: Option<PathBuf>,

    /// Key that seals endpoint secrets at rest: base64 of 32 bytes, the same as the dispatcher's.
    #[arg(
        long,
        global = true,
        env = "SENDSTATE_SECRET_KEY",
        hide_env_values = true,
        value_name = "BASE64",
        help_heading = "Settings"
    )]
    secret_key: Option<SecretString>,

    /// File that holds the secret key.
    #[arg(
        long,
        global = true,
        env = "SENDSTATE_SECRET_KEY_FILE",
        value_name = "FILE",
        help_heading = "Settings"
    )]
    secret_key_file: Option<PathBuf>,

    /// The key before this one, while it is replaced: see `endpoint reseal`.
    #[arg(
        long,
        global = true,
        env = "SENDSTATE_SECRET_KEY_PREVIOUS",
        hide_env_values = true,
        value_name = "BASE64",
        help_heading = "Settings"
    )]
    secret_key_previous: Option<SecretString>,

    /// File that holds the key before this one.
    #[arg(
        long,
        global = true,
        env = "SENDSTATE_SECRET_KEY_PREVIOUS_FILE",
        value_name = "FILE",
        help_heading = "Settings"
    )]
    secret_key_previous_file: Option<PathBuf>,

    /// RabbitMQ, where `quarantine release` and `replay` hand their instructions to the workers.
    #[arg(
        long,
        global = true,
        env = "SENDSTATE_AMQP_URL",
        hide_env_values = true,
        value_name = "URL",
        help_heading = "Settings"
    )]
    amqp_url: Option<SecretString>,

    /// File that holds the RabbitMQ URL.
    #[arg(
        long,
        global = true,
        env = "SENDSTATE_AMQP_URL_FILE",
        value_name = "FILE",
        help_heading = "Settings"
    )]
    amqp_url_file: Option<PathBuf>,

    /// What the queues' names begin with, the same as the workers' [default: sendstate].
    #[arg(
        long,
        global = true,
        env = "SENDSTATE_QUEUE_PREFIX",
        value_name = "PREFIX",
        help_heading = "Settings"
    )]
    queue_prefix: Option<String>,

    /// Where ingest listens, e.g. http://127.0.0.1:8080.
    #[arg(long, global = true, env = "SENDSTATE_INGEST_URL", value_name = "URL", help_heading = "Settings")]
    ingest_url: Option<String>,
}

impl Global {
    pub(crate) fn database_url(&self) -> Result<SecretString, Failure> {
        secret("SENDSTATE_DATABASE_URL", self.database_url.as_ref(), self.database_url_file.as_deref())?
            .ok_or_else(|| {
                Failure::configuration("SENDSTATE_DATABASE_URL is not set")
                    .next("set it, or SENDSTATE_DATABASE_URL_FILE, e.g. postgres://user@127.0.0.1/sendstate")
            })
    }

    pub(crate) fn secret_key(&self) -> Result<SecretKey, Failure> {
        let text = secret("SENDSTATE_SECRET_KEY", self.secret_key.as_ref(), self.secret_key_file.as_deref())?.ok_or_else(|| {
            Failure::configuration("SENDSTATE_SECRET_KEY is not set")
                .next("set it, or SENDSTATE_SECRET_KEY_FILE, to the key the dispatcher uses; a new one: openssl rand -base64 32")
        })?;
        SecretKey::parse(text.expose_secret())
            .map_err(|error| Failure::configuration(format!("SENDSTATE_SECRET_KEY cannot be used: {error}")))
    }

    /// The key before [`Self::secret_key`], while it is replaced.
    pub(crate) fn secret_key_previous(&self) -> Result<Option<SecretKey>, Failure> {
        const NAME: &str = "SENDSTATE_SECRET_KEY_PREVIOUS";
        let text = secret(NAME, self.secret_key_previous.as_ref(), self.secret_key_previous_file.as_deref())?;
        text.map(|text| {
            SecretKey::parse(text.expose_secret())
                .map_err(|error| Failure::configuration(format!("{NAME} cannot be used: {error}")))
        })
        .transpose()
    }

    /// The broker and our names on it.
    pub(crate) fn queue(&self) -> Result<queue::Settings, Failure> {
        let url = secret("SENDSTATE_AMQP_URL", self.amqp_url.as_ref(), self.amqp_url_file.as_deref())?
            .ok_or_else(|| {
                Failure::configuration("SENDSTATE_AMQP_URL is not set").next(
                    "set it, or SENDSTATE_AMQP_URL_FILE, to the broker of ingest and the workers, e.g. amqp://user:password@127.0.0.1:5672/%2f",
                )
            })?;
        let prefix = self.queue_prefix.as_deref().map(str::trim).filter(|prefix| !prefix.is_empty());
        queue::Settings::new(url.expose_secret(), prefix.unwrap_or(QUEUE_PREFIX)).map_err(|error| match error
        {
            SettingsError::Prefix => {
                Failure::configuration(format!("SENDSTATE_QUEUE_PREFIX cannot be used: {error}"))
                    .next("give the prefix that ingest and the workers have")
            }
            error => Failure::configuration(format!("SENDSTATE_AMQP_URL cannot be used: {error}"))
                .next("give the URL that ingest and the workers have"),
        })
    }

    /// Where ingest listens, if that is set.
    pub(crate) fn ingest_url(&self) -> Result<Option<Url>, Failure> {
        self.ingest_url
            .as_deref()
            .filter(|text| !text.trim().is_empty())
            .map(|text| base_url("SENDSTATE_INGEST_URL", text))
            .transpose()
    }
}

/// Reads the URL of an HTTP server.
pub(crate) fn base_url(setting: &str, text: &str) -> Result<Url, Failure> {
    let wrong = |why: String| {
        Failure::configuration(format!("{setting} cannot be used: {why}"))
            .next("give an http or https URL, e.g. http://127.0.0.1:8080")
    };
    let url = Url::parse(text.trim()).map_err(|error| wrong(error.to_string()))?;
    match url.scheme() {
        "http" | "https" => Ok(url),
        other => Err(wrong(format!("its scheme is `{other}`"))),
    }
}

/// A secret from its variable or its file, by the rules of the processes. Both is refused: whoever changes one expects it
/// to count.
fn secret(
    name: &str,
    value: Option<&SecretString>,
    file: Option<&Path>,
) -> Result<Option<SecretString>, Failure> {
    // Compose files set what they do not use to the empty string.
    let value = value.filter(|text| !text.expose_secret().is_empty());
    let file = file.filter(|path| !path.as_os_str().is_empty());
    match (value, file) {
        (Some(_), Some(_)) => {
            Err(Failure::configuration(format!("{name} and {name}_FILE are both set"))
                .next("keep one of them"))
        }
        (Some(value), None) => Ok(Some(value.clone())),
        (None, Some(path)) => {
            let text = secret_file::read(path).map_err(|error| {
                Failure::configuration(format!("{name}_FILE: {} {error}", path.display()))
                    .next("name a readable file that holds the value")
            })?;
            Ok(Some(text))
        }
        (None, None) => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_given_twice_is_refused() {
        let value = SecretString::from("x");
        let failure = secret("NAME", Some(&value), Some(Path::new("/nowhere"))).unwrap_err();
        assert_eq!(failure.code, 64);
        assert!(failure.to_string().contains("NAME_FILE"));
    }

    #[derive(clap::Parser)]
    struct Line {
        #[command(flatten)]
        global: Global,
    }

    fn global(words: &[&str]) -> Global {
        use clap::Parser as _;
        Line::parse_from(std::iter::once("line").chain(words.iter().copied())).global
    }

    #[test]
    fn the_broker_is_named_by_a_url_and_a_prefix_and_wrong_ones_are_told_apart() {
        // Named on the line, so that the test does not depend on the environment.
        let url = "--amqp-url=amqp://user:hidden@127.0.0.1:5672/%2f";
        let settings = global(&[url, "--queue-prefix="]).queue().unwrap();
        assert_eq!(settings.prefix(), "sendstate");
        assert_eq!(global(&[url, "--queue-prefix=test-1"]).queue().unwrap().prefix(), "test-1");
        for (words, named) in [
            ([url, "--queue-prefix=amq.x"], "SENDSTATE_QUEUE_PREFIX"),
            (["--amqp-url=http://user:hidden@x/", "--queue-prefix=x"], "SENDSTATE_AMQP_URL"),
            (["--amqp-url=", "--queue-prefix=x"], "SENDSTATE_AMQP_URL is not set"),
        ] {
            let failure = global(&words).queue().unwrap_err();
            assert_eq!(failure.code, 64, "{failure}");
            assert!(failure.to_string().contains(named), "{failure}");
            assert!(!failure.to_string().contains("hidden"), "{failure}");
        }
    }

    #[test]
    fn an_empty_value_counts_as_absent() {
        assert!(secret("NAME", Some(&SecretString::from("")), None).unwrap().is_none());
    }

    #[test]
    fn a_file_is_read_as_the_processes_read_it() {
        let path = std::env::temp_dir().join(format!("sendstate-settings-{}", std::process::id()));
        std::fs::write(&path, "postgres://x\n").unwrap();
        let text = secret("NAME", None, Some(&path)).unwrap().unwrap();
        std::fs::write(&path, "\n").unwrap();
        let empty = secret("NAME", None, Some(&path)).unwrap_err();
        std::fs::remove_file(&path).unwrap();
        assert_eq!(text.expose_secret(), "postgres://x");
        assert_eq!(empty.code, 64);
        assert!(empty.to_string().contains("is empty"), "{empty}");
    }
}
