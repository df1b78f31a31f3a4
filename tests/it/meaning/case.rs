//! One row of the table: what is sent, and what it must come to, in a notation that can be read beside the fixture.
//!
//! ```text
//! 3 = 1 applied + 1 stale + 1 quarantined     one line per body sent: its elements and how they ended
//! held bad_timestamp 2                        reason and ordinals of what was kept aside, `whole` for a whole body
//! anna@example.com q7… opened                 a message: recipient, X-Message-Id, status
//!     delivered@2 opened@20; opens 1          facts and counts; @2 is two seconds after ORIGIN
//!     failure bounced@5 "550 gone" 5.1.1      kind, time, reason, SMTP status, (classification), by what correlated
//!     args {"order":"7"}                      custom arguments
//!     categories news, weekly
//!     told delivered@2, seen@20 (opened)      what a consumer of every type received, in its sequence; the status
//!                                             it was told where that is another word; * for implied
//! recipient anna@example.com bounced@5 "550 gone", group 17 unsubscribed@9
//!     told suppressed@5 (bounced), suppressed@9 (group 17 unsubscribed)
//! pending bounce@60                          waits for its message
//! account told status_changed@7 (compliance_suspend)
//! ```
//!
//! Lines that would be empty are left out; indentation is for the eye.

/// Second 0 of the notation, and of the fixtures' `timestamp`s.
pub(super) const ORIGIN: i64 = 1_750_000_000;

#[derive(Clone, Copy, Debug)]
pub(super) struct Case {
    /// Unique; also names its source, and its fixture unless `posts` does.
    pub(super) name: &'static str,
    /// The rule that it shows.
    pub(super) why: &'static str,
    /// Flags of its source.
    pub(super) flags: &'static [&'static str],
    pub(super) then: Then,
    posts: &'static [&'static str],
    meaning: &'static str,
}

/// What happens after the last body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Then {
    Nothing,
    /// A minute passes for what is pending.
    LookAgain,
    /// A day does.
    LookForTheLastTime,
}

/// A row whose only body is the fixture of its name.
pub(super) const fn case(name: &'static str, why: &'static str, meaning: &'static str) -> Case {
    Case { name, why, flags: &[], then: Then::Nothing, posts: &[], meaning }
}

impl Case {
    /// Sends these fixtures instead, each after the one before is in the ledger.
    pub(super) const fn posts(self, posts: &'static [&'static str]) -> Self {
        Self { posts, ..self }
    }

    /// On a source that does.
    pub(super) const fn ignoring_machine_opens(self) -> Self {
        Self { flags: &["--machine-opens", "ignore"], ..self }
    }

    /// Then has the worker look once more for the messages of bounces that wait.
    pub(super) const fn looked_at_again(self) -> Self {
        Self { then: Then::LookAgain, ..self }
    }

    /// When their time is over.
    pub(super) const fn looked_at_for_the_last_time(self) -> Self {
        Self { then: Then::LookForTheLastTime, ..self }
    }

    /// Names of its source: a slash would be a segment of its path.
    pub(super) fn source(&self) -> String {
        self.name.replace('/', ".")
    }

    pub(super) fn fixtures(&self) -> Vec<&'static str> {
        if self.posts.is_empty() { vec![self.name] } else { self.posts.to_vec() }
    }

    pub(super) fn expected(&self) -> Vec<String> {
        self.meaning.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect()
    }
}
