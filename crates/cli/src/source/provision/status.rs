//! `sendstate source status`: what SendGrid has set up, held against what a source needs, switch by switch.
//!
//! Only looks: neither SendGrid nor the database is changed. Exits with 1 if anything is not as it should be.

use super::address::{Address, shown};
use super::ask::{self, Refused};
use super::hand::{self, ByHand};
use super::which::{self, Found, Named, Use};
use super::{double, key, wanted};
use crate::args::SourceStatus;
use crate::failure::Failure;
use crate::settings::Global;
use crate::{account, database, output, source};
use sendgrid::Client;
use sendgrid::webhook::{Toggle, Webhooks};
use serde::Serialize;
use std::collections::BTreeMap;
use store::source::Source;
use store::source::key::SourceKey;
use wire::oauth::TOKEN_PATH;
use wire::signature::PublicKey;

#[derive(Serialize)]
struct Document<'a> {
    source: &'a str,
    webhook_id: Option<&'a str>,
    friendly_name: Option<&'a str>,
    url: Option<String>,
    ok: bool,
    checks: Vec<Check>,
    events: Vec<Check>,
    warnings: Vec<String>,
}

/// One thing as it should be and as it is.
#[derive(Debug, PartialEq, Eq, Serialize)]
struct Check {
    name: &'static str,
    expected: String,
    found: String,
    ok: bool,
}

impl Check {
    fn new(name: &'static str, expected: impl Into<String>, found: impl Into<String>, ok: bool) -> Self {
        Self { name, expected: expected.into(), found: found.into(), ok }
    }
}

pub(crate) async fn status(global: &Global, args: &SourceStatus) -> Result<(), Failure> {
    let api = account::client(&args.account)?;
    let client = database::operator(global).await?;
    let source = source::named(&client, &args.name).await?;
    let sources = store::source::list(&client).await?;
    let keys = store::source::key::list(&client, source.id).await?;
    let named = which::named(&args.which, &source.path)?;
    let (all, found) = match look(&api, &named, &keys).await {
        Ok(looked) => looked,
        Err(Refused { failure, missing }) => {
            if !missing.is_empty() && !global.json {
                output::line(&ByHand::new(&missing, hand::looking()).text())?;
            }
            return Err(failure);
        }
    };
    let document = document(&source, &sources, &keys, &all, found.as_ref(), &named, &wanted(&args.events))?;
    output::print(global.json, &document, || text(&document))?;
    verdict(&document, &source)
}

async fn look(api: &Client, named: &Named, keys: &[SourceKey]) -> Result<(Webhooks, Option<Found>), Refused> {
    let all = ask::webhooks(api).await?;
    let found = which::find(api, &all, named, keys, Use::Look).await?;
    Ok((all, found))
}

fn document<'a>(
    source: &'a Source,
    sources: &[Source],
    keys: &[SourceKey],
    all: &Webhooks,
    found: Option<&'a Found>,
    named: &Named,
    wanted: &BTreeMap<Toggle, bool>,
) -> Result<Document<'a>, Failure> {
    let mut checks = vec![Check::new(
        "source",
        "signed",
        if source.signed { "signed" } else { "unsigned" },
        source.signed,
    )];
    let (mut events, mut warnings) = (Vec::new(), Vec::new());
    match found {
        None => checks.push(Check::new("webhook", "one that posts to the source", "none", false)),
        Some(found) => {
            let signs_with = key::read(&found.signing)?;
            checks.extend(of_webhook(found, source, named));
            checks.extend(of_signing(signs_with.as_ref(), keys));
            checks.extend(of_oauth(found, source));
            events = of_events(found, wanted);
            let url = found.webhook.url.as_deref().unwrap_or_default();
            if let Ok(address) = Address::parse(&shown(url), &source.path, true) {
                let whose = (source.name.as_str(), sources);
                warnings =
                    double::warnings(all, Some(&found.webhook.id), &address, whose, signs_with.as_ref());
            }
        }
    }
    let webhook = found.map(|found| &found.webhook);
    Ok(Document {
        source: &source.name,
        webhook_id: webhook.map(|webhook| webhook.id.as_str()),
        friendly_name: webhook.and_then(|webhook| webhook.friendly_name.as_deref()),
        url: webhook.and_then(|webhook| webhook.url.as_deref()).map(shown),
        ok: checks.iter().chain(&events).all(|check| check.ok),
        checks,
        events,
        warnings,
    })
}

