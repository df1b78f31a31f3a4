//! `sendstate source rotate-key`: a new key pair for a webhook, while the old key goes on being accepted.
//!
//! SendGrid makes a new pair only when signing is switched off and on again. What it posts in between is unsigned, so it
//! is refused and SendGrid repeats it for 24 hours; whether it signs a repeat afresh is not documented, observed ones look
//! so. Switching the whole webhook off meanwhile would be worse: what happens then is never posted at all.
//!
//! From the order to switch off on, this process no longer ends at the first Ctrl-C, and it goes on asking for signing to
//! be switched on until that has happened or [`gap::LONGEST`] is over. Killed outright, it leaves signing off: run again, it
//! switches it on, and knows by its label which key the webhook had.

mod gap;
mod retire;

use super::ask::{self, Refused, refused};
use super::hand::{self, ByHand};
use super::key;
use super::report::Report;
use super::steps::{Step, Steps, Taken, done, skipped, unchanged};
use super::trial::{self, Heard};
use super::which::{self, Found, Named, Use, described};
use crate::args::SourceRotateKey;
use crate::failure::Failure;
use crate::settings::Global;
use crate::source::alone::alone;
use crate::{account, database, output, source};
use domain::SourceId;
use gap::Gap;
use jiff::Timestamp;
use sendgrid::webhook::WebhookId;
use sendgrid::{Client, Permission};
use serde::Serialize;
use std::time::Duration;
use store::source::Source;
use store::{Pool, PoolSettings, Role};
use tokio::time::sleep;
use wire::signature::PublicKey;

const STEPS: &[Step] =
    &[Step::Permissions, Step::Webhook, Step::OldKey, Step::Signing, Step::Key, Step::Test, Step::Retire];

/// A test is not among them when none is wanted.
const PERMISSIONS: [Permission; 3] =
    [Permission::ReadWebhooks, Permission::UpdateWebhooks, Permission::TestWebhooks];

/// The database is asked this often to take the new key, which SendGrid signs with already.
const TRIES: u32 = 5;
const TRY_AGAIN: Duration = Duration::from_secs(1);

pub(crate) async fn rotate_key(global: &Global, args: &SourceRotateKey) -> Result<(), Failure> {
    let api = account::client(&args.account)?;
    let pool = database::pool(global, Role::Operator, PoolSettings::default().statement_timeout)?;
    let client = pool.get().await?;
    if !args.dry_run {
        alone(&client, &args.name).await?;
    }
    let source = source::named(&client, &args.name).await?;
    if !source.signed {
        return Err(key::unsigned(&source.name));
    }
    let named = which::named(&args.which, &source.path)?;
    let mut rotation = Rotation {
        args,
        api,
        pool,
        _alone: client,
        source,
        named,
        found: None,
        old: None,
        new: None,
        gap: None,
        ends: Vec::new(),
    };
    let mut steps = Steps::new(STEPS);
    let ended = rotation.run(&mut steps).await;
    steps.close();
    rotation.print(global, &steps)?;
    ended
}

struct Rotation<'a> {
    args: &'a SourceRotateKey,
    api: Client,
    /// The connection may break while SendGrid is asked; then another one is needed at once.
    pool: Pool,
    /// Holds the lock, and does nothing else: what broke with it could not be told from a lock that is lost.
    _alone: store::Client,
    source: Source,
    named: Named,
    found: Option<Found>,
    old: Option<PublicKey>,
    new: Option<PublicKey>,
    gap: Option<Gap>,
    /// Old keys and when they end.
    ends: Vec<(i32, Timestamp)>,
}

/// What only this command reports.
#[derive(Serialize)]
struct More {
    /// Hex SHA-256 of the key that SendGrid signs with by now, if it was replaced.
    key_sha256: Option<String>,
    /// How long signing was off.
    unsigned_ms: Option<u64>,
    retiring: Vec<Retiring>,
}

#[derive(Serialize)]
struct Retiring {
    key: i32,
    until: String,
}

