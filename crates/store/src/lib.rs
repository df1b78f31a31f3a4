//! PostgreSQL: the pool, the migrations, and one function per statement.
//!
//! Functions take a client or a transaction and never begin or commit one: whoever owns the protocol (`worker::apply`,
//! `dispatcher`, `cli`) owns the transaction. Statements live in `sql/`; what a statement locks and what it returns when
//! nothing matched is told at its function. Errors are told apart by what to do about them: [`Fault`].

pub mod audit;
pub mod batch;
pub mod correlation;
pub mod delivery;
pub mod endpoint;
mod error;
pub mod event;
pub mod hint;
pub mod look;
pub mod message;
pub mod migrate;
pub mod notification;
pub mod partition;
pub mod pending;
mod pool;
pub mod quarantine;
pub mod recipient;
pub mod reconcile;
pub mod replay;
pub mod reseal;
pub mod sealed;
pub mod source;
pub mod trial;
pub mod value;

pub use error::{Fault, StoreError};
pub use pool::{Client, Pool, PoolSettings, PoolSettingsError, Role};
