//! Opens the secrets of endpoints, and keeps away from those that another key sealed.
//!
//! This process may be the one of several that was given a wrong key. It must not spend the attempts that the others
//! would have delivered with, so it leases nothing of such an endpoint any more, is not ready, and goes on with the
//! others. Every look reads those endpoints again: sealed anew, paused or removed, they no longer stand in the way.

use crate::classify::Obstacle;
use crate::endpoint::{Destination, Unfit};
use service::health::Condition;
use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use store::delivery::Endpoint;
use store::sealed::SecretKey;

/// Holder of the key.
#[derive(Debug)]
pub(crate) struct Unsealer {
    key: SecretKey,
    /// Met while every endpoint that was met opens.
    condition: Condition,
    /// Endpoints with a secret that another key sealed.
    foreign: Mutex<BTreeSet<i32>>,
}

impl Unsealer {
    pub(crate) fn new(key: SecretKey, condition: Condition) -> Self {
        condition.met();
        Self { key, condition, foreign: Mutex::default() }
    }

    /// The endpoints that are left to others.
    pub(crate) fn foreign(&self) -> Vec<i32> {
        self.lock().iter().copied().collect()
    }

    /// Where the active ones of `endpoints` want to be told; those that are left to others are missing, too.
    pub(crate) fn destinations(
        &self,
        endpoints: &[Endpoint],
    ) -> HashMap<i32, Result<Arc<Destination>, Obstacle>> {
        let mut destinations = HashMap::with_capacity(endpoints.len());
        for endpoint in endpoints.iter().filter(|endpoint| endpoint.active) {
            let destination = match Destination::of(endpoint, &self.key) {
                Ok(destination) => Ok(Arc::new(destination)),
                Err(Unfit::Obstacle(obstacle)) => Err(obstacle),
                Err(Unfit::OtherKey) => {
                    self.leave(endpoint.id);
                    continue;
                }
            };
            destinations.insert(endpoint.id, destination);
        }
        destinations
    }

    /// Takes back what need not be left to others any more. `found`: all of [`Self::foreign`] that still exist.
    pub(crate) fn reconsider(&self, found: &[Endpoint]) {
        let other_key = |endpoint: &&Endpoint| {
            endpoint.active && matches!(Destination::of(endpoint, &self.key), Err(Unfit::OtherKey))
        };
        let still: BTreeSet<i32> = found.iter().filter(other_key).map(|endpoint| endpoint.id).collect();
        if still.is_empty() {
            self.condition.met();
        }
        *self.lock() = still;
    }

    fn leave(&self, endpoint: i32) {
        if self.lock().insert(endpoint) {
            tracing::error!(
                endpoint,
                "its secret was sealed with another key, leaving it to other dispatchers"
            );
        }
        self.condition.unmet("a secret was sealed with another key than SENDSTATE_SECRET_KEY");
    }

    /// A set is whole after every statement.
    fn lock(&self) -> MutexGuard<'_, BTreeSet<i32>> {
        self.foreign.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::SecretString;
    use service::health::Health;
    use store::sealed;
    use wire::webhook::Secret;

    const OURS: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
    const THEIRS: &str = "Hx4dHBsaGRgXFhUUExIREA8ODQwLCgkIBwYFBAMCAQA=";

    fn key(text: &str) -> SecretKey {
        SecretKey::parse(text).unwrap()
    }

    fn endpoint(id: i32, sealed_with: &str) -> Endpoint {
        let secret = SecretString::from(Secret::generate([1; 32]).reveal());
        Endpoint {
            id,
            url: "https://example.com/hook".to_owned(),
            active: true,
            allow_http: false,
            allow_networks: Vec::new(),
            sealed: vec![sealed::seal(&key(sealed_with), id, &secret)],
        }
    }

    #[test]
    fn an_endpoint_that_another_key_sealed_is_left_to_others_until_it_need_not_be() {
        let foreign = endpoint(2, THEIRS);
        let remedies = [
            vec![endpoint(2, OURS)],
            vec![Endpoint { active: false, ..foreign.clone() }],
            vec![Endpoint { sealed: Vec::new(), ..foreign.clone() }],
            Vec::new(),
        ];
        for remedy in remedies {
            let health = Health::new();
            let unsealer = Unsealer::new(key(OURS), health.condition("secret_key"));
            assert!(health.report().ready);

            let destinations = unsealer.destinations(&[endpoint(1, OURS), foreign.clone()]);
            assert_eq!(destinations.into_keys().collect::<Vec<_>>(), [1]);
            assert_eq!(unsealer.foreign(), [2]);
            assert!(!health.report().ready);

            unsealer.reconsider(std::slice::from_ref(&foreign));
            assert_eq!(unsealer.foreign(), [2]);
            assert!(!health.report().ready);

            unsealer.reconsider(&remedy);
            assert_eq!(unsealer.foreign(), [0; 0]);
            assert!(health.report().ready);
        }
    }

    #[test]
    fn an_obstacle_that_any_process_would_meet_leaves_the_process_ready() {
        let health = Health::new();
        let unsealer = Unsealer::new(key(OURS), health.condition("secret_key"));
        let without = Endpoint { sealed: Vec::new(), ..endpoint(1, OURS) };
        let destinations = unsealer.destinations(&[without]);
        assert_eq!(destinations[&1].as_ref().unwrap_err(), &Obstacle::NoSecret);
        assert!(health.report().ready && unsealer.foreign().is_empty());
    }
}