impl Rotation<'_> {
    async fn run(&mut self, steps: &mut Steps) -> Result<(), Failure> {
        let permissions = &PERMISSIONS[..if self.args.trial.no_test { 2 } else { 3 }];
        steps.take(Step::Permissions, ask::permissions(&self.api, permissions)).await?;
        steps.take(Step::Webhook, self.webhook()).await?;
        steps.take(Step::OldKey, self.old_key()).await?;
        steps.take(Step::Signing, self.signing()).await?;
        steps.take(Step::Key, self.new_key()).await?;
        steps.take(Step::Test, self.test()).await?;
        steps.take(Step::Retire, self.retire()).await
    }

    async fn webhook(&mut self) -> Result<Taken, Refused> {
        let keys =
            store::source::key::list(&self.client().await?, self.source.id).await.map_err(Failure::from)?;
        let all = ask::webhooks(&self.api).await?;
        let found = which::find(&self.api, &all, &self.named, &keys, Use::Change).await?;
        let found = found.ok_or_else(|| {
            Failure::not_found(format!("no webhook of the account posts to source `{}`", self.source.name))
                .next(format!("make one: sendstate source provision {} --url URL", self.source.name))
        })?;
        let taken = unchanged(format!("{} is there", described(&found.webhook)));
        self.found = Some(found);
        Ok(taken)
    }

    /// The key that is about to go must be one that is accepted: events signed with it are under way.
    async fn old_key(&mut self) -> Result<Taken, Refused> {
        let found = self.found()?;
        let (id, old) = (found.webhook.id.clone(), key::read(&found.signing)?);
        key::check_room(&self.source, old.as_ref(), 1)?;
        let Some(old) = old else {
            return Ok(skipped(
                "signing is off, perhaps since this command was interrupted: there is no old key to see",
            ));
        };
        let taken = if self.args.dry_run {
            skipped(format!("would see to it that the key of sha256 {} is accepted", old.fingerprint()))
        } else {
            key::accept(&mut self.client().await?, &self.source, &old, &id).await?
        };
        self.old = Some(old);
        Ok(taken)
    }

    async fn signing(&mut self) -> Result<Taken, Refused> {
        let id = self.found()?.webhook.id.clone();
        if self.args.dry_run {
            return Ok(skipped(
                "would switch it off and on again; what SendGrid posts in between is unsigned and refused, \
                               and SendGrid repeats it for 24 hours",
            ));
        }
        let (key, gap) = gap::renew(&self.api, &id, self.old.as_ref()).await?;
        let taken = done(format!("{}, with the key of sha256 {}", gap.text(), key.fingerprint()));
        (self.new, self.gap) = (Some(key), Some(gap));
        Ok(taken)
    }

    /// Until this is done, what SendGrid signs is refused and repeated.
    async fn new_key(&mut self) -> Result<Taken, Refused> {
        let Some(new) = self.new.clone() else { return Ok(skipped("would accept the new key")) };
        let id = self.found()?.webhook.id.clone();
        let mut tries = 0;
        loop {
            tries += 1;
            let accepted =
                async { key::accept(&mut self.client().await?, &self.source, &new, &id).await }.await;
            match accepted {
                Err(Refused { failure, .. }) if tries < TRIES => {
                    output::note(&format!("sendstate: {}; trying again", failure.what()));
                    sleep(TRY_AGAIN).await;
                }
                Err(Refused { failure, missing }) => {
                    let next = format!(
                        "run this at once: sendstate source key add {} --public-key {}; until then what SendGrid posts is \
                         refused, and it repeats that for 24 hours",
                        self.source.name,
                        new.to_base64()
                    );
                    return Err(Refused { failure: failure.next(next), missing });
                }
                Ok(taken) => return Ok(taken),
            }
        }
    }

    async fn test(&mut self) -> Result<Taken, Refused> {
        if self.args.trial.no_test {
            return Ok(skipped("not wanted"));
        }
        if self.args.dry_run {
            return Ok(skipped("would have SendGrid send its test, and wait for it"));
        }
        let (source, client) = (SourceId(self.source.id), self.client().await?);
        let wait = self.args.trial.wait;
        match trial::run(&self.api, &client, source, &self.found()?.webhook, wait).await? {
            Heard::Test(what) => Ok(done(what)),
            Heard::Other(what) => Err(retire::unproven(&self.source.name, &what).into()),
            Heard::NotAwaited => Ok(done("asked for, not waited for")),
            Heard::Nothing => {
                let has_secret_of = self.source.oauth.is_some().then_some(self.source.name.as_str());
                Err(trial::nothing(wait, has_secret_of).into())
            }
        }
    }

    async fn client(&self) -> Result<store::Client, Failure> {
        Ok(self.pool.get().await?)
    }

    fn found(&self) -> Result<&Found, Failure> {
        self.found.as_ref().ok_or_else(|| Failure::failed("no webhook was found"))
    }

    fn print(&self, global: &Global, steps: &Steps) -> Result<(), Failure> {
        let webhook = self.found.as_ref().map(|found| &found.webhook);
        let missing = steps.missing();
        let by_hand = (!missing.is_empty()).then(|| {
            let url = webhook.and_then(|webhook| webhook.url.clone());
            let url = url.unwrap_or_else(|| source::inbound_path(&self.source.path));
            ByHand::new(missing, hand::rotation(&self.source.name, &super::address::shown(&url)))
        });
        let warnings: Vec<String> = self.gap.iter().map(Gap::warning).collect();
        let retiring = |(key, until): &(i32, Timestamp)| Retiring { key: *key, until: output::time(*until) };
        let report = Report {
            source: &self.source.name,
            webhook_id: webhook.map(|webhook| webhook.id.as_str()),
            url: webhook.and_then(|webhook| webhook.url.clone()),
            dry_run: self.args.dry_run,
            steps,
            warnings: &warnings,
            by_hand,
            more: More {
                key_sha256: self.new.as_ref().map(PublicKey::fingerprint),
                unsigned_ms: self.gap.as_ref().and_then(Gap::milliseconds),
                retiring: self.ends.iter().map(retiring).collect(),
            },
        };
        report.print(global)
    }
}
