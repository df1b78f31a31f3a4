//! Whether this process can do what its sources ask of it, as a condition of readiness.
//!
//! Logged when it begins: whoever started the process without the key has to act, and until then SendGrid's tries for
//! those sources end with 503.

use super::Authority;
use service::health::Condition;

/// Met unless a source asks for tokens that this process can neither make nor check.
#[derive(Debug)]
pub(crate) struct TokensCondition {
    condition: Condition,
    authority: Authority,
    /// What went wrong last time is not logged again each time.
    lacking: bool,
}

impl TokensCondition {
    pub(crate) fn new(condition: Condition, authority: Authority) -> Self {
        Self { condition, authority, lacking: false }
    }

    /// `asking`: how many sources ask for tokens.
    pub(crate) fn judge(&mut self, asking: usize) {
        let lacking = asking > 0 && !self.authority.is_able();
        if lacking && !self.lacking {
            tracing::error!(
                sources = asking,
                "sources ask for OAuth tokens and SENDSTATE_OAUTH_KEY is not set: all their requests are refused"
            );
        }
        if lacking {
            self.condition.unmet("sources ask for OAuth tokens and SENDSTATE_OAUTH_KEY is not set");
        } else {
            self.condition.met();
        }
        self.lacking = lacking;
    }
}
