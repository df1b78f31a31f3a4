//! The webhook and its key pair: finding it or making it, and having it sign.

use super::Setup;
use crate::failure::Failure;
use crate::source::provision::ask::{self, Refused, refused};
use crate::source::provision::key;
use crate::source::provision::steps::{Taken, done, skipped, unchanged};
use crate::source::provision::which::{self, Found, Named, Use, described};
use sendgrid::webhook::{Signing, SigningSwitch, Webhook, WebhookSettings, Webhooks};
use sendgrid::{Error, Permission};

impl Setup<'_> {
    /// Finds the webhook, or makes it, switched off.
    pub(super) async fn webhook(&mut self) -> Result<Taken, Refused> {
        let all = ask::webhooks(&self.api).await?;
        let named = match &self.args.webhook {
            Some(id) => Named::Id(id.clone()),
            None => Named::At(self.address.clone()),
        };
        let found = which::find(&self.api, &all, &named, &[], Use::Look).await?;
        self.all = Some(all);
        if let Some(found) = found {
            let taken = unchanged(format!("{} is there", described(&found.webhook)));
            self.found = Some(found);
            return Ok(taken);
        }
        if self.args.dry_run {
            if self.all.as_ref().is_some_and(full) {
                return Err(no_room(self.all.as_ref()).into());
            }
            return Ok(skipped(format!("would make one that posts to {}", self.address.as_str())));
        }
        self.make().await
    }

    async fn make(&mut self) -> Result<Taken, Refused> {
        let mut settings = WebhookSettings::new(self.address.as_str());
        settings.enabled = Some(false);
        settings.friendly_name = Some(format!("Sendstate {}", self.args.name));
        settings.toggles = self.wanted.clone();
        let webhook = match self.api.create_webhook(&settings).await {
            Ok(webhook) => webhook,
            // It came to be there since the list was read, or the list did not have it.
            Err(Error::AlreadyExists { id: Some(id), .. }) => {
                let webhook = ask::webhook(&self.api, &id).await?;
                let signing = ask::signing(&self.api, &id).await?;
                let taken = unchanged(format!("{} has the URL already", described(&webhook)));
                self.found = Some(Found { webhook, signing });
                return Ok(taken);
            }
            Err(Error::PlanLimit { .. }) => {
                return Err(no_room(self.all.as_ref()).into());
            }
            Err(error) => return Err(refused("making the webhook", Permission::CreateWebhooks, &error)),
        };
        let taken = done(format!("made {}, switched off until its key is accepted", described(&webhook)));
        // What SendGrid does not repeat is as it was asked for.
        let url = webhook.url.clone().or_else(|| Some(self.address.as_str().to_owned()));
        let enabled = webhook.enabled.or(Some(false));
        self.found = Some(Found { webhook: Webhook { url, enabled, ..webhook }, signing: Signing::Off });
        Ok(taken)
    }

    /// Has SendGrid sign, and learns with which key.
    pub(super) async fn signing(&mut self) -> Result<Taken, Refused> {
        let Some(found) = &mut self.found else {
            return Ok(skipped("would switch it on, with a new key pair of SendGrid's"));
        };
        self.key = key::read(&found.signing)?;
        if let Some(source) = &self.source {
            let to_be_made = usize::from(self.key.is_none());
            key::check_room(source, self.key.as_ref(), to_be_made)?;
        }
        if let Some(key) = &self.key {
            return Ok(unchanged(format!("on, with the key of sha256 {}", key.fingerprint())));
        }
        if self.args.dry_run {
            return Ok(skipped("would switch it on, with a new key pair of SendGrid's"));
        }
        found.signing = self
            .api
            .set_signing(&found.webhook.id, SigningSwitch::On)
            .await
            .map_err(|error| refused("switching signing on", Permission::UpdateWebhooks, &error))?;
        let key = key::read(&found.signing)?.ok_or_else(|| Failure::failed("SendGrid shows no key"))?;
        let taken = done(format!("switched on, with the key of sha256 {}", key.fingerprint()));
        self.key = Some(key);
        Ok(taken)
    }
}

fn full(all: &Webhooks) -> bool {
    all.max_allowed.is_some_and(|max| max > 0 && all.webhooks.len() as u64 >= max)
}

fn no_room(all: Option<&Webhooks>) -> Failure {
    let allowed = all.and_then(|all| all.max_allowed).map(|max| format!(" ({max})")).unwrap_or_default();
    Failure::failed(format!(
        "the account's plan allows no more webhooks{allowed}; there are: {}",
        which::list(all.into_iter().flat_map(|all| &all.webhooks))
    ))
    .next("delete one that is not needed, or take one over with --webhook ID: it then posts here and nowhere else")
}