fn of_webhook(found: &Found, source: &Source, named: &Named) -> Vec<Check> {
    let webhook = &found.webhook;
    let url = webhook.url.as_deref().unwrap_or_default();
    let address = match named {
        Named::At(address) => Some(address.clone()),
        // The host is as it is; the path has to be ours.
        Named::Id(_) | Named::BySource(_) => Address::parse(&shown(url), &source.path, true).ok(),
    };
    let as_meant = address.as_ref().is_some_and(|address| address.mend(url).is_none());
    let expected = match address {
        Some(address) => address.as_str().to_owned(),
        None => format!("a URL that ends with {}", source::inbound_path(&source.path)),
    };
    vec![
        Check::new("url", expected, shown(url), as_meant),
        Check::new("enabled", "on", told(webhook.enabled), webhook.enabled == Some(true)),
    ]
}

fn of_signing(signs_with: Option<&PublicKey>, keys: &[SourceKey]) -> Vec<Check> {
    let Some(key) = signs_with.map(PublicKey::fingerprint) else {
        return vec![Check::new("signing", "on", "off", false)];
    };
    let held = keys.iter().find(|held| held.sha256 == key);
    let (state, ok) = match held {
        Some(held) => (format!("key {}, {}", held.id, held.state.as_str()), held.retires_at.is_none()),
        None => (format!("sha256 {key}, which the source does not hold"), false),
    };
    vec![Check::new("signing", "on", "on", true), Check::new("key", "an active key of the source", state, ok)]
}

/// Only where tokens are made here: another server of tokens may be a proxy's.
fn of_oauth(found: &Found, source: &Source) -> Option<Check> {
    let webhook = &found.webhook;
    let has = webhook.oauth_client_id.as_deref();
    let from_here = webhook.oauth_token_url.as_deref().is_some_and(|url| shown(url).ends_with(TOKEN_PATH));
    let has_text = has.map_or_else(|| "none".to_owned(), output::plain);
    match &source.oauth {
        Some(client) => {
            let ok = has == Some(&client.id) && from_here;
            Some(Check::new("oauth", format!("client {}", client.id), has_text, ok))
        }
        None if from_here => Some(Check::new("oauth", "none", has_text, false)),
        None => None,
    }
}

fn of_events(found: &Found, wanted: &BTreeMap<Toggle, bool>) -> Vec<Check> {
    let check = |(toggle, on): (&Toggle, &bool)| {
        let is = found.webhook.toggles.get(toggle).copied();
        // Not every account has the newest one.
        let ok = is == Some(*on) || (is.is_none() && *toggle == Toggle::AccountStatusChange);
        Check::new(toggle.as_str(), told(Some(*on)), told(is), ok)
    };
    wanted.iter().map(check).collect()
}

fn told(on: Option<bool>) -> &'static str {
    match on {
        Some(true) => "on",
        Some(false) => "off",
        None => "not told",
    }
}

fn text(document: &Document<'_>) -> String {
    let webhook = document.webhook_id.unwrap_or("no webhook");
    let name = document.friendly_name.map(|name| format!(" `{}`", output::plain(name))).unwrap_or_default();
    let mut table = output::table(&["", "expected", "found", ""]);
    for check in document.checks.iter().chain(&document.events) {
        let mark = if check.ok { "ok" } else { "DIFFERS" };
        table.add_row([check.name, &check.expected, &check.found, mark]);
    }
    let mut parts = vec![format!("Source `{}`, {webhook}{name}", document.source), table.trim_fmt()];
    parts.extend(document.warnings.iter().map(|warning| format!("warning: {}", output::plain(warning))));
    parts.join("\n")
}

fn verdict(document: &Document<'_>, source: &Source) -> Result<(), Failure> {
    if document.ok {
        return Ok(());
    }
    let differing: Vec<&str> = document
        .checks
        .iter()
        .chain(&document.events)
        .filter(|check| !check.ok)
        .map(|check| check.name)
        .collect();
    Err(Failure::failed(format!("not as expected: {}", differing.join(", ")))
        .next(format!("sendstate source provision {} --url URL sets all of it right", source.name)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::Timestamp;
    use store::source::key::KeyState;
    use wire::signature::SigningKey;

    #[test]
    fn a_key_is_as_expected_only_while_it_is_active() {
        let key = SigningKey::generate().public_key();
        let held = |retires_at: Option<Timestamp>| SourceKey {
            id: 7,
            spki: key.to_spki_der(),
            sha256: key.fingerprint(),
            label: None,
            state: if retires_at.is_some() { KeyState::Retiring } else { KeyState::Active },
            created_at: Timestamp::UNIX_EPOCH,
            retires_at,
        };
        assert!(of_signing(Some(&key), &[held(None)]).iter().all(|check| check.ok));
        assert!(of_signing(Some(&key), &[held(Some(Timestamp::UNIX_EPOCH))]).iter().any(|check| !check.ok));
        assert!(of_signing(Some(&key), &[]).iter().any(|check| !check.ok));
        assert_eq!(of_signing(None, &[held(None)]), [Check::new("signing", "on", "off", false)]);
    }
}
