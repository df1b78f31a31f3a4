//! How a command fails: an exit code, what is wrong and where, and what to do next.

use service::exit;
use std::fmt;
use std::io::Write as _;
use std::process::ExitCode;
use store::StoreError;
use tokio_postgres::error::DbError;

/// Why a command did not do what was asked. Made where it is known what the user can do about it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    pub code: u8,
    what: String,
    next: Option<String>,
}

impl Failure {
    fn new(code: u8, what: impl Into<String>) -> Self {
        Self { code, what: what.into(), next: None }
    }

    /// A check did not hold, or something failed that no other code names.
    pub(crate) fn failed(what: impl Into<String>) -> Self {
        Self::new(exit::FAILED, what)
    }

    /// An argument cannot be used.
    pub(crate) fn usage(what: impl Into<String>) -> Self {
        Self::new(exit::USAGE, what)
    }

    /// What was asked for is not there.
    pub(crate) fn not_found(what: impl Into<String>) -> Self {
        Self::new(exit::NOT_FOUND, what)
    }

    /// A setting is missing or wrong.
    pub(crate) fn configuration(what: impl Into<String>) -> Self {
        Self::new(exit::CONFIGURATION, what)
    }

    /// PostgreSQL, RabbitMQ, ingest or SendGrid does not answer.
    pub(crate) fn unreachable(what: impl Into<String>) -> Self {
        Self::new(exit::UNREACHABLE, what)
    }

    /// Adds what to do about it.
    #[must_use]
    pub(crate) fn next(mut self, next: impl Into<String>) -> Self {
        self.next = Some(next.into());
        self
    }

    /// What is wrong, without what to do about it.
    pub(crate) fn what(&self) -> &str {
        &self.what
    }

    /// Tells the user, and gives the process its exit code.
    pub(crate) fn report(&self) -> ExitCode {
        // Nothing can be done about a terminal that is gone.
        drop(writeln!(std::io::stderr().lock(), "sendstate: {self}"));
        ExitCode::from(self.code)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.what)?;
        match &self.next {
            Some(next) => write!(formatter, "\n  next: {next}"),
            None => Ok(()),
        }
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        // Also of a connection that failed while it was being made for the pool.
        let refusal = refusal(&error);
        let said =
            refusal.map_or_else(|| error.summary(), |db| format!("{} ({})", db.message(), db.code().code()));
        match refusal.map(|db| db.code().code()) {
            // 28: refused at the door. 3D: no such database.
            Some(code) if code.starts_with("28") || code.starts_with("3D") => {
                Self::configuration(format!("PostgreSQL refuses the connection: {said}"))
                    .next("check user, password and database name in SENDSTATE_DATABASE_URL")
            }
            // A role, table or column that is not there, or a right that was not granted.
            Some("22023" | "42704" | "42P01" | "42703" | "42883" | "42501" | "3F000") => {
                Self::configuration(format!("the database is not set up for this release: {said}"))
                    .next("run `sendstate migrate` as the user who owns the database")
            }
            Some("57014" | "55P03") => Self::failed(format!("PostgreSQL took too long: {said}")),
            // 08: connection. 53: out of something. 57P: going down or coming up.
            Some(code) if code.starts_with("08") || code.starts_with("53") || code.starts_with("57P") => {
                unreachable_database(&said)
            }
            Some(_) => Self::failed(format!("PostgreSQL refused a statement: {said}")),
            None => match error {
                StoreError::Database(_) | StoreError::Pool(_) => unreachable_database(&said),
                StoreError::Contradiction(_) | StoreError::Unreadable(_) => Self::failed(said),
            },
        }
    }
}

impl From<tokio_postgres::Error> for Failure {
    fn from(error: tokio_postgres::Error) -> Self {
        StoreError::from(error).into()
    }
}

fn unreachable_database(said: &str) -> Failure {
    Failure::unreachable(format!("PostgreSQL cannot be reached: {}", said.trim_end()))
        .next("check SENDSTATE_DATABASE_URL and that the server runs and accepts connections from here")
}

/// What the server itself answered, if it did.
fn refusal(error: &StoreError) -> Option<&DbError> {
    let causes =
        std::iter::successors(Some(error as &(dyn std::error::Error + 'static)), |cause| cause.source());
    causes.filter_map(|cause| cause.downcast_ref::<DbError>()).next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_says_what_and_what_next_on_two_lines() {
        let failure = Failure::configuration("no database").next("set SENDSTATE_DATABASE_URL");
        assert_eq!(failure.to_string(), "no database\n  next: set SENDSTATE_DATABASE_URL");
        assert_eq!(failure.code, 64);
    }

    #[test]
    fn exit_codes_are_those_scripts_rely_on() {
        let codes = [
            Failure::failed(""),
            Failure::usage(""),
            Failure::not_found(""),
            Failure::configuration(""),
            Failure::unreachable(""),
        ];
        assert_eq!(codes.map(|failure| failure.code), [1, 2, 4, 64, 69]);
    }
}
