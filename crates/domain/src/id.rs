//! Identifiers. Made at the border (`wire::key`), compared and stored everywhere else, never interpreted.

/// Immutable number of a source. People see its name; everything else refers to it by this.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SourceId(pub i32);

impl SourceId {
    /// Stands for a source that nobody could name: a message in the broker that ingest did not write.
    pub const NONE: Self = Self(0);
}

/// Sixteen bytes that stand for one message: a locality prefix of four bytes and a hash of
/// (source, `sg_message_id`, lower-case address).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MessageKey(pub [u8; 16]);

/// Sixteen bytes that stand for one event: its time in seconds (four bytes, big endian), then a hash.
/// Which fields are hashed tells a first key from a natural key; see `wire::key`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventKey(pub [u8; 16]);
