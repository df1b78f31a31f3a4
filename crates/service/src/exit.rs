//! Exit codes that scripts rely on, the same for every program.

pub const OK: u8 = 0;
/// A check did not hold, or the program failed in a way that no other code names.
pub const FAILED: u8 = 1;
/// Flags or arguments that the program does not have.
pub const USAGE: u8 = 2;
/// What was asked for does not exist.
pub const NOT_FOUND: u8 = 4;
/// The configuration is wrong (`EX_USAGE` of sysexits.h).
pub const CONFIGURATION: u8 = 64;
/// PostgreSQL, RabbitMQ or ingest cannot be reached (`EX_UNAVAILABLE` of sysexits.h).
pub const UNREACHABLE: u8 = 69;
