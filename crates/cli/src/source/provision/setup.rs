//! `sendstate source provision`: from an API key and a URL to a source that receives and verifies.
//!
//! A new webhook is made switched off; it is switched on, or moved here, by the one request that comes after its key is
//! accepted. So the order of the steps is the safety of it: signing, then the key, then traffic.

mod events;
mod oauth;
mod source;
mod webhook;

use super::address::{Address, shown};
use super::ask::{self, Refused};
use super::hand::{self, ByHand};
use super::report::{Nothing, Report};
use super::steps::{Step, Steps, Taken, done, skipped};
use super::trial::{self, Heard};
use super::which::Found;
use super::{double, key, wanted};
use crate::args::SourceProvision;
use crate::failure::Failure;
use crate::settings::Global;
use crate::source::alone::alone;
use crate::{account, database};
use domain::SourceId;
use sendgrid::webhook::{OAuthChange, Toggle, WebhookId, Webhooks};
use sendgrid::{Client, Permission};
use std::collections::BTreeMap;
use store::source::Source;
use wire::oauth::TOKEN_PATH;
use wire::signature::PublicKey;

const STEPS: &[Step] = &[
    Step::Permissions,
    Step::Webhook,
    Step::Signing,
    Step::Source,
    Step::Key,
    Step::Oauth,
    Step::Events,
    Step::Test,
];

/// A test is not among them when none is wanted.
const PERMISSIONS: [Permission; 4] = [
    Permission::ReadWebhooks,
    Permission::CreateWebhooks,
    Permission::UpdateWebhooks,
    Permission::TestWebhooks,
];

pub(crate) async fn provision(global: &Global, args: &SourceProvision) -> Result<(), Failure> {
    crate::source::check_name(&args.name)?;
    let address = |segment: &str| Address::parse(&args.url, segment, args.allow_http);
    let mut to = address(&args.name)?;
    let api = account::client(&args.account)?;
    let client = database::operator(global).await?;
    if !args.dry_run {
        alone(&client, &args.name).await?;
    }
    let sources = store::source::list(&client).await?;
    let source = sources.iter().find(|source| source.name == args.name).cloned();
    match &source {
        Some(source) if !source.signed => return Err(key::unsigned(&source.name)),
        Some(source) => to = address(&source.path)?,
        None => {}
    }
    let mut setup = Setup {
        args,
        api,
        client,
        address: to,
        wanted: wanted(&args.events),
        sources,
        source,
        all: None,
        found: None,
        key: None,
        oauth: OAuthChange::Keep,
        secret: Secret::None,
    };
    let mut steps = Steps::new(STEPS);
    let ended = setup.run(&mut steps).await;
    steps.close();
    setup.print(global, &steps)?;
    ended
}

struct Setup<'a> {
    args: &'a SourceProvision,
    api: Client,
    client: store::Client,
    address: Address,
    wanted: BTreeMap<Toggle, bool>,
    sources: Vec<Source>,
    source: Option<Source>,
    all: Option<Webhooks>,
    found: Option<Found>,
    key: Option<PublicKey>,
    /// What is done about tokens, with the next change of the webhook.
    oauth: OAuthChange,
    secret: Secret,
}

/// The secret with which SendGrid is to get tokens for the source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Secret {
    /// No matter of this run.
    None,
    /// It shall use the one that it has.
    FromBefore,
    /// The source counts on a new one, and SendGrid has not been given it.
    NotHanded,
    Handed,
}

impl Setup<'_> {
    async fn run(&mut self, steps: &mut Steps) -> Result<(), Failure> {
        let permissions = &PERMISSIONS[..if self.args.trial.no_test { 3 } else { 4 }];
        steps.take(Step::Permissions, ask::permissions(&self.api, permissions)).await?;
        steps.take(Step::Webhook, self.webhook()).await?;
        steps.take(Step::Signing, self.signing()).await?;
        steps.take(Step::Source, self.source()).await?;
        steps.take(Step::Key, self.key()).await?;
        steps.take(Step::Oauth, self.oauth()).await?;
        steps.take(Step::Events, self.events()).await?;
        steps.take(Step::Test, self.test()).await
    }

    async fn test(&mut self) -> Result<Taken, Refused> {
        if self.args.trial.no_test {
            return Ok(skipped("not wanted"));
        }
        if self.args.dry_run {
            return Ok(skipped("would have SendGrid send its test, and wait for it"));
        }
        let (found, _) = self.known()?;
        let Some(source) = &self.source else { return Err(lost().into()) };
        let wait = self.args.trial.wait;
        let heard = trial::run(&self.api, &self.client, SourceId(source.id), &found.webhook, wait).await?;
        match heard {
            Heard::Test(what) => Ok(done(what)),
            // The way into the ledger is open, and nothing is given up on the strength of that.
            Heard::Other(what) => Ok(done(what)),
            Heard::NotAwaited => Ok(done("asked for, not waited for")),
            Heard::Nothing => {
                let source = source.name.as_str();
                let has_secret_of = (self.secret == Secret::FromBefore).then_some(source);
                Err(trial::nothing(wait, has_secret_of).into())
            }
        }
    }

    /// What every step after `signing` has, unless nothing is to be changed.
    fn known(&self) -> Result<(&Found, &PublicKey), Failure> {
        self.found.as_ref().zip(self.key.as_ref()).ok_or_else(lost)
    }

    fn print(&self, global: &Global, steps: &Steps) -> Result<(), Failure> {
        let webhook = self.found.as_ref().map(|found| &found.webhook);
        let id = webhook.map(|webhook| &webhook.id);
        let whose = (self.args.name.as_str(), self.sources.as_slice());
        let mut warnings = self
            .all
            .as_ref()
            .map_or_else(Vec::new, |all| double::warnings(all, id, &self.address, whose, self.key.as_ref()));
        let from = webhook.and_then(|webhook| webhook.oauth_token_url.as_deref()).map(shown);
        if let Some(url) = from.filter(|url| *url != self.address.beside(TOKEN_PATH)) {
            warnings.push(format!("before it posts, the webhook gets a token from {url}, which is not here"));
        }
        if self.secret == Secret::NotHanded {
            warnings.push(oauth::not_handed(&self.args.name));
        }
        let missing = steps.missing();
        let by_hand = (!missing.is_empty()).then(|| {
            let url = self.address.as_str();
            ByHand::new(missing, hand::setup(&self.args.name, self.source.is_some(), url, &self.wanted))
        });
        let report = Report {
            source: &self.args.name,
            webhook_id: id.map(WebhookId::as_str),
            url: Some(self.address.as_str().to_owned()),
            dry_run: self.args.dry_run,
            steps,
            warnings: &warnings,
            by_hand,
            more: Nothing {},
        };
        report.print(global)
    }
}

fn lost() -> Failure {
    Failure::failed("an earlier step has not left what this one needs")
}
