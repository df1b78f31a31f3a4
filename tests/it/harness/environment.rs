//! What the run was given: two servers, and the folder of the programs under test.

use std::path::PathBuf;
use std::sync::OnceLock;

#[derive(Debug)]
pub(crate) struct Environment {
    /// Of a superuser: every test makes a database of its own.
    pub(crate) database_url: String,
    pub(crate) amqp_url: String,
    /// Holds `sendstate`, `sendstate-ingest`, `sendstate-worker`, `sendstate-dispatcher` and `xtask`.
    pub(crate) programs: PathBuf,
}

pub(crate) fn environment() -> &'static Environment {
    static ENVIRONMENT: OnceLock<Environment> = OnceLock::new();
    ENVIRONMENT.get_or_init(|| Environment {
        database_url: required("SENDSTATE_TEST_DATABASE_URL"),
        amqp_url: required("SENDSTATE_TEST_AMQP_URL"),
        programs: required("SENDSTATE_BIN_DIR").into(),
    })
}

#[expect(clippy::disallowed_methods, reason = "where the tests are told what they run against")]
fn required(name: &str) -> String {
    match std::env::var(name) {
        Ok(value) if !value.is_empty() => value,
        _ => panic!("{name} is not set: run `cargo xtask test`, which starts servers and sets it"),
    }
}
