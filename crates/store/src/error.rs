//! What a failed statement means for whoever sent it.
//!
//! The database answers with five-character SQLSTATE codes; this file is the one place that reads them.

use deadpool_postgres::PoolError;
use tokio_postgres::error::SqlState;

/// What is at fault, and so what to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The data: the same rows will fail again. Find the row, set it aside, go on with the others.
    Data,
    /// The moment or the surroundings: the same rows may succeed later. Retry, never set anything aside.
    Environment,
}

/// A statement that did not succeed.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("the database refused or lost a statement")]
    Database(#[from] tokio_postgres::Error),
    #[error("no database connection could be had from the pool")]
    Pool(#[from] PoolError),
    /// What came back contradicts what was sent, e.g. fewer rows moved than were locked.
    #[error("the database answered against expectation: {0}")]
    Contradiction(&'static str),
    /// A stored value that this release cannot read.
    #[error("a stored value cannot be read: {0}")]
    Unreadable(&'static str),
}

impl StoreError {
    #[must_use]
    pub fn fault(&self) -> Fault {
        match self {
            // "No partition of relation found for row" comes as a check violation without a constraint: the schema's
            // failing, not the row's.
            Self::Database(error) if is_partition_missing(error) => Fault::Environment,
            Self::Database(error) => error.code().map_or(Fault::Environment, fault_of),
            Self::Pool(_) | Self::Contradiction(_) | Self::Unreadable(_) => Fault::Environment,
        }
    }

    /// Whether another transaction was in the way (deadlock, serialisation): retry at once, and always.
    #[must_use]
    pub fn is_conflict(&self) -> bool {
        let Self::Database(error) = self else { return false };
        matches!(error.code(), Some(&SqlState::T_R_DEADLOCK_DETECTED | &SqlState::T_R_SERIALIZATION_FAILURE))
    }

    /// Whether it comes of one thing that is stored, not of the database as a whole: waiting alone may never help, and
    /// whoever meets it again and again has to give up on what was asked.
    #[must_use]
    pub const fn concerns_one_thing(&self) -> bool {
        matches!(self, Self::Contradiction(_) | Self::Unreadable(_))
    }

    /// The SQLSTATE, where the server gave one: safe to log, unlike the message, which may quote data.
    #[must_use]
    pub fn sqlstate(&self) -> Option<&str> {
        match self {
            Self::Database(error) => error.code().map(SqlState::code),
            _ => None,
        }
    }

    /// The error's own words without the server's DETAIL, which can hold addresses.
    #[must_use]
    pub fn summary(&self) -> String {
        match self {
            Self::Database(error) => match error.as_db_error() {
                Some(db) => format!("{} ({})", db.message(), db.code().code()),
                None => with_causes(error),
            },
            Self::Pool(PoolError::Backend(error)) => with_causes(error),
            other => with_causes(other),
        }
    }
}

/// An error followed by its sources: a driver's top line ("error connecting to server") alone helps nobody.
fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}

fn is_partition_missing(error: &tokio_postgres::Error) -> bool {
    error.as_db_error().is_some_and(|db| *db.code() == SqlState::CHECK_VIOLATION && db.constraint().is_none())
}

fn fault_of(state: &SqlState) -> Fault {
    let code = state.code();
    // 22: a value out of its domain. 23: a constraint. 54000: too large for an index or a row.
    let data = code.starts_with("22") || code.starts_with("23") || code == "54000";
    if data { Fault::Data } else { Fault::Environment }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_datas_own_faults_set_anything_aside() {
        for code in ["22001", "22021", "22P02", "23502", "23505", "23514", "54000"] {
            assert_eq!(fault_of(&SqlState::from_code(code)), Fault::Data, "{code}");
        }
        for code in [
            "08006", "25006", "40001", "40P01", "42P01", "42501", "53300", "55P03", "57014", "57P01",
            "58030", "XX000",
        ] {
            assert_eq!(fault_of(&SqlState::from_code(code)), Fault::Environment, "{code}");
        }
    }
}
