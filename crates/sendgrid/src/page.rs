//! Parts that several endpoints share: a list that was cut off, how much of it is asked for, and the id of a message.

use std::fmt;

/// Longest id that is asked for; SendGrid's own have some 80 characters.
const ID_LENGTH_MAX: usize = 1_000;

/// What SendGrid returned of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<T> {
    pub rows: Vec<T>,
    /// Elements without what makes them usable, e.g. an id. They count towards the limit.
    pub unreadable: usize,
}

impl<T> Page<T> {
    /// Elements that SendGrid returned, readable or not.
    #[must_use]
    pub fn returned(&self) -> usize {
        self.rows.len() + self.unreadable
    }

    /// Whether there may be more than was returned. SendGrid does not say so; it just stops.
    #[must_use]
    pub fn may_hide_more(&self, limit: Limit) -> bool {
        self.returned() >= usize::from(limit.0)
    }
}

/// How many rows are asked for at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit(u16);

impl Limit {
    /// The most that Email Activity and Email Logs return.
    pub const MAX: Self = Self(1_000);

    /// Brought into the range that SendGrid allows, 1 to 1,000.
    #[must_use]
    pub fn new(rows: u16) -> Self {
        Self(rows.clamp(1, Self::MAX.0))
    }

    #[must_use]
    pub fn rows(self) -> u16 {
        self.0
    }
}

/// SendGrid's id of one message to one recipient: `sg_message_id` of the webhook, `msg_id` of Email Activity.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MessageId(String);

impl MessageId {
    /// `None` for what cannot be asked for: empty, very long, with control characters, or a step within a path.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Option<Self> {
        let text = text.into();
        let askable = (1..=ID_LENGTH_MAX).contains(&text.len()) && !text.chars().any(char::is_control);
        (askable && text != "." && text != "..").then_some(Self(text))
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for MessageId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_what_sendgrid_allows() {
        assert_eq!([0, 1, 10, 1_000, 1_001].map(|rows| Limit::new(rows).rows()), [1, 1, 10, 1_000, 1_000]);
    }

    #[test]
    fn a_full_page_may_hide_more_also_when_some_of_it_cannot_be_read() {
        let page = Page { rows: vec![(); 9], unreadable: 1 };
        assert!(page.may_hide_more(Limit::new(10)));
        assert!(!page.may_hide_more(Limit::new(11)));
    }

    #[test]
    fn an_id_is_no_step_within_a_path() {
        assert!(MessageId::new("thtIPCIcR_iFZDws2JCrwA.filter0004p3las1-2776-5ACA5525-31.1").is_some());
        for bad in ["", ".", "..", "a\nb", &"a".repeat(1_001)] {
            assert_eq!(MessageId::new(bad), None, "{bad}");
        }
    }
}
