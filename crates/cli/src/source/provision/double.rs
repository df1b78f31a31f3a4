//! What would be counted twice: other webhooks that post here, and other sources with the same key.
//!
//! Every webhook of an account gets its own copy of every event. Copies that reach the same source are recognised as
//! repeats if SendGrid gives them the same ids, which it does not promise; copies that reach two sources are two events.

use super::address::Address;
use super::which::described;
use crate::output;
use sendgrid::webhook::{Webhook, WebhookId, Webhooks};
use store::source::Source;
use wire::signature::PublicKey;

/// One sentence each, with what to do. `ours` is the webhook that may post here.
pub(super) fn warnings(
    all: &Webhooks,
    ours: Option<&WebhookId>,
    address: &Address,
    (name, sources): (&str, &[Source]),
    key: Option<&PublicKey>,
) -> Vec<String> {
    let others = all.webhooks.iter().filter(|webhook| Some(&webhook.id) != ours);
    let on = others.filter(|webhook| webhook.enabled != Some(false));
    let mut warnings: Vec<String> =
        on.filter_map(|webhook| other_webhook(webhook, address, name, sources)).collect();
    if let Some(sha256) = key.map(PublicKey::fingerprint) {
        warnings.extend(sources.iter().filter(|source| source.name != name).filter_map(|source| {
            let held = source.keys.iter().find(|key| key.sha256 == sha256)?;
            Some(format!(
                "source `{other}` accepts the same key (its key {id}): if the same events are posted there too, they \
                 count twice; if nothing is, retire it: sendstate source key retire {other} {id}",
                other = output::plain(&source.name),
                id = held.id
            ))
        }));
    }
    warnings
}

fn other_webhook(webhook: &Webhook, address: &Address, name: &str, sources: &[Source]) -> Option<String> {
    let segment = address.neighbour(webhook.url.as_deref()?)?;
    let what = described(webhook);
    let off =
        format!("switch one of them off, e.g. sendstate source deprovision NAME --webhook {}", webhook.id);
    Some(match sources.iter().find(|source| source.path == segment) {
        Some(source) if source.name == name => format!(
            "webhook {what} is on and posts to this source, too: every event comes twice, and is counted twice where \
             SendGrid gives the copies ids of their own; {off}"
        ),
        Some(source) => format!(
            "webhook {what} is on and posts to source `{}`: every event of the account counts once there and once here; \
             {off}",
            output::plain(&source.name)
        ),
        // Our own source may not be made yet.
        None if segment == name => {
            format!("webhook {what} is on and posts to this source, too: every event comes twice; {off}")
        }
        None => format!(
            "webhook {what} is on and posts to `{}` at the same host, which is no source here: it is answered 404, and \
             SendGrid repeats it for a day",
            output::plain(&segment)
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    fn webhook(id: &str, url: &str, enabled: bool) -> Webhook {
        Webhook {
            id: WebhookId::parse(id).unwrap(),
            url: Some(url.to_owned()),
            enabled: Some(enabled),
            friendly_name: Some(format!("hook {id}")),
            toggles: BTreeMap::new(),
            public_key: None,
            oauth_client_id: None,
            oauth_token_url: None,
            created_at: None,
            updated_at: None,
        }
    }

    fn source(id: i32, name: &str) -> Source {
        Source {
            id,
            name: name.to_owned(),
            path: name.to_owned(),
            signed: true,
            max_age_s: 600,
            machine_opens: domain::MachineOpens::Count,
            keys: Vec::new(),
            oauth: None,
        }
    }

    #[test]
    fn every_other_webhook_that_posts_here_is_named_and_those_that_are_off_or_elsewhere_are_not() {
        let address = Address::parse("https://a.example", "main", false).unwrap();
        let all = Webhooks {
            webhooks: vec![
                webhook("1", "https://a.example/webhooks/sendgrid/main", true),
                webhook("2", "https://a.example/webhooks/sendgrid/main/", true),
                webhook("3", "https://a.example/webhooks/sendgrid/old", true),
                webhook("4", "https://a.example/webhooks/sendgrid/gone", true),
                webhook("5", "https://a.example/webhooks/sendgrid/old?off", false),
                webhook("6", "https://b.example/webhooks/sendgrid/main", true),
            ],
            max_allowed: None,
            without_id: Vec::new(),
        };
        let sources = [source(1, "main"), source(2, "old")];
        let ours = WebhookId::parse("1");
        let warnings = warnings(&all, ours.as_ref(), &address, ("main", &sources), None);
        assert_eq!(warnings.len(), 3, "{warnings:#?}");
        assert!(warnings[0].contains("`hook 2` 2") && warnings[0].contains("this source"), "{warnings:#?}");
        assert!(warnings[1].contains("`hook 3` 3") && warnings[1].contains("`old`"), "{warnings:#?}");
        assert!(warnings[2].contains("`gone`") && warnings[2].contains("404"), "{warnings:#?}");
    }
}
