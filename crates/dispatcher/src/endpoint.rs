//! An endpoint as one poll found it: where to send, what is allowed, and the opened secrets.
//!
//! Made anew for every poll's deliveries and kept nowhere else, so that a paused endpoint, a rotated secret and a
//! narrowed network take effect with the next lease. What cannot be read becomes an [`Obstacle`], never a request
//! without a signature.

use crate::classify::Obstacle;
use crate::guard::{Networks, Policy};
use store::delivery::Endpoint;
use store::sealed::{self, SecretKey};
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

impl Destination {
    /// # Errors
    /// Whatever is missing or unreadable. One secret of several that does not open counts too: it may be the one that the
    /// consumer verifies with.
    pub(crate) fn of(endpoint: &Endpoint, key: &SecretKey) -> Result<Self, Obstacle> {
        let url = Url::parse(&endpoint.url).map_err(|_| Obstacle::BadEndpoint)?;
        let networks = Networks::parse(&endpoint.allow_networks).map_err(|_| Obstacle::BadEndpoint)?;
        let secrets = endpoint
            .sealed
            .iter()
            .map(|sealed| secret(key, endpoint.id, sealed))
            .collect::<Result<Vec<_>, _>>()?;
        if secrets.is_empty() {
            return Err(Obstacle::NoSecret);
        }
        Ok(Self { url, policy: Policy { allow_http: endpoint.allow_http, networks }, secrets })
    }
}

fn secret(key: &SecretKey, endpoint_id: i32, sealed: &[u8]) -> Result<Secret, Obstacle> {
    use secrecy::ExposeSecret as _;
    let text = sealed::open(key, endpoint_id, sealed).map_err(|_| Obstacle::BadSecret)?;
    Secret::parse(text.expose_secret()).map_err(|_| Obstacle::BadSecret)
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::SecretString;

    const KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

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
        Destination::of(endpoint, &key()).unwrap_err()
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
