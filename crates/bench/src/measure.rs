//! What is measured, one subject a file. Each adds its results to the session.

pub(crate) mod dispatch;
pub(crate) mod end_to_end;
pub(crate) mod growth;
pub(crate) mod ingest;
mod insert;
pub(crate) mod isolation;
pub(crate) mod latency;
mod publish;
mod told;
pub(crate) mod verify;
