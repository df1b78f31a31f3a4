//! `sendstate source deprovision`: taking a source's webhook away, or switching it off.
//!
//! The source, its keys and everything it has received stay: SendGrid may still repeat for a day what it has not
//! delivered, and what is stored refers to the source.

use super::address::shown;
use super::ask::{self, Refused, refused};
use super::hand::{self, ByHand};
use super::report::{Nothing, Report};
use super::steps::{Step, Steps, Taken, done, skipped, unchanged};
use super::which::{self, Found, Named, Use, described};
use crate::args::SourceDeprovision;
use crate::failure::Failure;
use crate::settings::Global;
use crate::source::alone::alone;
use crate::{account, database, source};
use sendgrid::webhook::WebhookSettings;
use sendgrid::{Client, Error, Permission};
use store::source::Source;

const STEPS: &[Step] = &[Step::Permissions, Step::Webhook];

pub(crate) async fn deprovision(global: &Global, args: &SourceDeprovision) -> Result<(), Failure> {
    let api = account::client(&args.account)?;
    let client = database::operator(global).await?;
    if !args.dry_run {
        alone(&client, &args.name).await?;
    }
    let source = source::named(&client, &args.name).await?;
    let named = which::named(&args.which, &source.path)?;
    let mut removal = Removal { args, api, client, source, named, found: None };
    let mut steps = Steps::new(STEPS);
    let ended = removal.run(&mut steps).await;
    steps.close();
    removal.print(global, &steps)?;
    ended
}

struct Removal<'a> {
    args: &'a SourceDeprovision,
    api: Client,
    client: store::Client,
    source: Source,
    named: Named,
    found: Option<Found>,
}

impl Removal<'_> {
    async fn run(&mut self, steps: &mut Steps) -> Result<(), Failure> {
        let change = if self.args.keep { Permission::UpdateWebhooks } else { Permission::DeleteWebhooks };
        let wanted = [Permission::ReadWebhooks, change];
        steps.take(Step::Permissions, ask::permissions(&self.api, &wanted)).await?;
        steps.take(Step::Webhook, self.webhook()).await
    }

    async fn webhook(&mut self) -> Result<Taken, Refused> {
        let keys = store::source::key::list(&self.client, self.source.id).await.map_err(Failure::from)?;
        let all = ask::webhooks(&self.api).await?;
        let Some(found) = which::find(&self.api, &all, &self.named, &keys, Use::Change).await? else {
            return Ok(unchanged("no webhook of the account posts to it"));
        };
        let found = &self.found.insert(found).webhook;
        let what = described(found);
        if self.args.keep && found.enabled == Some(false) {
            return Ok(unchanged(format!("{what} is off")));
        }
        if self.args.dry_run {
            let how = if self.args.keep { "switch off" } else { "delete" };
            return Ok(skipped(format!("would {how} {what}")));
        }
        if self.args.keep {
            let mut settings = WebhookSettings::new(found.url.clone().unwrap_or_default());
            settings.enabled = Some(false);
            self.api
                .update_webhook(&found.id, &settings)
                .await
                .map_err(|error| refused("switching the webhook off", Permission::UpdateWebhooks, &error))?;
            return Ok(done(format!("switched off {what}")));
        }
        match self.api.delete_webhook(&found.id).await {
            Ok(()) => Ok(done(format!("deleted {what}"))),
            Err(Error::NotFound { .. }) => Ok(unchanged(format!("{what} was gone already"))),
            Err(error) => Err(refused("deleting the webhook", Permission::DeleteWebhooks, &error)),
        }
    }

    fn print(&self, global: &Global, steps: &Steps) -> Result<(), Failure> {
        let webhook = self.found.as_ref().map(|found| &found.webhook);
        let url = webhook.and_then(|webhook| webhook.url.clone());
        let missing = steps.missing();
        let by_hand = (!missing.is_empty()).then(|| {
            let path = || source::inbound_path(&self.source.path);
            ByHand::new(missing, hand::removal(&url.as_deref().map_or_else(path, shown)))
        });
        let report = Report {
            source: &self.source.name,
            webhook_id: webhook.map(|webhook| webhook.id.as_str()),
            url,
            dry_run: self.args.dry_run,
            steps,
            warnings: &[],
            by_hand,
            more: Nothing {},
        };
        report.print(global)
    }
}
