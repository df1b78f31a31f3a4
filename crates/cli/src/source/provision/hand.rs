//! What to do where the API key may not: the permissions to add to it, and the same thing by hand.

use super::names;
use crate::failure::Failure;
use sendgrid::Permission;
use sendgrid::webhook::Toggle;
use serde::Serialize;
use std::collections::BTreeMap;

/// The way round a permission that is missing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct ByHand {
    /// Scopes to add to the API key.
    scopes: Vec<&'static str>,
    /// What to do in SendGrid instead, one step each.
    steps: Vec<String>,
}

impl ByHand {
    pub(super) fn new(missing: &[Permission], steps: Vec<String>) -> Self {
        Self { scopes: missing.iter().map(|permission| permission.scope()).collect(), steps }
    }

    pub(super) fn text(&self) -> String {
        let mut lines = vec!["The API key may not do this. Either give it these permissions:".to_owned()];
        lines.extend(self.scopes.iter().map(|scope| format!("  {scope}")));
        lines.push(
            "(in SendGrid: Settings → API Keys → the key → Edit API Key → Restricted Access → Mail Settings: Full Access)"
                .to_owned(),
        );
        lines.push("or do it by hand:".to_owned());
        let steps = self.steps.iter().enumerate();
        lines.extend(steps.map(|(number, step)| format!("  {}. {step}", number + 1)));
        lines.join("\n")
    }
}

/// The failure of a key that lacks these.
pub(super) fn lacking(missing: &[Permission]) -> Failure {
    let scopes: Vec<&str> = missing.iter().map(|permission| permission.scope()).collect();
    Failure::configuration(format!("the API key lacks {}", scopes.join(", ")))
        .next("add these permissions to the key, or do by hand what is listed above")
}

/// Where webhooks are set up in SendGrid's pages.
const PAGE: &str = "Settings → Mail Settings → Event Webhooks";

/// Setting a webhook up by hand. `known`: the source is there already.
pub(super) fn setup(source: &str, known: bool, url: &str, wanted: &BTreeMap<Toggle, bool>) -> Vec<String> {
    let chosen = |which: bool| names(wanted.iter().filter(|(_, on)| **on == which).map(|(toggle, _)| toggle));
    let (on, off) = (chosen(true), chosen(false));
    let mut steps = vec![
        format!("In SendGrid, {PAGE}: create a webhook, or open the one that posts to the URL below."),
        format!("Post URL: {url}"),
        format!("Switch on: {on}"),
    ];
    if !off.is_empty() {
        steps.push(format!("Switch off: {off}"));
    }
    steps.push("Signature Verification: enable it, save, and copy the Verification Key.".to_owned());
    steps.push(if known {
        format!("Here: sendstate source key add {source} --public-key KEY")
    } else {
        format!("Here: sendstate source add {source} --public-key KEY")
    });
    steps.push("Enable the webhook, and use Test Your Integration.".to_owned());
    steps
}

/// Replacing a key by hand.
pub(super) fn rotation(source: &str, url: &str) -> Vec<String> {
    vec![
        format!("In SendGrid, {PAGE}: open the webhook that posts to {url}."),
        "Signature Verification: switch it off and save, switch it on again at once and save, and copy the new \
         Verification Key."
            .to_owned(),
        format!("Here, at once: sendstate source key add {source} --public-key KEY"),
        format!("A day later, retire the old one: sendstate source key list {source}"),
    ]
}

/// Taking a webhook away by hand.
pub(super) fn removal(url: &str) -> Vec<String> {
    vec![format!("In SendGrid, {PAGE}: delete the webhook that posts to {url}.")]
}

/// Looking by hand.
pub(super) fn looking() -> Vec<String> {
    vec![format!("In SendGrid, {PAGE}: look at the webhooks and at what is switched on.")]
}

#[cfg(test)]
mod tests {
    use super::super::wanted;
    use super::*;

    #[test]
    fn everything_that_has_to_be_typed_is_there() {
        let steps = setup("main", false, "https://a.example/webhooks/sendgrid/main", &wanted(&[]));
        let by_hand = ByHand::new(&[Permission::ReadWebhooks, Permission::UpdateWebhooks], steps);
        let text = by_hand.text();
        for part in [
            "user.webhooks.event.settings.read\n",
            "user.webhooks.event.settings.update\n",
            "Mail Settings",
            "Post URL: https://a.example/webhooks/sendgrid/main",
            "spam_report, unsubscribe, group_unsubscribe",
            "source add main",
        ] {
            assert!(text.contains(part), "{part}: {text}");
        }
        assert!(!text.contains("Switch off"), "{text}");
    }

    #[test]
    fn what_has_to_be_off_is_said_too() {
        let steps = setup("main", true, "https://a.example/", &wanted(&[Toggle::Bounce])).join("\n");
        assert!(steps.contains("Switch on: bounce\nSwitch off: processed, dropped"), "{steps}");
        assert!(steps.contains("source key add main"), "{steps}");
    }
}
