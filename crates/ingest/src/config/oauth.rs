//! Settings of OAuth: the key behind the tokens, and how long one lasts.

use super::seconds;
use secrecy::{ExposeSecret as _, SecretString};
use service::config::{Reader, Setting};
use std::sync::Arc;
use std::time::Duration;
use store::sealed::SecretKey;
use wire::oauth::{LIFETIME_MAX, TokenKey, TokenRing};

pub(super) const OAUTH_KEY: Setting = Setting {
    name: "SENDSTATE_OAUTH_KEY",
    default: None,
    secret: true,
    help: "Only needed if a source asks for OAuth tokens: 32 random bytes in base64 (openssl rand -base64 32), the same for \
           every ingest, with which tokens are made and checked. Not SENDSTATE_SECRET_KEY, which ingest has no business \
           with. Without it such a source is refused, and ingest is not ready.",
};

pub(super) const OAUTH_KEY_PREVIOUS: Setting = Setting {
    name: "SENDSTATE_OAUTH_KEY_PREVIOUS",
    default: None,
    secret: true,
    help: "While SENDSTATE_OAUTH_KEY is replaced: the other of the two keys, whose tokens are accepted, too.",
};

pub(super) const TOKEN_LIFETIME: Setting = Setting {
    name: "SENDSTATE_INGEST_TOKEN_LIFETIME",
    default: Some("1h"),
    secret: false,
    help: "How long an OAuth token lasts, an hour at most. A stolen token is good for so long, and SendGrid has to ask for \
           another one so often.",
};

/// Whoever sets this key and SENDSTATE_SECRET_KEY to the same text still has two keys that tell nothing of each other.
const PURPOSE: &str = "sendstate oauth token key";

/// How tokens are made.
#[derive(Clone, Debug)]
pub struct Oauth {
    /// Absent without a key.
    pub ring: Option<Arc<TokenRing>>,
    pub lifetime: Duration,
}

impl Oauth {
    /// Reads them; mistakes stay with the reader.
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        let current = reader.optional_secret(&OAUTH_KEY);
        let previous = reader.optional_secret(&OAUTH_KEY_PREVIOUS);
        if current.is_none() && previous.is_some() {
            let remedy = "set it, or take the previous key away";
            reader.mistake(&OAUTH_KEY, format!("is not set, and {} is", OAUTH_KEY_PREVIOUS.name), remedy);
        }
        let current = current.and_then(|text| key(reader, &OAUTH_KEY, &text));
        let previous = previous.and_then(|text| key(reader, &OAUTH_KEY_PREVIOUS, &text));
        Self {
            ring: current.map(|current| Arc::new(TokenRing::new(current, previous))),
            lifetime: reader.duration(&TOKEN_LIFETIME, seconds(60)..=LIFETIME_MAX),
        }
    }
}

fn key(reader: &mut Reader<'_>, setting: &Setting, text: &SecretString) -> Option<TokenKey> {
    SecretKey::parse(text.expose_secret())
        .map(|key| TokenKey::new(key.derive(PURPOSE)))
        .map_err(|error| {
            reader.mistake(
                setting,
                error.to_string(),
                "use the key of the other ingests, or make one: openssl rand -base64 32",
            )
        })
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::SourceId;
    use jiff::Timestamp;
    use std::collections::BTreeMap;
    use wire::oauth::{SecretHash, Secrets, TokenError};

    const OLD: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
    const NEW: &str = "Hx4dHBsaGRgXFhUUExIREA8ODQwLCgkIBwYFBAMCAQA=";

    fn read(environment: &[(&str, &str)]) -> Result<Oauth, String> {
        let environment: BTreeMap<&str, &str> = environment.iter().copied().collect();
        let mut reader = Reader::new(&environment);
        let oauth = Oauth::read(&mut reader);
        reader.finish(oauth).map_err(|mistakes| mistakes.to_string())
    }

    #[test]
    fn nothing_is_needed_and_then_there_is_no_key() {
        let oauth = read(&[]).unwrap();
        assert!(oauth.ring.is_none());
        assert_eq!(oauth.lifetime, Duration::from_secs(3_600));
    }

    #[test]
    fn while_the_key_is_replaced_tokens_of_both_are_accepted_and_new_ones_are_the_new_key_s() {
        let before = read(&[("SENDSTATE_OAUTH_KEY", OLD)]).unwrap().ring.unwrap();
        let meanwhile = [("SENDSTATE_OAUTH_KEY", NEW), ("SENDSTATE_OAUTH_KEY_PREVIOUS", OLD)];
        let meanwhile = read(&meanwhile).unwrap().ring.unwrap();
        let after = read(&[("SENDSTATE_OAUTH_KEY", NEW)]).unwrap().ring.unwrap();
        let secrets = Secrets { current: SecretHash::of(b"x"), old: None };
        let now = Timestamp::from_second(1_700_000_000).unwrap();
        let made = |ring: &TokenRing| ring.issue(SourceId(1), &secrets.current, now, LIFETIME_MAX);
        let taken = |ring: &TokenRing, token: &str| {
            ring.check(SourceId(1), &secrets, token.as_bytes(), now).map(drop)
        };
        let (old, new) = (made(&before), made(&meanwhile));
        assert_eq!((taken(&meanwhile, &old), taken(&meanwhile, &new)), (Ok(()), Ok(())));
        assert_eq!((taken(&after, &old), taken(&after, &new)), (Err(TokenError::Unknown), Ok(())));
    }

    #[test]
    fn a_key_that_is_none_or_alone_in_the_wrong_place_is_a_mistake_that_shows_nothing() {
        for (environment, named) in [
            (&[("SENDSTATE_OAUTH_KEY", "c2hvcnQ=")][..], "SENDSTATE_OAUTH_KEY: "),
            (&[("SENDSTATE_OAUTH_KEY_PREVIOUS", OLD)], "SENDSTATE_OAUTH_KEY: "),
            (
                &[("SENDSTATE_OAUTH_KEY", NEW), ("SENDSTATE_OAUTH_KEY_PREVIOUS", "c2hvcnQ=")],
                "SENDSTATE_OAUTH_KEY_PREVIOUS: ",
            ),
            (&[("SENDSTATE_INGEST_TOKEN_LIFETIME", "2h")], "SENDSTATE_INGEST_TOKEN_LIFETIME: "),
        ] {
            let mistakes = read(environment).unwrap_err();
            assert!(mistakes.contains(named), "{mistakes}");
            assert!(!mistakes.contains("c2hvcnQ="), "{mistakes}");
        }
    }
}
