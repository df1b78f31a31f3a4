//! Switching the webhook on, here, with exactly the wanted events: one request, and only if something is different.

use super::{Secret, Setup};
use crate::failure::Failure;
use crate::source::provision::address::shown;
use crate::source::provision::ask::{self, Refused, refused};
use crate::source::provision::names;
use crate::source::provision::steps::{Taken, done, skipped, unchanged};
use sendgrid::Permission;
use sendgrid::webhook::{OAuthChange, Toggle, Webhook, WebhookSettings};
use std::collections::BTreeMap;

impl Setup<'_> {
    /// Switches the webhook on, here, with exactly the wanted events: the last thing that is changed.
    pub(super) async fn events(&mut self) -> Result<Taken, Refused> {
        let on = names(self.wanted.iter().filter(|(_, on)| **on).map(|(toggle, _)| toggle));
        let Some(found) = &mut self.found else {
            return Ok(skipped(format!("would switch it on, with {on}")));
        };
        let current = found.webhook.url.clone().unwrap_or_default();
        let mended = self.address.mend(&current);
        let off = found.webhook.enabled != Some(true);
        let toggles: BTreeMap<Toggle, bool> = different(&found.webhook, &self.wanted);
        let oauth = std::mem::replace(&mut self.oauth, OAuthChange::Keep);
        let keeps = matches!(oauth, OAuthChange::Keep);
        if mended.is_none() && !off && toggles.is_empty() && keeps {
            return Ok(unchanged(format!("on, with {on}")));
        }
        let what = changes(mended.as_ref().map(|_| current.as_str()), off, &toggles);
        if self.args.dry_run {
            return Ok(skipped(format!("would have: {what}")));
        }
        let mut settings = WebhookSettings::new(mended.unwrap_or(current));
        settings.enabled = off.then_some(true);
        settings.toggles = toggles;
        settings.oauth = oauth;
        let id = found.webhook.id.clone();
        self.api
            .update_webhook(&id, &settings)
            .await
            .map_err(|error| refused("changing the webhook", Permission::UpdateWebhooks, &error))?;
        if self.secret == Secret::NotHanded {
            self.secret = Secret::Handed;
        }
        // Read again: the answer to a change may leave things out.
        found.webhook = ask::webhook(&self.api, &id).await?;
        let left = different(&found.webhook, &self.wanted);
        if !left.is_empty() || found.webhook.enabled == Some(false) {
            return Err(Failure::failed(format!(
                "SendGrid took the change and did not make it: {}",
                changes(None, found.webhook.enabled == Some(false), &left)
            ))
            .next("look at the webhook in SendGrid; perhaps the account's plan does not have these events: --events leaves some out")
            .into());
        }
        Ok(if what.is_empty() { unchanged(format!("on, with {on}")) } else { done(what) })
    }
}

/// Switches that are not as wanted. One that SendGrid does not tell of is not as wanted, but for the newest one, which
/// not every account has.
fn different(webhook: &Webhook, wanted: &BTreeMap<Toggle, bool>) -> BTreeMap<Toggle, bool> {
    let as_wanted = |toggle: &Toggle, on: bool| match webhook.toggles.get(toggle) {
        Some(is) => *is == on,
        None => *toggle == Toggle::AccountStatusChange,
    };
    wanted.iter().filter(|(toggle, on)| !as_wanted(toggle, **on)).map(|(toggle, on)| (*toggle, *on)).collect()
}

/// What is different, in words.
fn changes(moved_from: Option<&str>, off: bool, toggles: &BTreeMap<Toggle, bool>) -> String {
    let chosen =
        |which: bool| names(toggles.iter().filter(|(_, on)| **on == which).map(|(toggle, _)| toggle));
    let mut parts = Vec::new();
    parts.extend(moved_from.map(|url| format!("posts here instead of to {}", shown(url))));
    parts.extend(off.then(|| "switched on".to_owned()));
    parts.extend(Some(chosen(true)).filter(|names| !names.is_empty()).map(|names| format!("on: {names}")));
    parts.extend(Some(chosen(false)).filter(|names| !names.is_empty()).map(|names| format!("off: {names}")));
    parts.join("; ")
}

#[cfg(test)]
mod tests {
    use super::super::super::wanted;
    use super::*;
    use sendgrid::webhook::WebhookId;

    fn webhook(off: &[Toggle], untold: &[Toggle]) -> Webhook {
        let told = Toggle::ALL.into_iter().filter(|toggle| !untold.contains(toggle));
        Webhook {
            id: WebhookId::parse("1").unwrap(),
            url: None,
            enabled: Some(true),
            friendly_name: None,
            toggles: told.map(|toggle| (toggle, !off.contains(&toggle))).collect(),
            public_key: None,
            oauth_client_id: None,
            oauth_token_url: None,
            created_at: None,
            updated_at: None,
        }
    }

    #[test]
    fn only_switches_that_are_not_as_wanted_are_asked_for() {
        let open = &[Toggle::Open][..];
        assert!(different(&webhook(&[], &[]), &wanted(&[])).is_empty());
        assert_eq!(different(&webhook(open, &[]), &wanted(&[])), BTreeMap::from([(Toggle::Open, true)]));
        let all_but_open: Vec<Toggle> =
            Toggle::ALL.into_iter().filter(|toggle| *toggle != Toggle::Open).collect();
        assert_eq!(
            different(&webhook(&[], &[]), &wanted(&all_but_open)),
            BTreeMap::from([(Toggle::Open, false)])
        );
    }

    #[test]
    fn what_is_not_told_is_asked_for_unless_not_every_account_has_it() {
        assert_eq!(
            different(&webhook(&[], &[Toggle::Open, Toggle::AccountStatusChange]), &wanted(&[])),
            BTreeMap::from([(Toggle::Open, true)])
        );
    }

    #[test]
    fn a_change_is_told_in_words_and_without_what_is_secret() {
        let toggles = BTreeMap::from([(Toggle::Open, false), (Toggle::SpamReport, true)]);
        let told = changes(Some("https://user:word@b.example/?t=1"), true, &toggles);
        assert_eq!(
            told,
            "posts here instead of to https://b.example/; switched on; on: spam_report; off: open"
        );
    }
}
