//! An endpoint as one poll found it: where to send, what is allowed, and the opened secrets.
//!
//! Made anew for every poll's deliveries and kept nowhere else, so that a paused endpoint, a rotated secret and a
//! narrowed network take effect with the next lease. What cannot be read becomes an [`Obstacle`], never a request
//! without a signature; what another process may well be able to open is left to it.

use crate::classify::Obstacle;
use crate::guard::{Networks, Policy};
use store::delivery::Endpoint;
use store::sealed::{self, SealError, SecretKey};
use url::Url;
use wire::webhook::Secret;

/// Where and how to send.
#[derive(Debug)]
pub(crate) struct Destination {
    pub(crate) url: Url,
    pub(crate) policy: Policy,
    /// At least one. The receiver accepts what any of them signed.
    pub(crate) secrets: Vec<Secret>,
}

/// Why there is nowhere to send to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unfit {
    /// Whoever tries: it is an attempt, and a failed one.
    Obstacle(Obstacle),
    /// A secret was sealed with another key than this process has: no attempt, since the others' key may be right.
    OtherKey,
}

impl From<Obstacle> for Unfit {
    fn from(obstacle: Obstacle) -> Self {
        Self::Obstacle(obstacle)
    }
}

impl Destination {
    /// # Errors
    /// Whatever is missing or unreadable. One secret of several that does not open counts too: it may be the one that the
    /// consumer verifies with.
    pub(crate) fn of(endpoint: &Endpoint, key: &SecretKey) -> Result<Self, Unfit> {
        let url = Url::parse(&endpoint.url).map_err(|_| Obstacle::BadEndpoint)?;
        let networks = Networks::parse(&endpoint.allow_networks).map_err(|_| Obstacle::BadEndpoint)?;
        let secrets = endpoint
            .sealed
            .iter()
            .map(|sealed| secret(key, endpoint.id, sealed))
            .collect::<Result<Vec<_>, _>>()?;
        if secrets.is_empty() {
            return Err(Obstacle::NoSecret.into());
        }
        Ok(Self { url, policy: Policy { allow_http: endpoint.allow_http, networks }, secrets })
    }
}

fn secret(key: &SecretKey, endpoint_id: i32, sealed: &[u8]) -> Result<Secret, Unfit> {
    use secrecy::ExposeSecret as _;
    let text = sealed::open(key, endpoint_id, sealed).map_err(|error| match error {
        SealError::OtherKey => Unfit::OtherKey,
        SealError::UnknownVersion | SealError::Damaged => Obstacle::BadSecret.into(),
    })?;
    Ok(Secret::parse(text.expose_secret()).map_err(|_| Obstacle::BadSecret)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::SecretString;

    const KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
    const OTHER_KEY: &str = "Hx4dHBsaGRgXFhUUExIREA8ODQwLCgkIBwYFBAMCAQA=";

    fn key() -> SecretKey {
        SecretKey::parse(KEY).unwrap()
    }

    fn endpoint(secrets: &[&str]) -> Endpoint {
        let sealed =
            secrets.iter().map(|secret| sealed::seal(&key(), 7, &SecretString::from(*secret))).collect();
        Endpoint {
            id: 7,
            url: "https://example.com/hook".to_owned(),
            active: true,
            allow_http: false,
            allow_networks: vec!["10.0.0.0/8".to_owned()],
            sealed,
        }
    }

    fn obstacle(endpoint: &Endpoint) -> Obstacle {
        match Destination::of(endpoint, &key()).unwrap_err() {
            Unfit::Obstacle(obstacle) => obstacle,
            Unfit::OtherKey => panic!("the key is the one that sealed"),
        }
    }

    #[test]
    fn every_unexpired_secret_signs() {
        let texts = [Secret::generate([1; 32]).reveal(), Secret::generate([2; 32]).reveal()];
        let destination = Destination::of(&endpoint(&[&texts[0], &texts[1]]), &key()).unwrap();
        let opened: Vec<_> = destination.secrets.iter().map(Secret::reveal).collect();
        assert_eq!(opened, texts);
    }

    #[test]
    fn nothing_is_sent_without_a_secret_that_opens() {
        let good = Secret::generate([1; 32]).reveal();
        assert_eq!(obstacle(&endpoint(&[])), Obstacle::NoSecret);
        assert_eq!(obstacle(&endpoint(&[&good, "not a secret"])), Obstacle::BadSecret);
        let moved = Endpoint { id: 8, ..endpoint(&[&good]) };
        assert_eq!(obstacle(&moved), Obstacle::BadSecret);
    }

    #[test]
    fn a_secret_that_another_key_sealed_is_no_attempt_and_a_damaged_one_is() {
        let (mut endpoint, other) = (endpoint(&[&Secret::generate([1; 32]).reveal()]), OTHER_KEY);
        let other = SecretKey::parse(other).unwrap();
        assert_eq!(Destination::of(&endpoint, &other).unwrap_err(), Unfit::OtherKey);
        *endpoint.sealed[0].last_mut().unwrap() ^= 1;
        assert_eq!(obstacle(&endpoint), Obstacle::BadSecret);
    }

    #[test]
    fn an_endpoint_that_cannot_be_read_is_an_obstacle_and_no_panic() {
        let good = Secret::generate([1; 32]).reveal();
        for broken in [
            Endpoint { url: "no url".to_owned(), ..endpoint(&[&good]) },
            Endpoint { allow_networks: vec!["10/8".to_owned()], ..endpoint(&[&good]) },
        ] {
            assert_eq!(obstacle(&broken), Obstacle::BadEndpoint);
        }
    }
}
