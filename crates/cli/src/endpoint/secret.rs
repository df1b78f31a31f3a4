//! Secrets that an endpoint is to be given: made here, or brought along. Only what a consumer needs is ever shown.

use crate::args::{SchemeArg, SignArg};
use crate::database;
use crate::failure::Failure;
use crate::settings::Global;
use secrecy::{ExposeSecret as _, SecretString};
use service::config::secret_file;
use std::path::Path;
use store::sealed::{self, SecretKey};
use wire::webhook::Secret;
use wire::webhook::asymmetric::SigningKey;

/// A secret that no endpoint has yet.
#[derive(Debug)]
pub(crate) enum Fresh {
    /// Shared with the consumer.
    Made(Secret),
    /// Shared already: not shown again.
    Brought(Secret),
    /// Of a key pair.
    Private(Box<SigningKey>),
}

impl Fresh {
    pub(crate) const fn scheme(&self) -> &'static str {
        match self {
            Self::Made(_) | Self::Brought(_) => "v1",
            Self::Private(_) => "v1a",
        }
    }

    pub(super) fn sealed(&self, key: &SecretKey, endpoint_id: i32) -> Vec<u8> {
        let text = match self {
            Self::Made(secret) | Self::Brought(secret) => secret.reveal(),
            Self::Private(private) => private.reveal(),
        };
        sealed::seal(key, endpoint_id, &SecretString::from(text))
    }

    /// The secret itself, if the consumer has to be given it.
    pub(super) fn shown_secret(&self) -> Option<String> {
        match self {
            Self::Made(secret) => Some(secret.reveal()),
            Self::Brought(_) | Self::Private(_) => None,
        }
    }

    /// What a consumer verifies with instead of a secret.
    pub(super) fn public_key(&self) -> Option<String> {
        match self {
            Self::Private(private) => Some(private.public().to_string()),
            Self::Made(_) | Self::Brought(_) => None,
        }
    }
}

/// The key that dispatchers will open with, as far as can be told: the one that the secrets there are were sealed with, or
/// the one that replaces it.
pub(super) async fn key(global: &Global, client: &store::Client) -> Result<SecretKey, Failure> {
    let key = global.secret_key()?;
    let previous = global.secret_key_previous()?;
    let keys: Vec<Vec<u8>> =
        [Some(&key), previous.as_ref()].into_iter().flatten().map(|key| key.id().to_vec()).collect();
    if store::reseal::has_other_keys(client, &keys, database::now()).await? {
        return Err(Failure::configuration("SENDSTATE_SECRET_KEY is not the key that the secrets of other endpoints are sealed with")
            .next("use the dispatchers' key; while it is being replaced, set SENDSTATE_SECRET_KEY_PREVIOUS to the old one"));
    }
    Ok(key)
}

/// The secrets of a new endpoint.
pub(super) fn first(given: Option<&SecretString>, sign: SignArg) -> Result<Vec<Fresh>, Failure> {
    let mut secrets = vec![next(given, SchemeArg::V1)?];
    if sign == SignArg::Both {
        secrets.push(next(None, SchemeArg::V1a)?);
    }
    Ok(secrets)
}

/// A secret of a scheme: the one given, or a new one.
pub(super) fn next(given: Option<&SecretString>, scheme: SchemeArg) -> Result<Fresh, Failure> {
    let Some(given) = given else {
        return Ok(match scheme {
            SchemeArg::V1 => Fresh::Made(Secret::generate(rand::random())),
            SchemeArg::V1a => Fresh::Private(Box::new(SigningKey::generate(rand::random()))),
        });
    };
    let text = read(given)?;
    let refused = |why: &dyn std::fmt::Display| Failure::usage(format!("--secret cannot be used: {why}"));
    match scheme {
        SchemeArg::V1 => Secret::parse(text.expose_secret()).map(Fresh::Brought).map_err(|why| {
            refused(&why)
                .next("give whsec_ and base64 of 24 to 64 random bytes, or leave it out to have one made")
        }),
        SchemeArg::V1a => {
            SigningKey::parse(text.expose_secret()).map(|key| Fresh::Private(Box::new(key))).map_err(|why| {
                refused(&why).next(
                    "give whsk_ and base64 of an Ed25519 key's 32 bytes, or leave it out to have one made",
                )
            })
        }
    }
}

/// The text itself, or that of the file it names.
fn read(given: &SecretString) -> Result<SecretString, Failure> {
    let Some(path) = given.expose_secret().strip_prefix('@') else { return Ok(given.clone()) };
    secret_file::read(Path::new(path)).map_err(|error| {
        Failure::usage(format!("--secret cannot be used: {path} {error}"))
            .next("name a readable file that holds it")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_has_a_shared_secret_and_a_key_pair_if_it_is_asked_for() {
        let schemes = |sign| first(None, sign).unwrap().iter().map(Fresh::scheme).collect::<Vec<_>>();
        assert_eq!(schemes(SignArg::V1), ["v1"]);
        assert_eq!(schemes(SignArg::Both), ["v1", "v1a"]);
    }

    #[test]
    fn what_the_consumer_needs_is_shown_and_nothing_else() {
        let made = next(None, SchemeArg::V1).unwrap();
        assert!(made.shown_secret().unwrap().starts_with("whsec_") && made.public_key().is_none());
        let pair = next(None, SchemeArg::V1a).unwrap();
        assert!(pair.public_key().unwrap().starts_with("whpk_") && pair.shown_secret().is_none());
        let brought = SecretString::from(made.shown_secret().unwrap());
        let brought = next(Some(&brought), SchemeArg::V1).unwrap();
        assert!(brought.shown_secret().is_none() && brought.public_key().is_none());
    }

    #[test]
    fn a_secret_is_read_from_its_file_and_opens_as_it_was() {
        let made = Secret::generate([7; 32]).reveal();
        let path = std::env::temp_dir().join(format!("sendstate-secret-{}", std::process::id()));
        std::fs::write(&path, format!("{made}\n")).unwrap();
        let given = SecretString::from(format!("@{}", path.display()));
        let brought = next(Some(&given), SchemeArg::V1);
        std::fs::remove_file(&path).unwrap();
        let key = SecretKey::parse("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=").unwrap();
        let opened = sealed::open(&key, 3, &brought.unwrap().sealed(&key, 3)).unwrap();
        assert_eq!(opened.expose_secret(), made);
    }

    #[test]
    fn a_wrong_secret_is_refused_without_being_repeated() {
        for (text, scheme) in [
            ("whsec_aGlkZGVu", SchemeArg::V1),
            ("whsk_aGlkZGVu", SchemeArg::V1a),
            ("hidden", SchemeArg::V1),
            ("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", SchemeArg::V1a),
        ] {
            let failure = next(Some(&SecretString::from(text)), scheme).unwrap_err();
            assert_eq!(failure.code, 2, "{failure}");
            assert!(!failure.to_string().contains(text.trim_start_matches("whsec_")), "{failure}");
        }
        let failure = next(Some(&SecretString::from("@/nowhere/secret")), SchemeArg::V1).unwrap_err();
        assert!(failure.to_string().contains("/nowhere/secret"), "{failure}");
    }
}
