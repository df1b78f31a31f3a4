//! Asking SendGrid on behalf of a step: what was asked for, which permission it takes, and what a refusal means.

use super::hand;
use super::steps::{Taken, done, skipped};
use crate::account;
use crate::failure::Failure;
use sendgrid::webhook::{Signing, Webhook, WebhookId, Webhooks};
use sendgrid::{Client, Error, Permission};

/// Why a step did not get an answer.
#[derive(Debug)]
pub(super) struct Refused {
    pub(super) failure: Failure,
    /// What the key lacks.
    pub(super) missing: Vec<Permission>,
}

impl From<Failure> for Refused {
    fn from(failure: Failure) -> Self {
        Self { failure, missing: Vec::new() }
    }
}

/// What an error means for a step that did `asked`, which takes this permission.
pub(super) fn refused(asked: &str, permission: Permission, error: &Error) -> Refused {
    if matches!(error, Error::Forbidden { .. }) {
        let missing = vec![permission];
        return Refused { failure: hand::lacking(&missing), missing };
    }
    account::failure(asked, error).into()
}

/// Whether the key may do what a command will want to. SendGrid's lists of scopes have changed over the years, so one that
/// cannot be read decides nothing: the attempts will tell.
pub(super) async fn permissions(api: &Client, wanted: &[Permission]) -> Result<Taken, Refused> {
    let scopes = match api.scopes().await {
        Ok(scopes) => scopes,
        Err(Error::Forbidden { .. } | Error::NotFound { .. } | Error::Unreadable { .. }) => {
            return Ok(skipped("SendGrid does not say what the API key may do; the steps below will show"));
        }
        Err(error) => {
            return Err(refused("reading the API key's permissions", Permission::ReadWebhooks, &error));
        }
    };
    let missing = scopes.missing(wanted);
    if missing.is_empty() {
        return Ok(done("the API key may do what this takes"));
    }
    Err(Refused { failure: hand::lacking(&missing), missing })
}

/// Every webhook of the account.
pub(super) async fn webhooks(api: &Client) -> Result<Webhooks, Refused> {
    let listed = api.webhooks().await;
    listed.map_err(|error| refused("listing the webhooks", Permission::ReadWebhooks, &error))
}

/// One webhook.
pub(super) async fn webhook(api: &Client, id: &WebhookId) -> Result<Webhook, Refused> {
    let found = api.webhook(id).await;
    found.map_err(|error| refused("reading the webhook", Permission::ReadWebhooks, &error))
}

/// Whether a webhook signs, and with which key.
pub(super) async fn signing(api: &Client, id: &WebhookId) -> Result<Signing, Refused> {
    let signing = api.signing(id).await;
    signing.map_err(|error| refused("reading the webhook's key", Permission::ReadWebhooks, &error))
}
