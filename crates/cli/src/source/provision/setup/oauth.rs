//! The source's OAuth client, handed to SendGrid: it gets tokens from ingest and sends them along.
//!
//! The secret is known only where it was made, so it travels with the very next change of the webhook and nowhere else. If
//! that change is never made, SendGrid has no secret of ours, and the next run makes a new one. Until then the source asks
//! for tokens that SendGrid cannot get, which a run that fails says.

use super::{Secret, Setup, lost};
use crate::failure::Failure;
use crate::source::oauth::{self, Credentials};
use crate::source::provision::address::shown;
use crate::source::provision::ask::Refused;
use crate::source::provision::steps::{Taken, done, skipped, unchanged};
use sendgrid::webhook::{OAuth, OAuthChange, Webhook};
use std::time::Duration;
use wire::oauth::TOKEN_PATH;

/// What has to be done about a webhook's OAuth settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Need {
    /// The source asks for no token, and SendGrid gets none from here.
    Nothing,
    /// SendGrid has the source's client.
    Unchanged,
    /// It has the client and gets its tokens at another place.
    OtherPlace,
    /// It needs a secret, which nobody else has: a new one.
    Secret,
    /// It would ask for tokens here that it does not get any more.
    Removal,
}

impl Setup<'_> {
    /// Decides what SendGrid is given with the next step, and makes a secret if it needs one.
    pub(super) async fn oauth(&mut self) -> Result<Taken, Refused> {
        let token_url = self.address.beside(TOKEN_PATH);
        let client = self.source.as_ref().and_then(|source| source.oauth.as_ref());
        let client_id = client.map(|client| client.id.clone());
        let asked = self.args.oauth || client_id.is_some();
        let webhook = self.found.as_ref().map(|found| &found.webhook);
        let need = need(webhook, client_id.as_deref(), asked, &token_url);
        match need {
            Need::Nothing => return Ok(skipped("not wanted")),
            Need::Unchanged => {
                self.secret = Secret::FromBefore;
                return Ok(unchanged(format!("SendGrid gets tokens from {token_url}")));
            }
            Need::OtherPlace | Need::Secret if self.args.dry_run => {
                return Ok(skipped(format!("would have SendGrid get tokens from {token_url}")));
            }
            Need::Removal if self.args.dry_run => {
                return Ok(skipped("would have SendGrid get no more tokens from here"));
            }
            Need::OtherPlace | Need::Secret | Need::Removal => {}
        }
        match (need, client_id) {
            (Need::Removal, _) => {
                self.oauth = OAuthChange::Remove;
                Ok(done("SendGrid gets no more tokens from here, which the source does not ask for"))
            }
            (Need::OtherPlace, Some(client_id)) => {
                self.secret = Secret::FromBefore;
                self.oauth = OAuthChange::Set(OAuth { client_id, client_secret: None, token_url });
                Ok(done("SendGrid gets its tokens at this URL from now on, with the secret that it has"))
            }
            _ => {
                let Credentials { client_id, secret } = self.credentials().await?;
                self.secret = Secret::NotHanded;
                let taken = done(format!("SendGrid gets tokens from {token_url}, as client {client_id}"));
                let client_secret = Some(secret.reveal().into());
                self.oauth = OAuthChange::Set(OAuth { client_id, client_secret, token_url });
                Ok(taken)
            }
        }
    }

    /// A secret for SendGrid. One that the source has already is not with this webhook, and ends.
    async fn credentials(&mut self) -> Result<Credentials, Failure> {
        let Some(source) = &self.source else { return Err(lost()) };
        if source.oauth.is_none()
            && let Some(made) = oauth::switch_on(&self.client, source.id).await?
        {
            return Ok(made);
        }
        let (made, _) = oauth::rotate(&mut self.client, source, Duration::ZERO).await?;
        Ok(made)
    }
}

/// What is so if the run ends now.
pub(super) fn not_handed(source: &str) -> String {
    format!(
        "source `{source}` counts on a new OAuth secret that SendGrid has not been given, as far as is known: what it posts is \
         answered 401, and it repeats that for 24 hours. Run this again, or ask for no token: sendstate source oauth {source} off"
    )
}

fn need(webhook: Option<&Webhook>, client_id: Option<&str>, asked: bool, token_url: &str) -> Need {
    let has = webhook.and_then(|webhook| webhook.oauth_client_id.as_deref());
    let from = webhook.and_then(|webhook| webhook.oauth_token_url.as_deref());
    let here = from.is_some_and(|url| shown(url) == token_url);
    match (asked, client_id) {
        (true, Some(id)) if has == Some(id) && here => Need::Unchanged,
        (true, Some(id)) if has == Some(id) => Need::OtherPlace,
        (true, _) => Need::Secret,
        // A server of tokens that is not ours may be the proxy's.
        (false, _) if here => Need::Removal,
        (false, _) => Need::Nothing,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sendgrid::webhook::WebhookId;
    use std::collections::BTreeMap;

    const HERE: &str = "https://a.example/oauth/token";

    fn webhook(client_id: Option<&str>, token_url: Option<&str>) -> Webhook {
        Webhook {
            id: WebhookId::parse("1").unwrap(),
            url: None,
            enabled: None,
            friendly_name: None,
            toggles: BTreeMap::new(),
            public_key: None,
            oauth_client_id: client_id.map(str::to_owned),
            oauth_token_url: token_url.map(str::to_owned),
            created_at: None,
            updated_at: None,
        }
    }

    #[test]
    fn a_secret_is_made_only_where_sendgrid_does_not_have_the_sources_client() {
        let ours = webhook(Some("oaid_x"), Some(HERE));
        let decide = |webhook: &Webhook, client_id, asked| need(Some(webhook), client_id, asked, HERE);
        assert_eq!(decide(&ours, Some("oaid_x"), true), Need::Unchanged);
        assert_eq!(decide(&ours, Some("oaid_y"), true), Need::Secret);
        assert_eq!(decide(&ours, None, true), Need::Secret);
        assert_eq!(decide(&webhook(None, None), Some("oaid_x"), true), Need::Secret);
        let moved = webhook(Some("oaid_x"), Some("https://b.example/oauth/token"));
        assert_eq!(decide(&moved, Some("oaid_x"), true), Need::OtherPlace);
        assert_eq!(need(None, None, true, HERE), Need::Secret);
    }

    #[test]
    fn tokens_that_nobody_asks_for_are_taken_out_only_if_they_are_ours() {
        assert_eq!(need(Some(&webhook(Some("oaid_x"), Some(HERE))), None, false, HERE), Need::Removal);
        let proxy = webhook(Some("x"), Some("https://proxy.example/token"));
        assert_eq!(need(Some(&proxy), None, false, HERE), Need::Nothing);
        assert_eq!(need(Some(&webhook(None, None)), None, false, HERE), Need::Nothing);
    }
}
