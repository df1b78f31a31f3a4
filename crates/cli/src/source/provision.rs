//! A source's webhook in SendGrid: setting it up by one command, looking at it, replacing its key, taking it away.
//!
//! SendGrid is the only memory of how far a command came: each looks at what there is and does what is missing, so one
//! that was interrupted is simply run again. One at a time changes a source's webhook (`alone`). Three rules hold at every
//! moment, whatever fails:
//!
//! * A webhook is switched on by us only when it signs and its source accepts the key, so nothing is ever sent unsigned
//!   on our account, and nothing signed arrives that would be refused.
//! * A key is retired only when the webhook has another one and the source accepts that; both are looked at again just
//!   before.
//! * Signing is switched off only to make a new key, and the command does not end before it is on again.

mod address;
mod ask;
mod deprovision;
mod double;
mod hand;
mod key;
mod report;
mod rotate;
mod setup;
mod status;
mod steps;
mod trial;
mod which;

pub(crate) use deprovision::deprovision;
pub(crate) use rotate::rotate_key;
pub(crate) use setup::provision;
pub(crate) use status::status;
pub(crate) use trial::SAMPLE_ADDRESS;

use sendgrid::webhook::Toggle;
use std::collections::BTreeMap;

/// Every switch and whether it is to be on: exactly those named are, or all if none is.
///
/// `account_status_change` is among them, although it concerns no message: it alone tells that SendGrid has suspended the
/// account, and endpoints can ask to be told (`account.status_changed`).
fn wanted(events: &[Toggle]) -> BTreeMap<Toggle, bool> {
    let on = |toggle: &Toggle| events.is_empty() || events.contains(toggle);
    Toggle::ALL.into_iter().map(|toggle| (toggle, on(&toggle))).collect()
}

/// Names of switches, for people.
fn names<'a>(toggles: impl IntoIterator<Item = &'a Toggle>) -> String {
    let names: Vec<&str> = toggles.into_iter().map(|toggle| toggle.as_str()).collect();
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exactly_the_named_events_are_wanted_or_all_of_them() {
        assert!(wanted(&[]).values().all(|on| *on));
        let some = wanted(&[Toggle::Bounce, Toggle::Delivered]);
        assert_eq!(some.len(), Toggle::ALL.len());
        assert_eq!(names(some.iter().filter(|(_, on)| **on).map(|(toggle, _)| toggle)), "delivered, bounce");
    }
}
