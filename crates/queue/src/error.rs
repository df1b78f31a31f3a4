//! What went wrong with the broker, as the decision it calls for.

use lapin::{
    ErrorKind,
    protocol::{AMQPErrorKind, AMQPHardError, AMQPSoftError},
};
use std::error::Error as StdError;
use thiserror::Error;

/// The client library's own error, kept for the log.
pub(crate) type Source = Box<dyn StdError + Send + Sync + 'static>;

/// Why connecting, declaring, consuming or acknowledging failed.
///
/// Publishing has its own, [`PublishError`](crate::PublishError): its callers decide about one message, not about the
/// connection.
#[derive(Debug, Error)]
pub enum QueueError {
    /// The broker cannot be reached, was lost, or did not answer in time: wait and try again.
    #[error("broker is not reachable")]
    Unreachable(#[source] Source),
    /// Credentials, virtual host or permissions are wrong: a person must act. Trying again is harmless.
    #[error("broker denies access")]
    Denied(#[source] Source),
    /// The queue exists with other arguments (type, limits, dead lettering): a person must act.
    #[error("queue exists with other arguments")]
    Conflict(#[source] Source),
    /// There is no such queue.
    #[error("queue does not exist")]
    Missing(#[source] Source),
    /// The broker refused for another reason, such as resources: wait and try again.
    #[error("broker refuses")]
    Refused(#[source] Source),
    /// The broker ended the subscription (queue deleted, leader moved, consumer too slow) or its channel is gone.
    /// What was not acknowledged comes again, to whoever subscribes.
    #[error("subscription ended")]
    Ended,
}

impl QueueError {
    pub(crate) fn timed_out(what: &'static str) -> Self {
        Self::Unreachable(format!("{what} took too long").into())
    }
}

/// An error with what it was caused by, for the log. One level: lapin's own errors already tell what lies below them.
pub(crate) fn told(error: &dyn StdError) -> String {
    match error.source() {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    }
}

impl From<lapin::Error> for QueueError {
    fn from(error: lapin::Error) -> Self {
        let ErrorKind::ProtocolError(protocol) = error.kind() else {
            return Self::Unreachable(error.into());
        };
        match protocol.kind() {
            // 530 is what an unknown virtual host, or one without permission, is answered with.
            AMQPErrorKind::Soft(AMQPSoftError::ACCESSREFUSED)
            | AMQPErrorKind::Hard(AMQPHardError::NOTALLOWED) => Self::Denied(error.into()),
            AMQPErrorKind::Soft(AMQPSoftError::PRECONDITIONFAILED) => Self::Conflict(error.into()),
            AMQPErrorKind::Soft(AMQPSoftError::NOTFOUND) => Self::Missing(error.into()),
            // 320 is how a broker says good-bye when it is stopped.
            AMQPErrorKind::Hard(AMQPHardError::CONNECTIONFORCED) => Self::Unreachable(error.into()),
            _ => Self::Refused(error.into()),
        }
    }
}
