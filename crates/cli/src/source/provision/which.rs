//! Which of an account's webhooks is meant: the one with an id, the one at a URL, or the one that a source's path and
//! keys tell.
//!
//! A path alone is not enough to change or delete anything: several installations may share one account and each have a
//! source of the same name. What is not told by the user has to be told by a key that the source holds.

use super::address::{Address, posts_to, shown};
use super::ask::{self, Refused};
use super::key::belongs;
use crate::args::WebhookArgs;
use crate::failure::Failure;
use crate::output;
use sendgrid::Client;
use sendgrid::webhook::{Signing, Webhook, WebhookId, Webhooks};
use store::source::key::SourceKey;

/// How a webhook is named.
#[derive(Debug)]
pub(super) enum Named {
    Id(WebhookId),
    At(Address),
    /// By the last segment of the source's path.
    BySource(String),
}

/// What the flags name, or the path of the source whose last segment is `segment`.
pub(super) fn named(args: &WebhookArgs, segment: &str) -> Result<Named, Failure> {
    Ok(match (&args.webhook, &args.url) {
        (Some(id), _) => Named::Id(id.clone()),
        // Nothing is sent there, so plain http does no harm.
        (None, Some(url)) => Named::At(Address::parse(url, segment, true)?),
        (None, None) => Named::BySource(segment.to_owned()),
    })
}

/// A webhook that was found, and with what it signs.
#[derive(Clone, Debug)]
pub(super) struct Found {
    pub(super) webhook: Webhook,
    pub(super) signing: Signing,
}

/// Whether a command changes what it finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Use {
    Look,
    Change,
}

/// The webhook that is meant; `None` if nothing posts there. `keys` are all that the source has had.
pub(super) async fn find(
    api: &Client,
    all: &Webhooks,
    named: &Named,
    keys: &[SourceKey],
    purpose: Use,
) -> Result<Option<Found>, Refused> {
    let candidates: Vec<&Webhook> = match named {
        Named::Id(id) => vec![with_id(all, id)?],
        Named::At(address) => at(all, address),
        Named::BySource(segment) => {
            let posts = |webhook: &&Webhook| webhook.url.as_deref().is_some_and(|url| posts_to(url, segment));
            all.webhooks.iter().filter(posts).collect()
        }
    };
    let mut found = Vec::with_capacity(candidates.len());
    for webhook in candidates {
        found.push(Found { webhook: webhook.clone(), signing: ask::signing(api, &webhook.id).await? });
    }
    match named {
        Named::Id(_) | Named::At(_) => Ok(found.into_iter().next()),
        Named::BySource(segment) => Ok(by_keys(found, segment, keys, purpose)?),
    }
}

fn with_id<'w>(all: &'w Webhooks, id: &WebhookId) -> Result<&'w Webhook, Failure> {
    all.webhooks.iter().find(|webhook| webhook.id == *id).ok_or_else(|| {
        Failure::not_found(format!("the account has no webhook {id}"))
            .next(format!("it has {}; check --region and --on-behalf-of", list(all.webhooks.iter())))
    })
}

/// Those that post to this source, the one to take first: written exactly so before others, switched on before off.
pub(super) fn at<'w>(all: &'w Webhooks, address: &Address) -> Vec<&'w Webhook> {
    let meant = |webhook: &&Webhook| webhook.url.as_deref().is_some_and(|url| address.is_meant_by(url));
    let mut found: Vec<&Webhook> = all.webhooks.iter().filter(meant).collect();
    let mended = |webhook: &Webhook| webhook.url.as_deref().is_some_and(|url| address.mend(url).is_some());
    found.sort_by_key(|webhook| (mended(webhook), webhook.enabled == Some(false)));
    found
}

/// Of those that post to a source of this name, somewhere, the one that is this source's.
fn by_keys(
    mut found: Vec<Found>,
    segment: &str,
    keys: &[SourceKey],
    purpose: Use,
) -> Result<Option<Found>, Failure> {
    let count = found.len();
    let ours: Vec<usize> =
        (0..count).filter(|at| belongs(keys, &found[*at].webhook.id, &found[*at].signing)).collect();
    match (count, ours.as_slice()) {
        (0, _) => Ok(None),
        (_, [one]) => Ok(Some(found.swap_remove(*one))),
        (1, []) if purpose == Use::Look => Ok(found.pop()),
        (1, []) => Err(Failure::failed(format!(
            "the webhook {} posts to a source `{}`, and nothing shows that it is this one",
            list(found.iter().map(|found| &found.webhook)),
            output::plain(segment)
        ))
        .next("it does not sign with a key of this source: if it is meant all the same, name it with --webhook or --url")),
        (_, _) => Err(Failure::failed(format!(
            "several webhooks post to a source `{}`: {}",
            output::plain(segment),
            list(found.iter().map(|found| &found.webhook))
        ))
        .next("name the one that is meant with --webhook or --url")),
    }
}

/// A webhook as people find it again in SendGrid: its name, its id and where it posts to.
pub(super) fn described(webhook: &Webhook) -> String {
    let name = webhook.friendly_name.as_deref().map(|name| format!("`{}` ", output::plain(name)));
    let url = webhook.url.as_deref().map_or("no URL".to_owned(), shown);
    format!("{}{} ({url})", name.unwrap_or_default(), webhook.id)
}

pub(super) fn list<'w>(webhooks: impl Iterator<Item = &'w Webhook>) -> String {
    let texts: Vec<String> = webhooks.map(described).collect();
    if texts.is_empty() { "none".to_owned() } else { texts.join(", ") }
}

#[cfg(test)]
mod tests;
