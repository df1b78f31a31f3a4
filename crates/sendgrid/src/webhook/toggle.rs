//! The events that a webhook can be told to send, each a switch of its own.

/// One switch. Named as the settings name it, which is not always as the event is named: `spam_report` switches
/// `spamreport`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Toggle {
    Processed,
    Dropped,
    Delivered,
    Deferred,
    Bounce,
    Open,
    Click,
    SpamReport,
    Unsubscribe,
    GroupUnsubscribe,
    GroupResubscribe,
    AccountStatusChange,
}

impl Toggle {
    pub const ALL: [Self; 12] = [
        Self::Processed,
        Self::Dropped,
        Self::Delivered,
        Self::Deferred,
        Self::Bounce,
        Self::Open,
        Self::Click,
        Self::SpamReport,
        Self::Unsubscribe,
        Self::GroupUnsubscribe,
        Self::GroupResubscribe,
        Self::AccountStatusChange,
    ];

    /// Its name in SendGrid's settings.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Processed => "processed",
            Self::Dropped => "dropped",
            Self::Delivered => "delivered",
            Self::Deferred => "deferred",
            Self::Bounce => "bounce",
            Self::Open => "open",
            Self::Click => "click",
            Self::SpamReport => "spam_report",
            Self::Unsubscribe => "unsubscribe",
            Self::GroupUnsubscribe => "group_unsubscribe",
            Self::GroupResubscribe => "group_resubscribe",
            Self::AccountStatusChange => "account_status_change",
        }
    }

    /// The `event` that the webhook then posts.
    #[must_use]
    pub fn event(self) -> &'static str {
        match self {
            Self::SpamReport => "spamreport",
            _ => self.as_str(),
        }
    }

    /// By its name in the settings or by that of its event.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|toggle| toggle.as_str() == name || toggle.event() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_toggle_is_found_by_both_its_names() {
        for toggle in Toggle::ALL {
            assert_eq!(Toggle::named(toggle.as_str()), Some(toggle));
            assert_eq!(Toggle::named(toggle.event()), Some(toggle));
        }
        assert_eq!(Toggle::named("blocked"), None);
    }
}
