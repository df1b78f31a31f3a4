//! How a request to SendGrid's API fails. The variant is the decision that a caller takes; the words are for people.
//!
//! After [`Error::Timeout`], [`Error::Unreachable`] and [`Error::Unreadable`] a change may have been made all the same:
//! whoever asked for one looks again before asking twice.

use crate::webhook::WebhookId;
use std::fmt;
use std::time::Duration;

/// Why there is no result.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// No connection, or it broke before there was an answer.
    #[error("SendGrid's API cannot be reached: {why}")]
    Unreachable { why: String },
    /// Connecting, the answer's head and its body together took longer than the client waits.
    #[error("SendGrid's API did not answer within {after:?}")]
    Timeout { after: Duration },
    /// 401: no such key, or one of the other region.
    #[error("SendGrid does not accept the API key: {said}")]
    Unauthorized { said: Said },
    /// 403: the key lacks a permission, or the account does.
    #[error("SendGrid does not permit this: {said}")]
    Forbidden { said: Said },
    /// 404: no such thing, or no such endpoint for this account.
    #[error("SendGrid does not know this: {said}")]
    NotFound { said: Said },
    /// 429, and waiting would take longer than the client's patience.
    #[error("SendGrid's rate limit is reached; it may be asked again in {retry_after:?}: {said}")]
    RateLimited { retry_after: Duration, said: Said },
    /// 400 on creating or moving a webhook: another one has this URL. It can be adopted.
    #[error("SendGrid has a webhook with this URL already: {said}")]
    AlreadyExists { id: Option<WebhookId>, url: Option<String>, said: Said },
    /// The account's plan does not have it: no more webhooks, or none that may be changed.
    #[error("SendGrid's plan does not include this: {said}")]
    PlanLimit { said: Said },
    /// Any other status that is not a success.
    #[error("SendGrid answered {status}: {said}")]
    Refused { status: u16, said: Said },
    /// A success whose body is not what the specification says, or not whole.
    #[error("SendGrid answered {status} and something that cannot be read: {why}")]
    Unreadable { status: u16, why: String },
}

impl Error {
    /// What SendGrid said in its own words, if anything.
    #[must_use]
    pub fn said(&self) -> Option<&Said> {
        match self {
            Self::Unauthorized { said }
            | Self::Forbidden { said }
            | Self::NotFound { said }
            | Self::RateLimited { said, .. }
            | Self::AlreadyExists { said, .. }
            | Self::PlanLimit { said }
            | Self::Refused { said, .. } => Some(said),
            Self::Unreachable { .. } | Self::Timeout { .. } | Self::Unreadable { .. } => None,
        }
    }

    /// Whether the same request may well succeed a little later.
    #[must_use]
    pub fn is_passing(&self) -> bool {
        match self {
            Self::Unreachable { .. } | Self::Timeout { .. } | Self::RateLimited { .. } => true,
            Self::Refused { status, .. } => *status >= 500,
            _ => false,
        }
    }

    /// Whether this account or key has no such endpoint at all, e.g. Email Logs, which not every plan has.
    #[must_use]
    pub fn is_not_available(&self) -> bool {
        matches!(self, Self::Forbidden { .. } | Self::NotFound { .. } | Self::PlanLimit { .. })
    }
}

/// The messages of an error answer, in a form that can be shown: few, short, and without control characters.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Said(Vec<String>);

/// More than SendGrid says about one mistake.
const MESSAGES_MAX: usize = 8;
const MESSAGE_CHARS_MAX: usize = 300;

impl Said {
    pub(crate) fn new(messages: impl IntoIterator<Item = String>) -> Self {
        let shown =
            messages.into_iter().map(|message| showable(&message)).filter(|message| !message.is_empty());
        Self(shown.take(MESSAGES_MAX).collect())
    }

    #[must_use]
    pub fn messages(&self) -> &[String] {
        &self.0
    }

    /// Whether any message has these words, in any case.
    pub(crate) fn has(&self, words: &str) -> bool {
        self.0.iter().any(|message| message.to_ascii_lowercase().contains(words))
    }
}

impl fmt::Display for Said {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return formatter.write_str("it gives no reason");
        }
        formatter.write_str(&self.0.join("; "))
    }
}

/// What a stranger wrote, as one short line: a terminal must not take it for commands.
pub(crate) fn showable(text: &str) -> String {
    let line: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let line = line.trim();
    match line.char_indices().nth(MESSAGE_CHARS_MAX) {
        Some((end, _)) => format!("{}…", line.get(..end).unwrap_or_default()),
        None => line.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_sendgrid_says_is_shown_short_and_without_control_characters() {
        let said = Said::new(["  \u{1b}[2Jgone\r\n".to_owned(), String::new(), "x".repeat(1_000)]);
        assert_eq!(said.messages().len(), 2);
        assert_eq!(said.messages()[0], "[2Jgone");
        assert_eq!(said.messages()[1].chars().count(), MESSAGE_CHARS_MAX + 1);
        assert_eq!(Said::new(vec!["a".to_owned(); 100]).messages().len(), MESSAGES_MAX);
        assert_eq!(Said::default().to_string(), "it gives no reason");
        assert_eq!(Said::new(["a".to_owned(), "b".to_owned()]).to_string(), "a; b");
    }

    #[test]
    fn only_what_may_pass_is_called_passing() {
        let said = Said::default;
        let refused = |status| Error::Refused { status, said: said() };
        assert!(refused(503).is_passing() && Error::Unreachable { why: String::new() }.is_passing());
        assert!(!refused(400).is_passing() && !Error::Forbidden { said: said() }.is_passing());
        assert!(Error::NotFound { said: said() }.is_not_available() && !refused(404).is_not_available());
    }
}
