//! What signs for an endpoint: every secret and key that it has now, so that the receiver can verify with any of them.

use std::fmt;
use wire::webhook::asymmetric::SigningKey;
use wire::webhook::{self, Secret};

/// At least one of either scheme.
#[derive(Debug)]
pub(crate) struct Signers {
    secrets: Vec<Secret>,
    keys: Vec<SigningKey>,
}

/// A text that is no secret of its scheme, or a scheme that this release does not know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NoSigner;

/// There is nothing to sign with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Nobody;

/// One of them.
pub(crate) enum Signer {
    Secret(Secret),
    Key(Box<SigningKey>),
}

impl Signer {
    /// `scheme` is `v1` or `v1a`.
    pub(crate) fn parse(scheme: &str, text: &str) -> Result<Self, NoSigner> {
        match scheme {
            "v1" => Secret::parse(text).map(Self::Secret).map_err(|_| NoSigner),
            "v1a" => SigningKey::parse(text).map(|key| Self::Key(Box::new(key))).map_err(|_| NoSigner),
            _ => Err(NoSigner),
        }
    }
}

impl fmt::Debug for Signer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Signer([redacted])")
    }
}

impl Signers {
    pub(crate) fn new(signers: Vec<Signer>) -> Result<Self, Nobody> {
        let mut all = Self { secrets: Vec::new(), keys: Vec::new() };
        for signer in signers {
            match signer {
                Signer::Secret(secret) => all.secrets.push(secret),
                Signer::Key(key) => all.keys.push(*key),
            }
        }
        if all.secrets.is_empty() && all.keys.is_empty() { Err(Nobody) } else { Ok(all) }
    }

    /// The value of `webhook-signature`, as `wire::webhook` tells.
    pub(crate) fn sign(&self, id: &str, seconds: i64, body: &[u8]) -> String {
        let mut signatures = Vec::with_capacity(1 + self.keys.len());
        if !self.secrets.is_empty() {
            signatures.push(webhook::sign(&self.secrets, id, seconds, body));
        }
        signatures.extend(self.keys.iter().map(|key| key.sign(id, seconds, body)));
        signatures.join(" ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT: i64 = 1_700_000_000;

    fn secret(byte: u8) -> Signer {
        Signer::Secret(Secret::generate([byte; 32]))
    }

    #[test]
    fn a_receiver_that_holds_any_of_the_secrets_or_public_keys_verifies_what_all_have_signed() {
        let key = SigningKey::generate([3; 32]);
        let all = Signers::new(vec![secret(1), Signer::Key(Box::new(key.clone())), secret(2)]).unwrap();
        let header = all.sign("msg_1", AT, b"{}");
        assert_eq!(header.split(' ').count(), 3);
        for byte in [1, 2] {
            let holder = Secret::generate([byte; 32]);
            let verified = webhook::verify(&[holder], "msg_1", &AT.to_string(), &header, b"{}", AT);
            assert_eq!(verified, Ok(()));
        }
        assert_eq!(key.public().verify("msg_1", &AT.to_string(), &header, b"{}", AT), Ok(()));
    }

    #[test]
    fn either_scheme_alone_signs_and_none_does_not() {
        for (signer, prefix) in
            [(secret(1), "v1,"), (Signer::Key(Box::new(SigningKey::generate([3; 32]))), "v1a,")]
        {
            let header = Signers::new(vec![signer]).unwrap().sign("msg_1", AT, b"{}");
            assert!(header.starts_with(prefix) && !header.contains(' '), "{header}");
        }
        assert_eq!(Signers::new(Vec::new()).unwrap_err(), Nobody);
    }

    #[test]
    fn a_secret_is_read_by_its_scheme_only() {
        let (secret, key) = (Secret::generate([1; 32]).reveal(), SigningKey::generate([3; 32]).reveal());
        assert!(Signer::parse("v1", &secret).is_ok() && Signer::parse("v1a", &key).is_ok());
        for (scheme, text) in [("v1", &key), ("v1a", &secret), ("v2", &secret), ("", &key)] {
            assert_eq!(Signer::parse(scheme, text).unwrap_err(), NoSigner, "{scheme}");
        }
    }
}
