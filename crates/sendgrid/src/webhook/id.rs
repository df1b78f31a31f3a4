//! Which webhook.

use std::fmt;

const LENGTH_MAX: usize = 128;

/// SendGrid's id of a webhook. Always one whole step of a path, because a request without an id would be about the
/// account's oldest webhook.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WebhookId(String);

impl WebhookId {
    /// `None` for what SendGrid would not make: letters, digits, `-` and `_` only.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let plain = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
        (plain && (1..=LENGTH_MAX).contains(&text.len())).then(|| Self(text.to_owned()))
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for WebhookId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_never_leaves_its_place_in_the_path() {
        assert!(WebhookId::parse("77d4a5da-7015-11ed-a1eb-0242ac120002").is_some());
        for bad in ["", ".", "..", "a/b", "a?b", "a b", "a%2f", "é", &"a".repeat(129)] {
            assert_eq!(WebhookId::parse(bad), None, "{bad}");
        }
    }
}
