//! What can happen to a mail.

/// One event of a mail's life, by the name SendGrid gives it; the variants SendGrid tells by a field have names of
/// their own here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "clap", derive(clap::ValueEnum), value(rename_all = "snake_case"))]
pub enum Step {
    Processed,
    Deferred,
    Delivered,
    Bounce,
    /// `bounce` with `type: "blocked"`.
    Blocked,
    Dropped,
    Open,
    /// `open` with `sg_machine_open: true`.
    MachineOpen,
    Click,
    #[cfg_attr(feature = "clap", value(alias = "spam_report"))]
    Spamreport,
    Unsubscribe,
    GroupUnsubscribe,
    GroupResubscribe,
    /// A bounce that arrives by mail days later: it names nothing but the address.
    AsyncBounce,
    AccountStatusChange,
    /// A name that SendGrid does not document.
    Unknown,
}

impl Step {
    /// The event's name on the wire.
    pub const fn wire_name(self) -> &'static str {
        match self {
            Self::Processed => "processed",
            Self::Deferred => "deferred",
            Self::Delivered => "delivered",
            Self::Bounce | Self::Blocked | Self::AsyncBounce => "bounce",
            Self::Dropped => "dropped",
            Self::Open | Self::MachineOpen => "open",
            Self::Click => "click",
            Self::Spamreport => "spamreport",
            Self::Unsubscribe => "unsubscribe",
            Self::GroupUnsubscribe => "group_unsubscribe",
            Self::GroupResubscribe => "group_resubscribe",
            Self::AccountStatusChange => "account_status_change",
            // In the schema of SendGrid's logs, not in that of its webhook.
            Self::Unknown => "received",
        }
    }

    /// The least and the most seconds since the step before.
    pub const fn delay_s(self) -> (u64, u64) {
        match self {
            Self::Processed => (0, 0),
            Self::Delivered | Self::Dropped | Self::Bounce => (0, 4),
            Self::Deferred | Self::Blocked => (30, 300),
            Self::Open | Self::MachineOpen | Self::Click => (5, 90),
            _ => (10, 120),
        }
    }
}
