//! The two lanes of an endpoint.

/// First attempts, and further ones (retries, replays): neither crowds out the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Lane {
    First,
    Again,
}

impl Lane {
    pub const ALL: [Self; 2] = [Self::First, Self::Again];

    /// As stored.
    #[must_use]
    pub const fn of(stored: i16) -> Self {
        if stored == 0 { Self::First } else { Self::Again }
    }

    #[must_use]
    pub const fn stored(self) -> i16 {
        self as i16
    }

    pub(crate) const fn index(self) -> usize {
        self as usize
    }

    pub(super) const fn other(self) -> Self {
        match self {
            Self::First => Self::Again,
            Self::Again => Self::First,
        }
    }

    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::First => "first",
            Self::Again => "again",
        }
    }
}
