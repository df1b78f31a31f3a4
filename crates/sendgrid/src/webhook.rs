//! Event Webhook settings (tsg_webhooks_v3): list, create, change, delete, sign, test.
//!
//! An account has several webhooks, no two with the same URL. Every request here names the webhook: without an id SendGrid
//! would take the account's oldest one. Signing is a setting apart; switching it off and on again makes a new key pair, so
//! there is a gap between the two in which nothing is signed. What a client secret is, SendGrid never tells again.

mod id;
mod read;
mod toggle;
mod write;

pub use id::WebhookId;
pub use toggle::Toggle;
pub(crate) use write::OAUTH_SECRET;
pub use write::{OAuth, OAuthChange, Test, WebhookSettings};

use crate::client::{Call, Client};
use crate::error::Error;
use jiff::Timestamp;
use std::collections::BTreeMap;

/// A webhook as SendGrid has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Webhook {
    pub id: WebhookId,
    /// Where it posts to; `None` when SendGrid did not say.
    pub url: Option<String>,
    /// Whether it posts at all.
    pub enabled: Option<bool>,
    pub friendly_name: Option<String>,
    /// Those that SendGrid told of.
    pub toggles: BTreeMap<Toggle, bool>,
    /// Only told by some endpoints; [`Client::signing`] knows for certain.
    pub public_key: Option<String>,
    pub oauth_client_id: Option<String>,
    pub oauth_token_url: Option<String>,
    /// `None` for the account's legacy webhook.
    pub created_at: Option<Timestamp>,
    pub updated_at: Option<Timestamp>,
}

/// All webhooks of an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Webhooks {
    pub webhooks: Vec<Webhook>,
    /// How many the account's plan allows, if SendGrid said.
    pub max_allowed: Option<u64>,
    /// URLs of webhooks that came without an id and so cannot be touched.
    pub without_id: Vec<String>,
}

impl Webhooks {
    /// The webhook with exactly this URL; SendGrid allows no second one.
    #[must_use]
    pub fn at(&self, url: &str) -> Option<&Webhook> {
        self.webhooks.iter().find(|webhook| webhook.url.as_deref() == Some(url))
    }
}

/// Whether a webhook signs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Signing {
    Off,
    /// With the private half of this key: base64 of a SubjectPublicKeyInfo, as SendGrid gives it.
    On {
        public_key: String,
    },
}

/// What signing is to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SigningSwitch {
    Off,
    On,
}

const SETTINGS: [&str; 5] = ["v3", "user", "webhooks", "event", "settings"];
/// Without it, answers leave `account_status_change` out.
const INCLUDE: (&str, &str) = ("include", "account_status_change");

fn settings<'a>(rest: &[&'a str]) -> Vec<&'a str> {
    [&SETTINGS[..], rest].concat()
}

impl Client {
    /// Every webhook of the account.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn webhooks(&self) -> Result<Webhooks, Error> {
        let answer = self.call(Call::get(&settings(&["all"])).query(INCLUDE.0, INCLUDE.1)).await?;
        read::webhooks(&answer.json()?).ok_or_else(|| answer.unreadable("it has no list `webhooks`"))
    }

    /// One webhook.
    ///
    /// # Errors
    /// See [`Error`]; [`Error::NotFound`] when there is none with this id.
    pub async fn webhook(&self, id: &WebhookId) -> Result<Webhook, Error> {
        let answer = self.call(Call::get(&settings(&[id.as_str()])).query(INCLUDE.0, INCLUDE.1)).await?;
        read::webhook_of(&answer.json()?, Some(id)).ok_or_else(|| answer.unreadable("it is no webhook"))
    }

    /// Makes one, unsigned.
    ///
    /// # Errors
    /// See [`Error`]; [`Error::AlreadyExists`] names the webhook that has this URL, and [`Error::PlanLimit`] says that the
    /// account may have no more.
    pub async fn create_webhook(&self, wanted: &WebhookSettings) -> Result<Webhook, Error> {
        let answer = self.call(Call::post(&settings(&[])).body(wanted.body())).await?;
        read::webhook_of(&answer.json()?, None)
            .ok_or_else(|| answer.unreadable("it is no webhook with an id"))
    }

    /// Changes what `wanted` names, and returns what came of it.
    ///
    /// # Errors
    /// See [`Error`]; [`Error::PlanLimit`] when the account's plan forbids changing this webhook.
    pub async fn update_webhook(&self, id: &WebhookId, wanted: &WebhookSettings) -> Result<Webhook, Error> {
        let call = Call::patch(&settings(&[id.as_str()])).query(INCLUDE.0, INCLUDE.1).body(wanted.body());
        let answer = self.call(call).await?;
        read::webhook_of(&answer.json()?, Some(id)).ok_or_else(|| answer.unreadable("it is no webhook"))
    }

    /// # Errors
    /// See [`Error`]; [`Error::NotFound`] when there is none with this id.
    pub async fn delete_webhook(&self, id: &WebhookId) -> Result<(), Error> {
        self.call(Call::delete(&settings(&[id.as_str()]))).await.map(drop)
    }

    /// Whether a webhook signs, and with which key.
    ///
    /// # Errors
    /// See [`Error`]; [`Error::NotFound`] when there is no such webhook.
    pub async fn signing(&self, id: &WebhookId) -> Result<Signing, Error> {
        let answer = self.call(Call::get(&settings(&["signed", id.as_str()]))).await?;
        read::signing(&answer.json()?).ok_or_else(|| answer.unreadable("it is no object"))
    }

    /// Switches signing. From off to on SendGrid makes a new key pair; what is on already stays with its key.
    ///
    /// # Errors
    /// See [`Error`]; [`Error::Unreadable`] also when the answer contradicts what was asked for.
    pub async fn set_signing(&self, id: &WebhookId, switch: SigningSwitch) -> Result<Signing, Error> {
        let body = write::signing(switch);
        let answer = self.call(Call::patch(&settings(&["signed", id.as_str()])).body(body)).await?;
        let signing = read::signing(&answer.json()?).ok_or_else(|| answer.unreadable("it is no object"))?;
        match (switch, &signing) {
            (SigningSwitch::On, Signing::Off) => {
                Err(answer.unreadable("signing was switched on and it has no public key"))
            }
            // A key that is shown nevertheless signs nothing any more.
            (SigningSwitch::Off, _) => Ok(Signing::Off),
            (SigningSwitch::On, Signing::On { .. }) => Ok(signing),
        }
    }

    /// Has SendGrid post its made-up events, signed by the webhook's key when signing is on. Returns when SendGrid has
    /// taken the order, not when they have arrived.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn test_webhook(&self, test: &Test) -> Result<(), Error> {
        let call = Call::post(&["v3", "user", "webhooks", "event", "test"]).body(test.body());
        self.call(call).await.map(drop)
    }
}
